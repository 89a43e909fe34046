"""What `v1` says never changes either: whole verdicts, sentences and traces, from before compiling."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import reference
from test_vectors import fact

from domain.guardrail.document import Guardrail
from domain.guardrail.evaluate import Compiled, evaluate, evaluate_traced, within_limits_text
from domain.values import FactValue, Lane

PATH = Path(__file__).parents[2] / "samples" / "guardrail_sentences.json"
DIGEST = "ac9d9be7e87a5a87123d80b15fae991b79ac9ca6fb10db903b1b7e0250173bb3"
FILE: Any = json.loads(PATH.read_text("utf-8"))
GUARDRAIL = Guardrail.model_validate(FILE["guardrail"])


def test_the_file_of_sentences_is_the_one_that_was_agreed() -> None:
    assert sha256(PATH.read_bytes()).hexdigest() == DIGEST
    assert {case["lane"] for case in FILE["cases"]} == set(Lane)


@pytest.mark.parametrize("case", FILE["cases"])
def test_a_verdict_reads_as_it_always_did(case: Any) -> None:
    facts: dict[str, FactValue] = {name: fact(written) for name, written in case["facts"].items()}
    verdict, digest = evaluate_traced(GUARDRAIL, facts)
    assert verdict == evaluate(GUARDRAIL, facts) == reference.verdict(GUARDRAIL, facts)
    assert Compiled(GUARDRAIL).lane(facts) == verdict.lane == case["lane"]
    assert digest == reference.trace_digest(GUARDRAIL, facts) == case["trace_digest"]
    assert [*verdict[:2], verdict.queue, seconds(verdict.sla), verdict.four_eyes] == [
        case[name] for name in ("lane", "deciding", "queue", "sla", "four_eyes")
    ]
    assert list(verdict.missing) == case["missing"]
    assert [
        [*part[:7], seconds(part.sla), part.four_eyes] for part in verdict.contributions
    ] == case["contributions"]
    if verdict.lane is Lane.AUTOMATE:
        assert within_limits_text(GUARDRAIL, facts) == case["within_limits"]


def seconds(sla: Any) -> int | None:
    return None if sla is None else int(sla.total_seconds())
