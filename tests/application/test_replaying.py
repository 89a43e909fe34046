"""Would the same rules say the same today? Every kind of routing, and what tampering looks like."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import pytest

from application.desk import NoSuchDecision
from application.replaying import Archive, DecisionReplay, Difference, replay_history
from application.replaying_log import replay_log
from domain.decision import events as d
from domain.decision.events import LifeEvent
from domain.guardrail.document import Limit
from domain.routing import SEMANTICS
from domain.values import Lane, PolicyRef
from tests.application.office import Office, an_adoption, an_office, run
from tests.domain.builders import (
    DAY,
    LARGE,
    OTHER_ID,
    SMALL,
    SUSPICIOUS,
    a_definition,
    a_guardrail,
    a_recommendation,
    a_submission,
    at_least,
    ruling_on,
)

Story = Callable[[Office], UUID]


def automated(office: Office) -> UUID:
    return office.recommend().decision.id


def reviewed(office: Office) -> UUID:
    id = office.recommend(context=LARGE).decision.id
    office.choose(id, "override", action="replace", reason_code="OVR.X")
    return id


def looked_at_by_two(office: Office) -> UUID:
    id = office.recommend(context=SUSPICIOUS).decision.id
    office.choose(id)
    office.choose(id, who="sam")
    return id


def escalated_for_uncertainty(office: Office) -> UUID:
    return office.recommend(recommendation=a_recommendation(confidence="0.3")).decision.id


def escalated_without_confidence(office: Office) -> UUID:
    return office.recommend(recommendation=a_recommendation(confidence=None)).decision.id


def irreversible(office: Office) -> UUID:
    return office.recommend(recommendation=a_recommendation("close_account")).decision.id


def escalated_by_the_clock(office: Office) -> UUID:
    id = office.recommend(context=LARGE).decision.id
    office.pass_time(DAY)
    office.strike(id)
    return id


def held_and_informed(office: Office) -> UUID:
    id = office.recommend(context={}).decision.id
    office.inform(id, SMALL)
    return id


def refreshed(office: Office) -> UUID:
    id = office.recommend(context=LARGE).decision.id
    office.refresh(id, "2", SMALL)
    return id


def halted(office: Office) -> UUID:
    office.suspend()
    id = office.recommend().decision.id
    office.resume()
    return id


def arbitrated(office: Office) -> UUID:
    one = office.recommend(context=LARGE).decision
    other = office.recommend("other-bot", recommendation=a_recommendation("replace")).decision
    office.arbitrate(other.conflict, one.id)
    return one.id


def while_a_seat_was_empty(office: Office) -> UUID:
    office.vacate("decision_owner")
    id = office.recommend().decision.id
    office.assign("decision_owner", "ana", "cy")
    return id


def under_a_roster_of_nobody_else(office: Office) -> UUID:
    office.adopt(an_adoption(a_definition(reviewers=("bot",))))
    id = office.recommend(context=LARGE).decision.id
    office.adopt()
    return id


def under_an_older_policy(office: Office) -> UUID:
    id = office.recommend().decision.id
    stricter = Limit(id="surer", require=at_least("confidence", "0.99"), reason="SURER")
    office.adopt(an_adoption(guardrail=a_guardrail(limits=(stricter,))))
    return id


STORIES: list[Story] = [
    automated,
    reviewed,
    looked_at_by_two,
    escalated_for_uncertainty,
    escalated_without_confidence,
    irreversible,
    escalated_by_the_clock,
    held_and_informed,
    refreshed,
    halted,
    arbitrated,
    while_a_seat_was_empty,
    under_a_roster_of_nobody_else,
    under_an_older_policy,
]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_every_decision_replays_as_it_was_recorded(story: Story) -> None:
    office = an_office()
    replayed = office.replayed(story(office))
    assert replayed.verdict == "match"
    assert replayed.routings
    assert not any(routing.differences for routing in replayed.routings)


def test_the_whole_log_replays_in_one_pass() -> None:
    office = an_office()
    for story in STORIES[:-1]:
        id = story(office)
        if office.decision(id).authority and office.decision(id).is_open:
            office.report(id)
        elif office.decision(id).is_open:
            office.withdraw(id, who=office.decision(id).producer)
    said = run(replay_log(office.desk, page=7))
    assert (said.drifted, said.matches) == ((), said.routings)
    assert said.decisions == len(STORIES)  # one story has two
    assert said.routings > len(STORIES)


def test_a_decision_that_was_routed_twice_is_replayed_twice() -> None:
    office = an_office()
    replayed = office.replayed(held_and_informed(office))
    assert [routing.version for routing in replayed.routings] == [2, 5]


def test_what_nobody_recommended_is_not_replayed() -> None:
    with pytest.raises(NoSuchDecision):
        an_office().replayed(OTHER_ID)


# ── tampering


@dataclass
class Tampered:
    """A decision's history in which somebody changed what routing had said."""

    office: Office
    history: Sequence[LifeEvent]

    def replayed(self) -> DecisionReplay:
        archive = Archive(self.office.desk)
        id = self.history[0].originator_id
        return run(replay_history(id, self.history, archive))

    @property
    def differences(self) -> tuple[Difference, ...]:
        replayed = self.replayed()
        assert replayed.verdict == "drift"
        return replayed.routings[0].differences


def with_routing(**changes: object) -> Tampered:
    office = an_office()
    history = run(office.desk.history(automated(office)))
    acted = history[1]
    assert isinstance(acted, d.AutoActioned)
    routing = acted.routing.model_copy(update=changes)
    history[1] = acted.model_copy(update={"routing": routing})
    return Tampered(office, history)


def test_an_honest_history_does_not_drift() -> None:
    assert with_routing().replayed().verdict == "match"


def before_seats_were_asked_for() -> Tampered:
    """A history of the time when an empty seat fell to the fallback owner unnoticed."""
    office = an_office()
    kind = office.vacate("decision_owner")
    history = run(office.desk.history(automated(office)))
    ruling = ruling_on(a_submission(), kind, semantics="v1")
    routing = d.Routing(
        lane=ruling.lane,
        rule=ruling.rule,
        reasons=ruling.reasons,
        policy=ruling.policy,
        decision_type_version=kind.version,
        trace_digest=ruling.trace_digest,
    )
    escalated = history[1]
    assert isinstance(escalated, d.Escalated)
    common = {name: getattr(escalated, name) for name in d.DecisionEvent.model_fields}
    return Tampered(office, [history[0], d.AutoActioned(**common, routing=routing)])


def test_what_was_routed_by_an_older_engine_is_replayed_by_it() -> None:
    replayed = before_seats_were_asked_for().replayed()
    assert replayed.verdict == "match"
    assert [(one.lane, one.semantics) for one in replayed.routings] == [("automate", "v1")]


def test_an_engine_that_is_not_known_here_drifts() -> None:
    (difference,) = with_routing(semantics="v99").differences
    assert (difference.cause, difference.field) == ("engine", "semantics")
    assert (difference.recorded, difference.replayed) == ("v99", SEMANTICS)


def test_a_changed_lane_drifts() -> None:
    assert with_routing(lane=Lane.REVIEW).differences == (
        Difference(cause="engine", field="lane", recorded="review", replayed="automate"),
    )


def test_a_changed_rule_drifts() -> None:
    assert with_routing(rule="large").differences == (
        Difference(cause="engine", field="rule", recorded="large", replayed="automate"),
    )


def test_a_changed_reason_drifts() -> None:
    (difference,) = with_routing(reasons=()).differences
    assert (difference.field, difference.recorded) == ("reasons", "")


def test_a_changed_trace_drifts() -> None:
    (difference,) = with_routing(trace_digest="sha256:0").differences
    assert (difference.cause, difference.field) == ("input", "trace_digest")


def test_a_changed_policy_hash_drifts() -> None:
    ref = PolicyRef(version=1, hash="sha256:0", semantics="v1")
    (difference,) = with_routing(policy=ref).differences
    assert (difference.cause, difference.field) == ("policy", "hash")


@pytest.mark.parametrize("version", [2, 99])
def test_a_policy_that_is_not_on_record_drifts(version: int) -> None:
    ref = PolicyRef(version=version, hash=a_guardrail().digest, semantics="v1")
    (difference,) = with_routing(policy=ref).differences
    assert difference.replayed == "no longer on record"


def test_no_policy_where_there_was_one_drifts() -> None:
    assert {one.field for one in with_routing(policy=None).differences} >= {"lane", "rule"}


@pytest.mark.parametrize(
    "changes",
    [
        {"context": {"amount": "41", "suspicious": False}},
        {"recommendation": a_recommendation(confidence="0.94")},
        {"recommendation": a_recommendation(risk="0.11")},
    ],
)
def test_changed_input_drifts(changes: dict[str, object]) -> None:
    office = an_office()
    history = run(office.desk.history(automated(office)))
    history[0] = history[0].model_copy(update=changes)
    differences = Tampered(office, history).differences
    assert [one.cause for one in differences] == ["input"]
