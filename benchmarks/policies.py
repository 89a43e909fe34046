"""What a decision costs by a written policy: `uv run --group bench python -m benchmarks.policies`.

One thread, one process, one policy of 3 limits and 15 rules, the same cases for everyone. Before
anything is timed, everyone must have answered every case alike; what becomes of cases with a fact
missing, for which other engines have no word, is counted beside it. Figures are medians over
interleaved rounds, in process CPU time, with wall time beside it.
"""

import argparse
import gc
import json
import os
import platform
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from adapters.authoring import parse_guardrail
from benchmarks.peers.engines import Engine, engines
from domain.guardrail.document import Guardrail
from domain.guardrail.evaluate import compiled, evaluate, evaluate_traced, trace, within_limits_text
from domain.guardrail.facts import (
    BUILT_IN,
    Choice,
    Code,
    Facts,
    FactType,
    Level,
    Number,
    Tags,
    YesNo,
)
from domain.values import FactValue, Lane

OUT = Path(__file__).parents[1] / "docs" / "benchmarks" / "policies.json"
SHARE = Number(min=Decimal(0), max=Decimal(1), decimals=2)
FACTS: dict[str, FactType] = {
    **BUILT_IN,
    "amount": Number(min=Decimal(0), decimals=2, unit="EUR"),
    "tier": Choice(values=("basic", "silver", "gold", "platinum")),
    "fraud_score": SHARE,
    "topics": Tags(),
    "vip": YesNo(),
    "severity": Level(values=("low", "medium", "high", "top")),
    "country": Code(),
    "account_age": Number(min=Decimal(0), decimals=0, unit="days"),
    "refunds": Number(min=Decimal(0), decimals=0),
}
PACKAGES = ("remit", "zen-engine", "cedarpy", "common-expression-language", "cel-expr-python")
OUTCOME, RECORDED, FULL = "the outcome", "with what is recorded", "with the full trace"
BARS = {OUTCOME: 5.0, RECORDED: 15.0, FULL: 60.0}
"""Microseconds a decision, at most."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is measured, and its cases in the form it takes them."""

    ask: Callable[[Any], object]
    cases: list[Any]


def policy() -> Guardrail:
    """The policy that everyone runs."""
    text = Path(__file__).with_name("policy.yaml").read_text("utf-8")
    return parse_guardrail(text, FACTS)


def case(random: Random) -> dict[str, FactValue]:
    """A support case, all facts known; in some, one fact or two are out of the ordinary."""
    usual: dict[str, FactValue] = {
        "confidence": Decimal(random.randrange(90, 100)) / 100,
        "risk": Decimal(random.randrange(0, 20)) / 100,
        "action": random.choice(("refund", "replace", "reply_only")),
        "amount": Decimal(random.randrange(100, 10_000)) / 100,
        "tier": random.choice(("basic", "silver", "gold", "platinum")),
        "fraud_score": Decimal(random.randrange(0, 50)) / 100,
        "topics": frozenset(random.sample(("billing", "delivery", "login"), random.randrange(3))),
        "vip": False,
        "severity": random.choice(("low", "low", "medium")),
        "country": random.choice(("DE", "AT", "CH")),
        "account_age": Decimal(random.randrange(30, 3000)),
        "refunds": Decimal(random.randrange(0, 3)),
    }
    odd: dict[str, FactValue] = {
        "confidence": Decimal(random.randrange(55, 90)) / 100,
        "risk": Decimal(random.randrange(20, 40)) / 100,
        "action": "close_account",
        "amount": Decimal(random.randrange(15_000, 120_000)) / 100,
        "fraud_score": Decimal(random.randrange(50, 95)) / 100,
        "topics": frozenset(("billing", random.choice(("legal", "press")))),
        "vip": True,
        "severity": "high",
        "country": "FR",
        "account_age": Decimal(random.randrange(5, 30)),
        "refunds": Decimal(5),
    }
    chosen = random.sample(sorted(odd), random.choice((0, 1, 1, 2)))
    return usual | {name: odd[name] for name in chosen}


def ours(guardrail: Guardrail) -> Mapping[str, Callable[[Facts], object]]:
    """The service's own evaluator, at each depth it is used."""

    def recorded(facts: Facts) -> Lane:
        verdict, _ = evaluate_traced(guardrail, facts)
        if verdict.lane is Lane.AUTOMATE:
            within_limits_text(guardrail, facts)
        return verdict.lane

    def full(facts: Facts) -> Lane:
        trace(guardrail, facts)
        return recorded(facts)

    return {OUTCOME: compiled(guardrail).lane, RECORDED: recorded, FULL: full}


def differing(
    engine: Engine, cases: list[dict[str, FactValue]], lane: Callable[[Facts], Lane]
) -> Counter[str]:
    """How an engine's answers differ from ours: `automate for review`, or an error's name."""
    found: Counter[str] = Counter()
    for facts in cases:
        expected = lane(facts)
        try:
            answer = str(engine.ask(engine.told(facts)))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is no lane
            answer = type(error).__name__
        if answer != expected:
            found[f"{answer if answer in set(Lane) else 'an error'} for {expected}"] += 1
    return found


def without_one(cases: list[dict[str, FactValue]]) -> list[dict[str, FactValue]]:
    """Every case with one fact missing, each in turn."""
    names = sorted(FACTS)
    return [
        {name: value for name, value in facts.items() if name != names[number % len(names)]}
        for number, facts in enumerate(cases)
    ]


def timed(subject: Subject, repeats: int) -> tuple[float, float]:
    """Microseconds a decision: of this process's CPU, and by the clock on the wall."""
    ask, cases = subject.ask, subject.cases
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(repeats):
        for each in cases:
            ask(each)
    took = time.process_time() - cpu, time.perf_counter() - wall
    return took[0] / repeats / len(cases) * 1e6, took[1] / repeats / len(cases) * 1e6


def measured(
    subjects: Mapping[str, Subject], rounds: int, seconds: float
) -> dict[str, list[tuple[float, float]]]:
    """Interleaved: every subject once a round, every other round backwards."""
    repeats = {
        name: max(1, round(seconds / (timed(s, 1)[1] * len(s.cases) / 1e6)))
        for name, s in subjects.items()
    }
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in subjects}
    for number in range(rounds):
        names = list(subjects) if number % 2 == 0 else list(subjects)[::-1]
        for name in names:
            found[name].append(timed(subjects[name], repeats[name]))
    return found


def result(
    name: str, figures: list[tuple[float, float]], missing: Counter[str] | None
) -> dict[str, Any]:
    """One line of the report."""
    cpu, wall = (median(side) for side in zip(*figures, strict=True))
    told: dict[str, Any] = {
        "subject": name,
        "cpu_us": round(cpu, 2),
        "wall_us": round(wall, 2),
        "best_cpu_us": round(min(each[0] for each in figures), 2),
        "cpu_us_rounds": [round(each[0], 2) for each in figures],
    }
    if name in BARS:
        told |= {"bar_us": BARS[name], "verdict": "met" if cpu <= BARS[name] else "not met"}
    if missing is not None:
        told["with_a_fact_missing"] = dict(missing.most_common())
    return told


def shown(results: list[dict[str, Any]], console: Console) -> None:
    """The table."""
    table = Table(title="One decision by a policy of 3 limits and 15 rules", title_justify="left")
    for column in (
        "",
        "CPU µs",
        "best",
        "wall µs",
        "at most",
        "verdict",
        "with a fact missing, differs",
    ):
        table.add_column(column, justify="left" if column == "" else "right")
    for told in results:
        missing = told.get("with_a_fact_missing", {})
        table.add_row(
            told["subject"] if "bar_us" not in told else f"remit, {told['subject']}",
            f"{told['cpu_us']:.1f}",
            f"{told['best_cpu_us']:.1f}",
            f"{told['wall_us']:.1f}",
            f"{told['bar_us']:.0f}" if "bar_us" in told else "",
            told.get("verdict", ""),
            ", ".join(f"{count} {what}" for what, count in missing.items()),
            style="bold" if "bar_us" in told else "",
        )
    console.print(table)


def main() -> None:
    """Check that all answer alike, measure, show, keep."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.policies", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="how often everything is measured")
    parser.add_argument(
        "--seconds", type=float, default=0.3, help="how long each measurement takes"
    )
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--out", type=Path, default=OUT)
    asked = parser.parse_args()
    console = Console(width=max(Console().width, 140))
    guardrail = policy()
    random = Random(15)
    cases = [case(random) for _ in range(asked.cases)]
    lane = compiled(guardrail).lane
    lanes = Counter(map(lane, cases))
    peers = engines(guardrail)
    for name, engine in peers.items():
        if wrong := differing(engine, cases, lane):
            raise SystemExit(f"{name} answers otherwise: {dict(wrong)}")
    reasons = sum(len(evaluate(guardrail, facts).contributions) for facts in cases) / len(cases)
    told_lanes = {str(name): count for name, count in lanes.items()}
    console.print(f"{len(cases)} cases, all facts known, {reasons:.2f} reasons each: {told_lanes}")
    console.print("all engines answer them alike")
    holey = without_one(cases)
    missing = {name: differing(engine, holey, lane) for name, engine in peers.items()}
    subjects = {name: Subject(ask, list(cases)) for name, ask in ours(guardrail).items()} | {
        name: Subject(engine.ask, [engine.told(facts) for facts in cases])
        for name, engine in peers.items()
    }
    gc.collect()
    gc.freeze()  # what all subjects are given is not what any of them leaves behind
    figures = measured(subjects, asked.rounds, asked.seconds)
    results = [result(name, each, missing.get(name)) for name, each in figures.items()]
    shown(results, console)
    told = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "packages": {name: version(name) for name in PACKAGES},
        "policy": guardrail.digest,
        "cases": told_lanes | {"reasons_a_case": round(reasons, 2)},
        "results": results,
    }
    asked.out.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
