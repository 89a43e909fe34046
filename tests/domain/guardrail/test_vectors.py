"""The semantics of `v1` never change: cases and outcomes in a file whose digest is known."""

import json
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from domain.guardrail.document import Guardrail
from domain.guardrail.evaluate import evaluate, trace_digest
from domain.values import FactValue

PATH = Path(__file__).parents[2] / "samples" / "guardrail_vectors.json"
DIGEST = "384aaa25aee73908015e8fdeb4924c18f04273ba11345692b2fa9acc7fa51fa2"
FILE: Any = json.loads(PATH.read_text("utf-8"))


def fact(written: Any) -> FactValue:
    """A fact as the file writes it: numbers are tagged, tags are a list."""
    match written:
        case {"number": digits}:
            return Decimal(str(digits))
        case list():
            return frozenset(str(word) for word in written)
        case bool() | str():
            return written
        case _:
            raise TypeError(written)


def test_the_file_of_vectors_is_the_one_that_was_agreed() -> None:
    assert sha256(PATH.read_bytes()).hexdigest() == DIGEST
    assert len(FILE["cases"]) >= 40


@pytest.mark.parametrize("name", sorted(FILE["guardrails"]))
def test_a_stored_policy_keeps_its_digest(name: str) -> None:
    stored = FILE["guardrails"][name]
    assert Guardrail.model_validate(stored["guardrail"]).digest == stored["digest"]


@pytest.mark.parametrize("case", FILE["cases"], ids=lambda case: str(case["name"]))
def test_a_case_is_decided_as_it_always_was(case: Any) -> None:
    guardrail = Guardrail.model_validate(FILE["guardrails"][case["guardrail"]]["guardrail"])
    facts = {name: fact(written) for name, written in case["facts"].items()}
    verdict = evaluate(guardrail, facts)
    assert verdict.lane == case["lane"]
    assert verdict.deciding == case["deciding"]
    assert [part.reason for part in verdict.contributions] == case["reasons"]
    assert list(verdict.missing) == case["missing"]
    assert verdict.four_eyes is case["four_eyes"]
    assert trace_digest(guardrail, facts) == case["trace_digest"]
