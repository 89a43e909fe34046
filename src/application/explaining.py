"""Explaining: why a case goes where it goes, and which single fact would have let it through."""

from collections.abc import Container, Sequence
from typing import Literal
from uuid import UUID

from pydantic import JsonValue

from application.desk import Desk
from application.replaying import Archive, Difference, Recalled, recalled, routing_of
from application.trail import TrailLine, trail_line
from domain.admission import recorded
from domain.composing import ORGANISATION, among, shared
from domain.decision.events import LifeEvent, Routing
from domain.decision.state import Decision, evolve
from domain.decision_type.state import DecisionType
from domain.guardrail.conditions import Truth, facts_of
from domain.guardrail.document import Guardrail
from domain.guardrail.evaluate import TraceLine, trace
from domain.guardrail.explaining import Change, single_changes
from domain.guardrail.facts import BUILT_IN, Choice, Facts
from domain.model import Forbidden, Value
from domain.policy.aggregate import PolicyVersion
from domain.routing import SEMANTICS, Case, Ruling, beyond_facts, route, speaks_beside
from domain.values import FactValue, Lane, Reason


class TestView(Value):
    """One test as it went."""

    text: str
    seen: JsonValue
    result: str


class TraceView(Value):
    """One limit or rule as it went."""

    id: str
    kind: str
    tests: tuple[TestView, ...]
    result: str


class ChangeView(Value):
    """One fact that would alone have had it automated: as it is, and the nearest that does."""

    fact: str
    seen: JsonValue
    value: JsonValue
    text: str


class Explanation(Value):
    """Why it goes there, and what would have had it automated: confirmed, never guessed."""

    sentence: str
    deciding: TraceView | None
    """The limit or rule that decided, with its tests; absent if no part of the policy did."""
    changes: tuple[ChangeView, ...]
    """For each fact that would do, its smallest change; the smallest of all first."""
    standing: tuple[Reason, ...]
    """What no other fact would change: the kill switch, the stage, an action that can't be undone.
    """


class DecisionExplanation(Value):
    """The newest routing of one decision explained, under the rules that spoke then."""

    decision_id: UUID
    version: int
    """The event of the routing."""
    lane: Lane
    rule: str
    reasons: tuple[Reason, ...]
    missing: tuple[str, ...]
    policy_version: int | None
    semantics: str
    explanation: Explanation
    trace: tuple[TraceView, ...]


class NotExplained(Forbidden):
    """Only what was routed, and can be evaluated again as it was recorded, can be explained."""

    CODE = "REJ.not_explained"


async def explain(id: UUID, desk: Desk) -> DecisionExplanation:
    """Explain the newest routing of a decision."""
    await desk.decision(id)
    before: Decision | None = None
    newest: tuple[Decision, LifeEvent, Routing] | None = None
    for event in await desk.history(id):
        routing = routing_of(event)
        if routing is not None and before is not None:
            newest = before, event, routing
        before = evolve(before, event)
    if newest is None:
        raise NotExplained(f"{id} was not routed yet")
    state, event, routing = newest
    return _explained_event(state, event, routing, await recalled(state, routing, Archive(desk)))


async def told(
    history: Sequence[LifeEvent], desk: Desk, versions: Container[int] | None = None
) -> tuple[TrailLine, ...]:
    """The audit trail, or some events of it, with each routing explained where that can be done."""
    state: Decision | None = None
    archive, lines = Archive(desk), list[TrailLine]()
    for event in history:
        if versions is None or event.originator_version in versions:
            lines.append(await _told(state, event, archive))
        state = evolve(state, event)
    return tuple(lines)


async def _told(state: Decision | None, event: LifeEvent, archive: Archive) -> TrailLine:
    line, routing = trail_line(event), routing_of(event)
    if routing is None or state is None:
        return line
    known = await recalled(state, routing, archive)
    try:
        sentence = _explained_event(state, event, routing, known).explanation.sentence
    except NotExplained:
        return line
    return line.model_copy(update={"explanation": sentence})


def _explained_event(
    state: Decision, event: LifeEvent, routing: Routing, known: Recalled | Difference
) -> DecisionExplanation:
    at = f"event {event.originator_version}"
    if isinstance(known, Difference):
        told = f"{known.field}: recorded {known.recorded}, found {known.replayed}"
        raise NotExplained(f"{at}, {known.cause} {told}")
    ruling = known.ruling(routing.semantics)
    if (ruling.lane, ruling.rule) != (routing.lane, routing.rule):
        raise NotExplained(f"{at} says {routing.lane}, replaying it says {ruling.lane}")
    policy = known.policy
    return DecisionExplanation(
        decision_id=state.id,
        version=event.originator_version,
        lane=ruling.lane,
        rule=ruling.rule,
        reasons=ruling.reasons,
        missing=ruling.missing,
        policy_version=policy.version if policy else None,
        semantics=routing.semantics,
        explanation=explained(known.case, ruling, known.decision_type, policy, routing.semantics),
        trace=traced(known.case, known.decision_type, policy, routing.semantics),
    )


def explained(
    case: Case,
    ruling: Ruling,
    decision_type: DecisionType,
    policy: PolicyVersion | None,
    semantics: str = SEMANTICS,
) -> Explanation:
    """Why this ruling, and which single facts would have had the case automated."""
    lines = traced(case, decision_type, policy, semantics)
    standing = () if ruling.lane is Lane.AUTOMATE else beyond_facts(case, decision_type, policy)
    changes: tuple[Change, ...] = ()
    if policy is not None and ruling.lane is not Lane.AUTOMATE:
        changes = changes_to(Lane.AUTOMATE, case, decision_type, policy, semantics)
    return Explanation(
        sentence=_sentence(ruling, changes, standing),
        deciding=next((line for line in lines if line.id == ruling.rule), None),
        changes=tuple(map(_shown, changes)),
        standing=standing,
    )


def changes_to(
    lane: Lane,
    case: Case,
    decision_type: DecisionType,
    policy: PolicyVersion,
    semantics: str = SEMANTICS,
) -> tuple[Change, ...]:
    """The single facts that would have brought a case to a lane, confirmed by all of routing."""
    asked = _asked_together(case, decision_type, policy, semantics)
    actions = Choice(values=tuple(decision_type.definition.actions))
    permitted = asked.model_copy(
        update={"facts": {**asked.facts, "action": actions}}  # no other action can be asked for
    )

    def holds(facts: Facts) -> bool:
        other = with_facts(case, facts)
        return route(other, decision_type, policy, semantics).lane is lane

    return single_changes(permitted, case.facts, holds)


def _asked_together(
    case: Case, decision_type: DecisionType, policy: PolicyVersion, semantics: str
) -> Guardrail:
    """Every test that any policy makes of what the decision type has: where answers may change."""
    own, beside = policy.guardrail, speaks_beside(case, semantics)
    if beside is None:
        return own
    house = beside.guardrail
    names = frozenset(shared(house, decision_type.definition))
    theirs = {name: decision_type.definition.facts[name] for name in sorted(names)}
    return own.model_copy(
        update={
            "facts": {**theirs, **own.facts},
            "limits": (*own.limits, *(x for x in house.limits if facts_of(x.require) <= names)),
            "rules": (*own.rules, *(x for x in house.rules if facts_of(x.when) <= names)),
        }
    )


def with_facts(case: Case, facts: Facts) -> Case:
    """The same case on other facts; what the producer states itself is restated."""
    stated = {name: facts.get(name) for name in BUILT_IN if facts.get(name) != case.facts.get(name)}
    recommendation = case.recommendation.model_copy(update=stated)
    return case._replace(recommendation=recommendation, facts=facts)


def traced(
    case: Case,
    decision_type: DecisionType,
    policy: PolicyVersion | None,
    semantics: str = SEMANTICS,
) -> tuple[TraceView, ...]:
    """Every limit and rule as it went, for a reader; the organisation's after the type's own."""
    own = () if policy is None else trace(policy.guardrail, case.facts)
    beside = speaks_beside(case, semantics)
    if beside is None:
        return tuple(map(_line, own))
    facts = among(case.facts, shared(beside.guardrail, decision_type.definition))
    house = trace(beside.guardrail, facts)
    return (*map(_line, own), *(_line(line, f"{ORGANISATION}:") for line in house))


def _line(line: TraceLine, whose: str = "") -> TraceView:
    tests = tuple(
        TestView(text=test.text, seen=_value(test.seen), result=_word(test.result))
        for test in line.tests
    )
    return TraceView(id=whose + line.id, kind=line.kind, tests=tests, result=_word(line.result))


def _sentence(ruling: Ruling, changes: Sequence[Change], standing: Sequence[Reason]) -> str:
    why = "; ".join(dict.fromkeys(reason.text for reason in ruling.reasons))
    went: dict[Lane, Literal["automated", "reviewed", "escalated"]] = {
        Lane.AUTOMATE: "automated",
        Lane.REVIEW: "reviewed",
        Lane.ESCALATE: "escalated",
    }
    it_is = f"it is {went[ruling.lane]}, because {why}"
    if ruling.lane is Lane.AUTOMATE:
        return it_is
    if changes:
        others = ", or ".join(change.text for change in changes)
        return f"{it_is}; it would have been automated, if only {others}"
    return f"{it_is}; no other value of a single fact would have had it automated{_held(standing)}"


def _held(standing: Sequence[Reason]) -> str:
    """What has to change that is no fact."""
    return f": {' and '.join(reason.text for reason in standing)}" if standing else ""


def _shown(change: Change) -> ChangeView:
    return ChangeView(
        fact=change.fact, seen=_value(change.seen), value=_value(change.value), text=change.text
    )


def _value(value: FactValue | None) -> JsonValue:
    return None if value is None else recorded(value)


def _word(result: Truth) -> str:
    return "unknown" if result is None else str(result).lower()
