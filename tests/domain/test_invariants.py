"""The invariants of the domain, each as a property of any life and any input.

1 to 6 hold at every step of `a_life.Life`, where everybody tries everything at any time, and so
does what each exception means (`meanings`). 7 and 8 are about routing. Across the decisions of one
subject, 2 is tested with conflicts: tests/application/test_conflict_invariants.py. 10 and 11 are
about commands at a desk: tests/application/test_desk_invariants.py. 9 (projections hold what
folding the events gives) is tested with the projections: test_rows_of_any_life.py for any life,
tests/adapters/projection_contract.py for rebuilding. 12 (erasing a person's data changes no hash)
is about what is stored: tests/adapters/test_erasure.py, on both logs.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.decision import judging, opening, timing
from domain.decision.state import Decision
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
    Receipt,
    Recommendation,
    Reversibility,
    Stage,
)
from tests.domain.a_life import EVERYBODY, Life
from tests.domain.builders import (
    ANA,
    BOT,
    DAY,
    LARGE,
    NOON,
    QUINN,
    REFUND,
    RULES,
    TIMER,
    a_decision,
    a_decision_type,
    a_policy,
    a_recommendation,
    a_roster,
    a_submission,
    above,
    at_least,
    at_most,
    automated,
    below,
    by,
    completed,
    expired,
    held_for_input,
    in_conflict,
    in_review,
    opened,
    reported,
    sampled,
    superseded,
    then,
    to_be_reversed,
    without,
)
from tests.domain.guardrail.strategies import FACTS, guardrails, known_facts
from tests.domain.meanings import MEANINGS

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
    """Any stage, halted or not, careful or not, with seats empty, with a roster of too few."""
    careful = draw(st.booleans())
    empty = draw(st.sets(st.sampled_from([Seat.DECISION_OWNER, Seat.ESCALATION_OWNER])))
    roster = draw(st.sampled_from([None, None, (), ("rae",), ("rae", "bot"), ("rae", "sam")]))
    changed = {"recoverable_needs_review": careful, "reviewers": roster}
    state = KIND.model_copy(
        update={
            "owners": {s: p for s, p in KIND.owners.items() if s not in empty},
            "stage": draw(st.sampled_from(Stage)),
            "partial_share": Decimal("0.5"),
            "suspended": draw(st.booleans()),
            "breaker_open": draw(st.booleans()),
            "definition": KIND.definition.model_copy(update=changed),
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
    return Case(said, {**facts, "action": action}, draw, "bot")


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


# ── the people who are asked for


@given(guardrails(), cases(), decision_types())
@quick
def test_where_a_seat_is_empty_when_needed_it_is_escalated_and_said(
    guardrail: Guardrail, case: Case, decision_type: DecisionType
) -> None:
    ruling = route(case, decision_type, a_policy(guardrail))
    vacant = ExceptionCode.OWNER_VACANT in ruling.exceptions
    if decision_type.is_vacant(Seat.DECISION_OWNER):
        assert ruling.lane is Lane.ESCALATE
    if ruling.lane is Lane.ESCALATE and decision_type.is_vacant(Seat.ESCALATION_OWNER):
        assert vacant
    assert not (vacant and not decision_type.vacant_seats())


@given(guardrails(), cases(), decision_types())
@quick
def test_nothing_goes_to_a_review_that_too_few_may_do(
    guardrail: Guardrail, case: Case, decision_type: DecisionType
) -> None:
    ruling = route(case, decision_type, a_policy(guardrail))
    roster = decision_type.definition.reviewers
    if ruling.lane is Lane.REVIEW and roster is not None:
        assert len(set(roster) - {"bot"}) >= (2 if ruling.four_eyes else 1)
    if ExceptionCode.NO_ELIGIBLE_REVIEWER in ruling.exceptions:
        assert ruling.lane is Lane.ESCALATE


@given(guardrails(), cases(), decision_types())
@quick
def test_asking_for_people_relaxes_nothing_and_a_full_house_changes_nothing(
    guardrail: Guardrail, case: Case, decision_type: DecisionType
) -> None:
    policy = a_policy(guardrail)
    now, before = route(case, decision_type, policy), route(case, decision_type, policy, "v1")
    assert now.lane.caution >= before.lane.caution
    unbound = decision_type.definition.model_copy(update={"reviewers": None})
    full = decision_type.model_copy(update={"owners": KIND.owners, "definition": unbound})
    assert route(case, full, policy) == before


# ── every exception of the taxonomy


def test_every_exception_has_a_meaning_that_lives_are_held_to() -> None:
    assert set(MEANINGS) == set(ExceptionCode)


@pytest.mark.parametrize("code", ExceptionCode)
def test_every_exception_is_really_raised(code: ExceptionCode) -> None:
    assert code in RAISED[code]().exceptions


def _routed(
    recommendation: Recommendation | None = None,
    kind: DecisionType = REFUND,
    policy: PolicyVersion | None = RULES,
    **submission: Any,
) -> Decision:
    said = a_submission(recommendation, **submission)
    return a_decision(opened(said, kind, policy))


def _late(decision: Decision) -> Decision:
    return then(decision, timing.miss_deadline(decision, REFUND, by(TIMER, NOON + DAY)))


def _judged_wrong() -> Decision:
    done = reported(sampled(), Receipt.DELIVERED)
    return then(done, judging.judge_quality(done, False, None, REFUND, by(QUINN)))


def _contested() -> Decision:
    done = completed()
    return then(done, judging.contest(done, None, REFUND, by(ANA)))


SICK = RULES.guardrail.model_copy(update={"limits": ("no limit at all",)})
RAISED: dict[ExceptionCode, Callable[[], Decision]] = {
    ExceptionCode.LOW_CONFIDENCE: lambda: _routed(a_recommendation(confidence="0.4")),
    ExceptionCode.CONFIDENCE_MISSING: lambda: _routed(a_recommendation(confidence=None)),
    ExceptionCode.MISSING_INPUT: held_for_input,
    ExceptionCode.INVALID_INPUT: lambda: _routed(a_recommendation("not_an_action")),
    ExceptionCode.NO_POLICY: lambda: _routed(policy=None),
    ExceptionCode.POLICY_ERROR: lambda: _routed(policy=broken(RULES.guardrail, SICK)),
    ExceptionCode.CONFLICT: in_conflict,
    ExceptionCode.STALE_SUBJECT: lambda: then(in_review(), opening.expire_stale(in_review(), NOW)),
    ExceptionCode.SUPERSEDED: superseded,
    ExceptionCode.EXPIRED: expired,
    ExceptionCode.REVIEW_TIMEOUT: lambda: _late(in_review()),
    ExceptionCode.NO_ELIGIBLE_REVIEWER: lambda: _routed(kind=a_roster("bot"), context=LARGE),
    ExceptionCode.OWNER_VACANT: lambda: _routed(kind=without(Seat.DECISION_OWNER)),
    ExceptionCode.AUTOMATION_HALTED: lambda: _routed(
        kind=REFUND.model_copy(update={"suspended": True})
    ),
    ExceptionCode.ACTION_FAILED: lambda: reported(automated(), Receipt.FAILED),
    ExceptionCode.ACTION_UNKNOWN: lambda: reported(automated(), Receipt.UNKNOWN),
    ExceptionCode.REVERSAL_FAILED: lambda: reported(to_be_reversed(), Receipt.FAILED),
    ExceptionCode.QA_OVERTURNED: _judged_wrong,
    ExceptionCode.CONTESTED: _contested,
}
NOW = by(BOT)


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
