"""What a rehearsal counts is what asking about each case alone gives."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.assembly import read_adoption
from adapters.demo.cases import CATALOGUE, real_cases
from application.governing import Adoption
from application.projections.past_cases import stated
from application.rehearsal.report import Report, digest_of, report_of
from application.rehearsal.sorting import Sorter
from application.rehearsal.tallying import MOST_EXAMPLES, Recorded, Tally, tally
from application.rehearsal.trial import Scope, Trial, known
from domain.admission import admit, recorded
from domain.decision_type.definition import DecisionTypeDefinition
from domain.guardrail.conditions import facts_of
from domain.guardrail.document import Guardrail
from domain.guardrail.evaluate import evaluate
from domain.guardrail.facts import BUILT_IN
from domain.values import FactValue, Lane, Recommendation, Reversibility
from tests.domain.builders import a_definition
from tests.domain.guardrail.strategies import FACTS, guardrails, known_facts

NOTHING = "|||||"
SCOPE = Scope(since=datetime(2026, 1, 1, tzinfo=UTC), until=datetime(2027, 1, 1, tzinfo=UTC))
Raw = dict[str, Any]


def lane_alone(
    guardrail: Guardrail | None, definition: DecisionTypeDefinition, facts: Mapping[str, FactValue]
) -> Lane:
    """By the book: the policy's verdict, and what a decision type asks of any case."""
    action = definition.actions.get(str(facts.get("action", "")))
    if guardrail is None or "confidence" not in facts or action is None:
        return Lane.ESCALATE
    verdict = evaluate(guardrail, facts)
    lane = verdict.lane
    if action.reversibility is Reversibility.IRREVERSIBLE:
        on_risk = {x.id for x in guardrail.limits if "risk" in facts_of(x.require)}
        risky = any(c.kind == "limit" and c.id in on_risk for c in verdict.contributions)
        lane = lane.at_least(Lane.ESCALATE if risky else Lane.REVIEW)
    if action.reversibility is Reversibility.RECOVERABLE and definition.recoverable_needs_review:
        lane = lane.at_least(Lane.REVIEW)
    return lane


def as_recorded(facts: Mapping[str, FactValue]) -> Raw:
    return {name: recorded(fact) for name, fact in facts.items()}


def the_cases(raws: Sequence[Raw]) -> list[Recorded]:
    return [(f"{n:05}", n, json.dumps(raw), NOTHING) for n, raw in enumerate(raws)]


def rehearsed(trial: Trial, raws: Sequence[Raw]) -> Report:
    return report_of(trial, SCOPE, 1, tally(the_cases(raws), Sorter(trial)))


def one_by_one(trial: Trial, raws: Sequence[Raw]) -> list[tuple[Lane, Lane]]:
    def facts(raw: Raw, guardrail: Guardrail | None) -> dict[str, FactValue]:
        return known(raw, (guardrail.facts if guardrail else {}) | BUILT_IN)

    return [
        (
            lane_alone(trial.against, trial.definition, facts(raw, trial.against)),
            lane_alone(trial.guardrail, trial.definition, facts(raw, trial.guardrail)),
        )
        for raw in raws
    ]


def assert_counts(report: Report, lanes: Sequence[tuple[Lane, Lane]]) -> None:
    assert {(x.before, x.after): x.decisions for x in report.lanes} == Counter(lanes)
    changed = [(before, after) for before, after in lanes if before is not after]
    assert report.decisions == len(lanes)
    assert report.changed == len(changed) == report.relaxed + report.tightened
    assert report.automated == sum(after is Lane.AUTOMATE for _, after in lanes)
    assert report.automated_before == sum(before is Lane.AUTOMATE for before, _ in lanes)
    assert sum(report.rules.values()) == len(lanes)
    assert sum(load.decisions for load in report.loads) == len(lanes) - report.automated
    for load in report.loads:
        assert sum(load.by_hour_of_day) == load.decisions
    for change in report.changes:
        expected = [n for n, pair in enumerate(lanes) if pair == (change.before, change.after)]
        assert change.decisions == len(expected) == sum(change.rules.values())
        first = [int(one.decision) for one in change.first]
        assert first == expected[:MOST_EXAMPLES]


FREE_DEFINITION = a_definition(
    context={name: kind for name, kind in FACTS.items() if name not in BUILT_IN},
    actions={
        "refund": {"reversibility": "irreversible"},
        "reply": {"reversibility": "recoverable"},
    },
    recoverable_needs_review=True,
)


@given(
    candidate=guardrails(),
    against=st.none() | guardrails(),
    cases=st.lists(known_facts(), max_size=40),
)
@settings(max_examples=40)
def test_counts_equal_those_of_each_case_alone(
    candidate: Guardrail, against: Guardrail | None, cases: list[dict[str, FactValue]]
) -> None:
    trial = a_trial(FREE_DEFINITION, candidate, against)
    raws = [as_recorded(facts) for facts in cases]
    report = rehearsed(trial, raws)
    assert_counts(report, one_by_one(trial, raws))
    missing = Counter(n for facts in cases for n in candidate.asked - facts.keys())
    assert report.missing == missing


@given(
    candidate=guardrails(),
    raws=st.lists(
        st.dictionaries(
            st.sampled_from(sorted(FACTS)),
            st.one_of(
                st.none(),
                st.booleans(),
                st.integers(-1, 2),
                st.sampled_from(["0.5", "1", "x", "refund", "", "low", "gold", "1e5", "NaN"]),
                st.lists(st.sampled_from(["legal", "other"]), max_size=2),
                st.just([1]),
                st.just({"a": 1}),
            ),
        ),
        max_size=25,
    ),
)
@settings(max_examples=40)
def test_values_of_any_kind_are_sorted_as_they_are_read(
    candidate: Guardrail, raws: list[Raw]
) -> None:
    """An older schema recorded something else under the same name: it is what it reads as now."""
    trial = a_trial(FREE_DEFINITION, candidate, None)
    assert_counts(rehearsed(trial, raws), one_by_one(trial, raws))


@given(
    candidate=guardrails(),
    cases=st.lists(known_facts(), max_size=30),
    cuts=st.lists(st.integers(0, 30), max_size=3),
)
@settings(max_examples=20)
def test_tallies_of_parts_add_up(
    candidate: Guardrail, cases: list[dict[str, FactValue]], cuts: list[int]
) -> None:
    trial = a_trial(FREE_DEFINITION, candidate, None)
    recorded_cases = the_cases([as_recorded(facts) for facts in cases])
    ends = [0, *sorted(min(cut, len(cases)) for cut in cuts), len(cases)]
    whole = Tally()
    for start, end in pairwise(ends):
        whole.add(tally(recorded_cases[start:end], Sorter(trial)))
    at_once = report_of(trial, SCOPE, 1, tally(recorded_cases, Sorter(trial)))
    in_parts = report_of(trial, SCOPE, 1, whole)
    assert in_parts == at_once
    assert digest_of(in_parts) == digest_of(at_once)


def a_trial(
    definition: DecisionTypeDefinition, candidate: Guardrail, against: Guardrail | None
) -> Trial:
    return Trial(
        definition=definition,
        version=2,
        guardrail=candidate,
        against_version=None if against is None else 1,
        against=against,
    )


# ── real cases


@cache
def adoption(name: str) -> Adoption:
    return read_adoption((CATALOGUE / f"{name}.yaml").read_text(encoding="utf-8"))


CATALOGUED = sorted(path.stem for path in CATALOGUE.glob("*.yaml"))


@pytest.mark.parametrize("name", CATALOGUED)
def test_counts_of_real_cases_equal_those_of_each_case_alone(name: str) -> None:
    definition = adoption(name).definition
    guardrail = adoption(name).guardrail
    candidate = guardrail.model_copy(update={"limits": (), "rules": ()})
    trial = a_trial(definition, candidate, guardrail)
    raws: list[Raw] = []
    expected: list[tuple[Lane, Lane]] = []
    for case in real_cases([name])[:1_000]:
        said = Recommendation.model_validate(case.body["recommendation"])
        admitted = admit(said, case.body["context"], definition)
        raws.append(admitted.context | stated(said))
        lanes = [lane_alone(g, definition, admitted.facts) for g in (guardrail, candidate)]
        expected.append((lanes[0], lanes[1]))
    report = rehearsed(trial, raws)
    assert_counts(report, expected)
    assert report.changed > 0, "a policy that asks nothing makes a difference"


def test_a_fact_that_old_decisions_do_not_have_is_missing_and_counted() -> None:
    definition, guardrail = (
        adoption("support_triage").definition,
        adoption("support_triage").guardrail,
    )
    text = json.loads(guardrail.model_dump_json())
    text["facts"]["mood"] = {"type": "yes_no", "required": True}
    text["rules"].append(
        {
            "id": "angry",
            "when": {
                "node": "compare",
                "fact": "mood",
                "type": "yes_no",
                "op": "==",
                "value": True,
            },
            "then": "escalate",
            "reason": "MOOD",
        }
    )
    candidate = Guardrail.model_validate(text)
    raws = [
        admit(said, case.body["context"], definition).context | stated(said)
        for case in real_cases(["support_triage"])[:200]
        for said in [Recommendation.model_validate(case.body["recommendation"])]
    ]
    report = rehearsed(a_trial(definition, candidate, guardrail), raws)
    assert report.missing["mood"] == len(raws)
    assert report.automated == 0 < report.automated_before
    held = [load for load in report.loads if load.held]
    assert sum(load.decisions for load in held) == len(raws)


def test_nothing_at_all_is_reported_without_a_rate() -> None:
    guardrail = adoption("support_triage").guardrail
    report = rehearsed(a_trial(adoption("support_triage").definition, guardrail, guardrail), [])
    assert (report.decisions, report.changed, report.changes) == (0, 0, ())
    assert report.straight_through_rate.value is None
    assert report.would_be_automated.error_rate.low is None


def test_what_has_become_personal_is_asked_by_nobody() -> None:
    definition, guardrail = (
        adoption("support_triage").definition,
        adoption("support_triage").guardrail,
    )
    name = min(guardrail.asked - set(BUILT_IN))
    private = definition.context[name].model_copy(update={"personal": True})
    now = definition.model_copy(update={"context": definition.context | {name: private}})
    now = DecisionTypeDefinition.model_validate(now.model_dump())
    said = Recommendation.model_validate(real_cases(["support_triage"])[0].body["recommendation"])
    report = rehearsed(a_trial(now, guardrail, None), [stated(said) | {name: "x"}])
    assert report.missing[name] == 1


def test_the_busiest_hour_and_the_hours_of_the_day() -> None:
    definition, guardrail = (
        adoption("support_triage").definition,
        adoption("support_triage").guardrail,
    )
    trial = a_trial(definition, guardrail, None)
    hours = [25, 25, 2, 49, 1]
    cases = [(str(n), hour, '{"action":"none"}', NOTHING) for n, hour in enumerate(hours)]
    report = report_of(trial, SCOPE, 1, tally(cases, Sorter(trial)))
    assert sum(load.decisions for load in report.loads) == 5
    load = next(load for load in report.loads if load.decisions)
    assert (load.by_hour_of_day[1], load.by_hour_of_day[2], load.busiest) == (4, 1, 2)
    assert load.busiest_hour == datetime(1970, 1, 2, 1, tzinfo=UTC)
    assert load.service_level > timedelta(0)
