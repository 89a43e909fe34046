"""The invariants of the domain, each as a property of any life and any input.

1 to 6 hold at every step of `a_life.Life`, where everybody tries everything at any time. 7 and 8
are about routing. 10 and 11 are about commands at a desk: tests/application. 9 (projections hold
what folding the events gives) is tested with the projections. 12 (erasing a person's data changes
no hash) has no test yet, because nothing can be erased yet.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.decision_type.definition import PermittedAction
from domain.decision_type.state import DecisionType
from domain.guardrail.conditions import And, Condition
from domain.guardrail.document import Guardrail, Limit, Rule
from domain.guardrail.evaluate import evaluate
from domain.guardrail.facts import Facts
from domain.model import Seat
from domain.policy.aggregate import PolicyVersion
from domain.routing import Case, Ruling, route
from domain.values import (
    ExceptionCode,
    FactValue,
    Lane,
    Recommendation,
    Reversibility,
    Stage,
)
from tests.domain.a_life import EVERYBODY, Life
from tests.domain.builders import (
    a_decision_type,
    a_policy,
    above,
    at_least,
    at_most,
    below,
)
from tests.domain.guardrail.strategies import FACTS, guardrails, known_facts

quick = settings(max_examples=30, deadline=None)

TestALife = Life.TestCase
TestALife.settings = settings(max_examples=120, stateful_step_count=40, deadline=None)


# ── routing, over random policies


BUILT_IN = ("confidence", "risk", "action")
KIND = a_decision_type(context={n: t for n, t in FACTS.items() if n not in BUILT_IN})
ACTIONS = sorted(KIND.definition.actions)
hundredths = st.integers(0, 100).map(lambda n: Decimal(n) / 100)


@st.composite
def decision_types(draw: st.DrawFn) -> DecisionType:
    """Any stage, halted or not, careful with what is recoverable or not."""
    careful = draw(st.booleans())
    state = KIND.model_copy(
        update={
            "stage": draw(st.sampled_from(Stage)),
            "partial_share": Decimal("0.5"),
            "suspended": draw(st.booleans()),
            "breaker_open": draw(st.booleans()),
            "definition": KIND.definition.model_copy(update={"recoverable_needs_review": careful}),
        }
    )
    assert isinstance(state, DecisionType)
    return state


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Any facts under any recommendation, with the lot that was drawn."""
    facts = draw(known_facts())
    return a_case(
        facts, draw(st.sampled_from(ACTIONS)), draw(st.none() | st.integers(0, 2**64 - 1))
    )


def a_case(facts: Facts, action: str = "refund", draw: int | None = None) -> Case:
    """A case whose recommendation and facts say the same."""
    confidence, risk = facts.get("confidence"), facts.get("risk")
    said = Recommendation(
        action=action,
        confidence=confidence if isinstance(confidence, Decimal) else None,
        risk=risk if isinstance(risk, Decimal) else None,
    )
    return Case(said, {**facts, "action": action}, draw)


def test_5_everybody_includes_those_who_must_not_review() -> None:
    assert {a.seat for a in EVERYBODY if a.id == "bot" and a.is_person} == {Seat.REVIEWER}
    services = {a.seat for a in EVERYBODY if not a.is_person}
    assert {Seat.REVIEWER, Seat.ESCALATION_OWNER} <= services


@given(guardrails(), cases(), decision_types())
@quick
def test_7_the_same_input_routes_the_same_way(
    guardrail: Guardrail, case: Case, decision_type: DecisionType
) -> None:
    first = route(case, decision_type, a_policy(guardrail))
    stored = Guardrail.model_validate_json(guardrail.model_dump_json())
    assert route(case, decision_type, a_policy(stored)) == first


def test_7_in_any_process() -> None:
    """Sets iterate in another order in every process; no ruling may depend on it."""
    here = [as_json(ruling) for ruling in some_rulings()]
    for seed in ("1", "4711"):
        there = subprocess.run(
            [sys.executable, "-c", SAY_RULINGS],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        assert there.stdout.splitlines() == here


SAY_RULINGS = """
from tests.domain.test_invariants import as_json, some_rulings
for ruling in some_rulings():
    print(as_json(ruling))
"""


def some_rulings() -> Iterator[Ruling]:
    """Rulings on a few cases with sets in the facts and in the conditions."""
    rules = a_policy(Guardrail.model_validate(SETS))
    for confidence in ("0.3", "0.95", None):
        for topics in (frozenset({"legal", "billing", "other"}), frozenset[str](), None):
            facts: dict[str, FactValue] = {"risk": Decimal("0.1"), "tier": "gold"}
            if confidence is not None:
                facts["confidence"] = Decimal(confidence)
            if topics is not None:
                facts["topics"] = topics
            yield route(a_case(facts), KIND, rules)


SETS: dict[str, Any] = {
    "policy": "sets",
    "facts": {name: fact.model_dump() for name, fact in FACTS.items()},
    "limits": [
        {
            "id": "allowed",
            "require": {
                "node": "in",
                "fact": "action",
                "type": "code",
                "values": ["refund", "replace", "apologise"],
            },
            "reason": "ACTION",
        }
    ],
    "rules": [
        {
            "id": "legal",
            "when": {
                "node": "or",
                "of": [
                    {"node": "contains", "fact": "topics", "value": "legal"},
                    {"node": "contains", "fact": "topics", "value": "billing"},
                ],
            },
            "then": "escalate",
            "reason": "LEGAL",
        },
        {
            "id": "tiers",
            "when": {
                "node": "in",
                "fact": "tier",
                "type": "choice",
                "values": ["gold", "basic"],
            },
            "then": "review",
            "reason": "TIER",
        },
    ],
}


def as_json(ruling: Ruling) -> str:
    return json.dumps(
        {
            "lane": ruling.lane,
            "rule": ruling.rule,
            "reasons": [(reason.code, reason.text) for reason in ruling.reasons],
            "exceptions": ruling.exceptions,
            "trace": ruling.trace_digest,
            "policy": ruling.policy and ruling.policy.hash,
            "queue": ruling.queue,
            "missing": ruling.missing,
        }
    )


careful_lanes = st.sampled_from([Lane.REVIEW, Lane.ESCALATE])


@st.composite
def sensible_guardrails(draw: st.DrawFn) -> Guardrail:
    """Policies as people mean them: they ask for more care as confidence falls and risk rises."""
    limits, rules = [], []
    for n in range(draw(st.integers(0, 3))):
        number = str(draw(hundredths))
        require = draw(st.sampled_from([at_least("confidence", number), at_most("risk", number)]))
        limits.append(
            Limit(id=f"limit{n}", require=require, reason="LIMIT", otherwise=draw(careful_lanes))
        )
    for n in range(draw(st.integers(0, 3))):
        number, amount = str(draw(hundredths)), str(draw(st.sampled_from([0, 100, 500])))
        when: Condition = draw(
            st.sampled_from([below("confidence", number), above("risk", number)])
        )
        if draw(st.booleans()):
            when = And(of=(when, above("amount", amount)))
        rules.append(Rule(id=f"rule{n}", when=when, then=draw(careful_lanes), reason="RULE"))
    return Guardrail(policy="sensible", facts=FACTS, limits=tuple(limits), rules=tuple(rules))


@given(
    sensible_guardrails(),
    cases(),
    decision_types(),
    st.tuples(hundredths, hundredths),
    st.tuples(hundredths, hundredths),
)
@settings(max_examples=100, deadline=None)
def test_8_more_risk_never_gets_less_scrutiny_and_less_confidence_no_more_autonomy(
    guardrail: Guardrail,
    case: Case,
    decision_type: DecisionType,
    confidences: tuple[Decimal, Decimal],
    risks: tuple[Decimal, Decimal],
) -> None:
    def caution(confidence: Decimal, risk: Decimal) -> int:
        facts = {**case.facts, "confidence": confidence, "risk": risk}
        like = a_case(facts, case.recommendation.action, case.draw)
        return route(like, decision_type, a_policy(guardrail)).lane.caution

    surer, safer = max(confidences), min(risks)
    less_sure, riskier = min(confidences), max(risks)
    assert caution(surer, safer) <= caution(surer, riskier) <= caution(less_sure, riskier)
    assert caution(surer, safer) <= caution(less_sure, safer) <= caution(less_sure, riskier)


@given(sensible_guardrails(), cases(), decision_types())
@quick
def test_8_no_confidence_is_less_than_any(
    guardrail: Guardrail, case: Case, decision_type: DecisionType
) -> None:
    silent = {name: value for name, value in case.facts.items() if name != "confidence"}
    without = a_case(silent, case.recommendation.action, case.draw)
    assert route(without, decision_type, a_policy(guardrail)).lane is Lane.ESCALATE


@given(guardrails(), cases(), decision_types())
@quick
def test_caution_composes_no_authority_relaxes_another(
    guardrail: Guardrail, case: Case, decision_type: DecisionType
) -> None:
    ruling = route(case, decision_type, a_policy(guardrail))
    assert ruling.lane.caution >= evaluate(guardrail, case.facts).lane.caution
    if decision_type.halted or decision_type.stage in (Stage.OBSERVE, Stage.ASSIST):
        assert ruling.lane is not Lane.AUTOMATE
        assert ExceptionCode.AUTOMATION_HALTED in ruling.exceptions
    assert ruling.reasons, "every ruling says why"


# ── nothing that goes wrong ends in automate


class Unreadable(Mapping[str, FactValue]):
    """Facts that can't be read: the evaluator raises, whatever it asks."""

    def __getitem__(self, name: str) -> FactValue:
        raise OSError(f"{name} could not be read")

    def __iter__(self) -> Iterator[str]:
        raise OSError("no fact could be read")

    def __len__(self) -> int:
        return 1


@given(guardrails(), cases(), decision_types())
@quick
def test_without_a_confidence_it_is_escalated(
    guardrail: Guardrail, case: Case, decision_type: DecisionType
) -> None:
    facts = {name: value for name, value in case.facts.items() if name != "confidence"}
    ruling = route(a_case(facts), decision_type, a_policy(guardrail))
    assert ruling.lane is Lane.ESCALATE
    assert ExceptionCode.CONFIDENCE_MISSING in ruling.exceptions


@given(cases(), decision_types())
@quick
def test_without_a_policy_it_is_escalated(case: Case, decision_type: DecisionType) -> None:
    ruling = route(case, decision_type, None)
    assert ruling.lane is Lane.ESCALATE
    assert ExceptionCode.NO_POLICY in ruling.exceptions


@given(guardrails(), cases(), decision_types(), st.sampled_from(["risk", "tier"]))
@quick
def test_without_a_required_fact_nothing_is_done(
    guardrail: Guardrail, case: Case, decision_type: DecisionType, fact: str
) -> None:
    facts = {name: value for name, value in case.facts.items() if name != fact}
    ruling = route(a_case(facts, case.recommendation.action), decision_type, a_policy(guardrail))
    if fact in guardrail.asked:
        assert ruling.lane is not Lane.AUTOMATE
        assert fact in ruling.missing


@given(guardrails(), decision_types())
@quick
def test_an_evaluator_that_raises_escalates(
    guardrail: Guardrail, decision_type: DecisionType
) -> None:
    sure = Recommendation(action="refund", confidence=Decimal(1), risk=Decimal(0))
    sick = guardrail.model_copy(update={"limits": ("no limit at all",)})
    for policy, facts in (
        (broken(guardrail, sick), dict[str, FactValue]()),
        (a_policy(Guardrail.model_validate(SETS)), Unreadable()),
    ):
        ruling = route(Case(sure, facts), decision_type, policy)
        assert ruling.lane is Lane.ESCALATE
        assert ExceptionCode.POLICY_ERROR in ruling.exceptions


def broken(guardrail: Guardrail, sick: Guardrail) -> PolicyVersion:
    return a_policy(guardrail).model_copy(update={"guardrail": sick})


@given(guardrails(), cases(), decision_types())
@quick
def test_an_unknown_action_is_escalated(
    guardrail: Guardrail, case: Case, decision_type: DecisionType
) -> None:
    unknown = a_case(case.facts, "not_an_action", case.draw)
    ruling = route(unknown, decision_type, a_policy(guardrail))
    assert ruling.lane is Lane.ESCALATE
    assert ExceptionCode.INVALID_INPUT in ruling.exceptions


@given(guardrails(), cases(), decision_types())
@quick
def test_what_cannot_be_undone_is_never_automated(
    guardrail: Guardrail, case: Case, decision_type: DecisionType
) -> None:
    final = a_case(case.facts, "close_account", case.draw)
    action = decision_type.definition.actions["close_account"]
    assert action == PermittedAction(reversibility=Reversibility.IRREVERSIBLE)
    assert route(final, decision_type, a_policy(guardrail)).lane is not Lane.AUTOMATE


@given(guardrails(), cases())
@quick
def test_a_share_automates_only_what_its_lot_fell_on(guardrail: Guardrail, case: Case) -> None:
    partial = KIND.model_copy(update={"stage": Stage.PARTIAL, "partial_share": Decimal("0.5")})
    ruling = route(case, partial, a_policy(guardrail))
    if case.draw is None or case.draw >= 2**63:
        assert ruling.lane is not Lane.AUTOMATE
