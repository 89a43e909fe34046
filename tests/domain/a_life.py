"""One decision and its decision type, driven through a life that anyone may interfere with.

Every command is tried by everybody at any time. Most are refused; whatever is accepted must keep
the invariants, which `Life` checks on each step.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.admission import facts_of
from domain.decision import acting, conflicting, judging, opening, reviewing, timing
from domain.decision import events as d
from domain.decision.acting import Report
from domain.decision.opening import Lots, dispatch
from domain.decision.reviewing import Choice
from domain.decision.state import Decision, Status, evolve, fold
from domain.decision.unsettled import RAISED
from domain.decision_type import commands as types
from domain.decision_type import state as type_state
from domain.decision_type.events import LifeEvent as TypeEvent
from domain.decision_type.state import DecisionType
from domain.model import OWNER_SEATS, Actor, ActorKind, Refusal, Seat, Stamp
from domain.policy.aggregate import PolicyVersion
from domain.routing import Case, route
from domain.values import Disposition, ExceptionCode, Lane, Reason, Receipt, Stage
from tests.domain.builders import (
    ANA,
    AUDRA,
    BO,
    BOT,
    CONFLICT_ID,
    CY,
    DAY,
    DI,
    HOUR,
    LARGE,
    MINUTE,
    NOON,
    OTHER_BOT,
    OTHER_ID,
    QUINN,
    RAE,
    REFUND,
    RULES,
    SAM,
    SMALL,
    SUSPICIOUS,
    TIMER,
    a_draw,
    a_person,
    a_recommendation,
    a_submission,
    by,
    opened,
)
from tests.domain.meanings import as_they_mean

FAY = a_person("fay", Seat.FALLBACK_OWNER)
EVERYBODY = [
    FAY,
    *(ANA, BO, CY, DI, RAE, SAM, QUINN, AUDRA, BOT, OTHER_BOT, TIMER),
    a_person("guest"),
    a_person("bot", Seat.REVIEWER),  # the producer's name in a reviewer's seat
    BOT.model_copy(update={"id": "robot", "seat": Seat.REVIEWER}),
    BOT.model_copy(update={"id": "di", "seat": Seat.ESCALATION_OWNER}),
]
actors = st.sampled_from(EVERYBODY)
reviewers = st.sampled_from([RAE, SAM, DI, RAE, SAM, DI, FAY, *EVERYBODY])
"""Those who may claim come up more often, so that lives get on."""
recommendations = st.builds(
    a_recommendation,
    st.sampled_from([*["refund"] * 8, "replace", "close_account", "not_an_action"]),
    st.sampled_from([*["0.95"] * 8, "0.7", "0.3", None]),
    st.sampled_from([*["0.1"] * 8, "0.9", None]),
)
"""Mostly well-behaved, so that lives get on; the rest is there for what it does to them."""
contexts = st.sampled_from([SMALL, LARGE, LARGE, SUSPICIOUS, SUSPICIOUS, {}, {"amount": None}])
choices = st.tuples(
    st.sampled_from(Disposition),
    st.sampled_from([*[None] * 4, "refund", "replace", "replace", "not_an_action"]),
    st.sampled_from([None, None, {}, {"to": "account"}]),
    st.sampled_from([None, "OVR.X", "OVR.X"]),
)

GOVERNS = ("suspend", "resume", "trip", "vacate", "assign", "vacate below", "assign below")

ACTS_ON_A_CHOICE = (d.Reviewed, d.Overridden, d.SecondReviewed, d.EscalationResolved)
AFTER_THE_END = (
    d.QualityConfirmed,
    d.QualityOverturned,
    d.Contested,
    d.Answered,
    d.OutcomeObserved,
    d.DeadlineMissed,
    d.ReversalAuthorised,
    d.Reversed,
    d.ReversalFailed,
)
Decide = Callable[[Stamp], Iterable[d.LifeEvent]]


class Life(RuleBasedStateMachine):
    """A decision among people, services and a clock."""

    decision: Decision
    history: list[d.LifeEvent]

    def __init__(self) -> None:
        super().__init__()
        self.now: datetime = NOON
        self.type = REFUND
        self.policy: PolicyVersion | None = RULES

    @initialize(
        recommendation=recommendations,
        context=contexts,
        expires=st.booleans(),
        quality=st.booleans(),
        policy=st.sampled_from([*[RULES] * 6, None]),
    )
    def is_recommended(
        self,
        recommendation: object,
        context: object,
        expires: bool,
        quality: bool,
        policy: PolicyVersion | None,
    ) -> None:
        self.policy = policy
        submission = a_submission(
            recommendation,  # type: ignore[arg-type]
            context,  # type: ignore[arg-type]
            expires_at=NOON + DAY if expires else None,
        )
        lots = Lots(quality=a_draw(sampled=quality))
        self.history = list(opened(submission, self.type, policy, lots))
        decision = fold(self.history)
        assert decision is not None
        self.decision = decision
        _an_authorisation_has_an_authority(self.history)

    # ── trying things

    def attempt(self, actor: Actor, decide: Decide) -> bool:
        """Someone tries something: it is refused, or its events keep the invariants."""
        stamp, before = by(actor, self.now), self.decision
        try:
            events = tuple(decide(stamp))
        except Refusal:
            return False
        _the_right_people(before, events, self.type)
        self.history.extend(events)
        for event in events:
            self.decision = evolve(self.decision, event)
        _check_step(before, events, self.decision, stamp)
        return bool(events)

    def govern(self, actor: Actor, decide: Callable[[Stamp], tuple[TypeEvent, ...]]) -> None:
        try:
            state = type_state.fold(decide(by(actor, self.now)), self.type)
        except Refusal:
            return
        assert state is not None
        self.type = state

    def routed(self, events: Iterable[d.LifeEvent], stamp: Stamp) -> tuple[d.LifeEvent, ...]:
        """These events, and what routing says of the decision after them."""
        happened = tuple(events)
        decision = self.decision
        for event in happened:
            decision = evolve(decision, event)
        facts = facts_of(decision.recommendation, decision.context, self.type.definition)
        ruling = route(
            Case(decision.recommendation, facts, producer=decision.producer), self.type, self.policy
        )
        return (*happened, *dispatch(decision, ruling, self.type, Lots(), stamp))

    # ── time

    @rule(by=st.sampled_from([MINUTE, MINUTE, 20 * MINUTE, HOUR, 5 * HOUR, 2 * DAY]))
    def time_passes(self, by: object) -> None:
        self.now += by  # type: ignore[operator]

    @rule()
    def the_clock_looks_at_it(self) -> None:
        ended = not self.decision.is_open
        moment = timing.next_moment(self.decision)
        fired = self.attempt(TIMER, lambda s: timing.strike(self.decision, self.type, s))
        if ended and fired:
            missed = self.history[-1]
            assert isinstance(missed, d.DeadlineMissed)
            assert missed.concerns_the_end, "a timer that fires after the end changes no choice"
        assert fired == (moment is not None and moment <= self.now), "neither early nor in vain"
        later = timing.next_moment(self.decision)
        assert later is None or not fired or later > self.now, "each moment fires once"

    @precondition(lambda self: not self.decision.is_open)
    @rule()
    def a_timer_fires_too_late(self) -> None:
        late, before = by(TIMER, self.now + 400 * DAY), self.decision
        events = tuple(timing.strike(before, self.type, late))
        after = fold(events, before)
        assert after is not None
        assert (after.status, after.action) == (before.status, before.action)
        assert not events or before.unsettled or before.reversal, "nobody waits, nobody is late"

    @precondition(lambda self: self.decision.authority is not None)
    @rule()
    def what_is_decided_does_not_expire(self) -> None:
        assert not tuple(timing.expire(self.decision, by(TIMER, self.now + 400 * DAY)))

    # ── people

    @rule(actor=reviewers)
    def someone_claims(self, actor: Actor) -> None:
        self.attempt(actor, lambda s: reviewing.claim(self.decision, 15 * MINUTE, self.type, s))

    @rule(actor=actors)
    def someone_releases(self, actor: Actor) -> None:
        self.attempt(actor, lambda s: reviewing.release(self.decision, s))

    @precondition(lambda self: self.decision.lease is not None)
    @rule(said=choices, other=st.none() | actors, resolves=st.booleans(), forged=st.booleans())
    def someone_disposes(
        self,
        said: tuple[Disposition, str | None, dict[str, str] | None, str | None],
        other: Actor | None,
        resolves: bool,
        forged: bool,
    ) -> None:
        lease = self.decision.lease
        assert lease is not None
        holder = next(a for a in EVERYBODY if a.id == lease.holder and a.is_person)
        disposition, action, parameters, reason = said
        choice = Choice.model_validate(
            {
                "disposition": disposition,
                "action": action,
                "parameters": parameters,
                "reason_code": reason,
                "lease_token": str(lease.token),
                "action_digest": "sha256:forged" if forged else lease.action_digest,
            }
        )
        dispose = reviewing.resolve if resolves else reviewing.review
        done = self.attempt(other or holder, lambda s: dispose(self.decision, choice, self.type, s))
        assert not (done and forged), "a disposition needs the digest of the action shown"

    @precondition(lambda self: self.decision.status.waits_for_a_person)
    @rule(actor=st.sampled_from([RAE, SAM, DI]), said=choices)
    def someone_claims_and_disposes(
        self, actor: Actor, said: tuple[Disposition, str | None, dict[str, str] | None, str | None]
    ) -> None:
        if self.attempt(actor, lambda s: reviewing.claim(self.decision, 15 * MINUTE, self.type, s)):
            escalated = self.decision.status is Status.ESCALATED
            self.someone_disposes(said, actor, escalated, False)

    @precondition(lambda self: self.decision.status is Status.IN_REVIEW)
    @rule(actor=st.sampled_from([RAE, SAM]))
    def someone_upholds(self, actor: Actor) -> None:
        self.someone_claims_and_disposes(actor, (Disposition.UPHOLD, None, None, None))

    @precondition(lambda self: self.decision.status.waits_for_a_person)
    @rule(
        actor=st.sampled_from([RAE, SAM, DI]), how=st.sampled_from(["digest", "version", "lease"])
    )
    def someone_upholds_what_they_did_not_see(self, actor: Actor, how: str) -> None:
        if not self.attempt(
            actor, lambda s: reviewing.claim(self.decision, 15 * MINUTE, self.type, s)
        ):
            return
        lease = self.decision.lease
        assert lease is not None
        moved = how == "version" and self.attempt(BOT, self._observed)
        choice = Choice(
            disposition=Disposition.UPHOLD,
            lease_token=str(lease.token),
            action_digest="sha256:forged" if how == "digest" else lease.action_digest,
        )
        if how == "lease":
            self.now = lease.expires_at
        if how in ("digest", "lease") or moved:
            self._is_refused(actor, choice)

    def _observed(self, stamp: Stamp) -> Iterable[d.LifeEvent]:
        return judging.observe_outcome(self.decision, True, None, self.now, self.type, stamp)

    def _is_refused(self, actor: Actor, choice: Choice) -> None:
        for dispose in (reviewing.review, reviewing.resolve):

            def decide(stamp: Stamp, f: Callable[..., Iterable[d.LifeEvent]] = dispose) -> Any:
                return f(self.decision, choice, self.type, stamp)

            assert not self.attempt(actor, decide)

    @precondition(lambda self: self.decision.first_review is not None)
    @rule()
    def the_first_pair_of_eyes_looks_again(self) -> None:
        first = self.decision.first_review
        assert first is not None
        again = a_person(first.person, Seat.REVIEWER)
        if self.decision.status is Status.AWAITING_SECOND_REVIEW:
            tried = self.attempt(
                again, lambda s: reviewing.claim(self.decision, 15 * MINUTE, self.type, s)
            )
            assert not tried, "the second pair of eyes belongs to another person"

    @rule(actor=actors)
    def an_old_token_does_not_serve(self, actor: Actor) -> None:
        choice = Choice(
            disposition=Disposition.UPHOLD,
            lease_token=str(UUID(int=1)),
            action_digest=self.decision.action_digest,
        )
        self._is_refused(actor, choice)

    # ── producers and subjects

    @rule(actor=actors, context=contexts)
    def someone_informs(self, actor: Actor, context: dict[str, object]) -> None:
        def decide(stamp: Stamp) -> Iterable[d.LifeEvent]:
            known = {k: str(v) for k, v in context.items() if k == "amount" and v is not None}
            events = opening.provide_information(self.decision, dict(known), None, self.type, stamp)
            held = self.decision.status is Status.HELD
            return self.routed(events, stamp) if held else events

        self.attempt(actor, decide)

    @rule(actor=actors, amount=st.sampled_from(["20", "900"]))
    def the_subject_moves_on(self, actor: Actor, amount: str) -> None:
        def decide(stamp: Stamp) -> Iterable[d.LifeEvent]:
            events = opening.reroute(self.decision, "2", {"amount": amount}, self.type, stamp)
            return self.routed(events, stamp)

        self.attempt(actor, decide)

    @precondition(lambda self: len(self.history) > 4)
    @rule()
    def another_recommendation_conflicts(self) -> None:
        self.attempt(
            OTHER_BOT,
            lambda s: conflicting.hold_for_conflict(self.decision, CONFLICT_ID, self.type, s),
        )

    @rule(wins=st.sampled_from([True, True, False, None]))
    def the_conflict_is_settled(self, wins: bool | None) -> None:
        if wins:
            reason = Reason(code="APR.ARBITRATED", text="di chose this one")
            self.attempt(
                DI, lambda s: self.routed(conflicting.release_conflict(self.decision, reason, s), s)
            )
        elif len(self.history) > 6:  # later, so that lives last
            winner = None if wins is None else OTHER_ID
            self.attempt(DI, lambda s: conflicting.lose_conflict(self.decision, winner, s))

    @precondition(lambda self: len(self.history) > 8)
    @rule(actor=actors, command=st.sampled_from(["supersede", "withdraw", "stale"]))
    def someone_ends_it(self, actor: Actor, command: str) -> None:
        commands: dict[str, Decide] = {
            "supersede": lambda s: opening.supersede(self.decision, OTHER_ID, s),
            "withdraw": lambda s: opening.withdraw(self.decision, None, s),
            "stale": lambda s: opening.expire_stale(self.decision, s),
        }
        self.attempt(actor, commands[command])

    # ── the action, and afterwards

    @rule(actor=st.sampled_from([BOT, BOT, BOT, *EVERYBODY]), status=st.sampled_from(Receipt))
    def someone_reports(self, actor: Actor, status: Receipt) -> None:
        self.attempt(
            actor, lambda s: acting.report(self.decision, Report(status=status), self.type, s)
        )

    @rule(actor=actors)
    def someone_has_it_undone(self, actor: Actor) -> None:
        self.attempt(actor, lambda s: acting.reverse(self.decision, "REV.X", None, self.type, s))

    @rule(actor=actors, confirms=st.booleans())
    def someone_judges(self, actor: Actor, confirms: bool) -> None:
        self.attempt(
            actor, lambda s: judging.judge_quality(self.decision, confirms, None, self.type, s)
        )

    @rule(actor=actors)
    def someone_contests(self, actor: Actor) -> None:
        self.attempt(actor, lambda s: judging.contest(self.decision, None, self.type, s))

    @rule(actor=actors, code=st.sampled_from(sorted(RAISED.values())))
    def someone_answers(self, actor: Actor, code: ExceptionCode) -> None:
        self.attempt(
            actor, lambda s: judging.answer(self.decision, code, "REV.X", None, self.type, s)
        )

    @precondition(lambda self: not self.decision.status.waits_for_a_person)
    @rule(actor=actors, correct=st.sampled_from([None, True, False]))
    def someone_observes(self, actor: Actor, correct: bool | None) -> None:
        self.attempt(
            actor,
            lambda s: judging.observe_outcome(
                self.decision, correct, "refund", self.now, self.type, s
            ),
        )

    # ── governing

    @rule(actor=actors, command=st.sampled_from(GOVERNS))
    def someone_governs(self, actor: Actor, command: str) -> None:
        commands: dict[str, Callable[[Stamp], tuple[TypeEvent, ...]]] = {
            "suspend": lambda s: types.suspend(self.type, "HALT.X", None, s),
            "resume": lambda s: types.resume(self.type, "HALT.X", None, s),
            "trip": lambda s: types.trip_breaker(self.type, "overturns", "3 of 10", s),
            "vacate": lambda s: types.vacate_owner(self.type, Seat.ESCALATION_OWNER, s),
            "assign": lambda s: types.assign_owner(self.type, Seat.ESCALATION_OWNER, "di", s),
            "vacate below": lambda s: types.vacate_owner(self.type, Seat.DECISION_OWNER, s),
            "assign below": lambda s: types.assign_owner(self.type, Seat.DECISION_OWNER, "ana", s),
        }
        self.govern(actor, commands[command])

    @rule(
        roster=st.sampled_from(
            [None, None, ("rae", "sam"), ("rae", "sam", "di"), ("sam", "bot"), ()]
        )
    )
    def the_roster_changes(self, roster: tuple[str, ...] | None) -> None:
        definition = self.type.definition.model_copy(update={"reviewers": roster})
        self.govern(ANA, lambda s: types.draft(self.type, definition, s))

    @rule(lane=st.sampled_from([Lane.REVIEW, Lane.ESCALATE]))
    def the_safe_defaults_change(self, lane: Lane) -> None:
        before = self.type.definition.exceptions
        after = {
            code: one.model_copy(update={"safe_default": lane}) for code, one in before.items()
        }
        definition = self.type.definition.model_copy(update={"exceptions": after})
        self.govern(ANA, lambda s: types.draft(self.type, definition, s))

    @rule(actor=st.sampled_from([ANA, CY, BO]), stage=st.sampled_from(Stage))
    def someone_proposes_a_stage(self, actor: Actor, stage: Stage) -> None:
        share = Decimal("0.5") if stage is Stage.PARTIAL else Decimal(0)
        self.govern(actor, lambda s: types.propose_stage(self.type, stage, share, s))

    # ── what holds at every moment

    @invariant()
    def it_is_in_exactly_one_lane_or_has_exactly_one_end(self) -> None:
        now = self.decision
        assert now.is_open == (now.ended_at is None)
        assert (now.status is Status.HELD) == (now.held_for is not None)
        match now.status:
            case Status.IN_REVIEW | Status.AWAITING_SECOND_REVIEW:
                assert now.lane is Lane.REVIEW
            case Status.ESCALATED:
                assert now.lane is Lane.ESCALATE
            case Status.AWAITING_INFORMATION:
                assert now.lane in (Lane.REVIEW, Lane.ESCALATE)
            case Status.ACTIONED | Status.ACTION_FAILED | Status.ACTION_UNKNOWN:
                assert (now.lane is Lane.AUTOMATE) == (now.authority == "policy")
            case _:
                assert now.status is Status.HELD or now.status.is_end

    @invariant()
    def at_most_one_action_is_authorised(self) -> None:
        authorised = [e for e in self.history if isinstance(e, d.ActionAuthorised)]
        assert len(authorised) <= 1
        assert (self.decision.authority is None) == (not authorised)
        assert (self.decision.action is None) == (not authorised)

    @invariant()
    def while_it_is_open_it_has_a_seat_a_queue_and_a_deadline(self) -> None:
        place = self.decision.placement
        if self.decision.is_open:
            assert place is not None
            assert place.queue
            assert place.seat in OWNER_SEATS
            assert place.person, "an empty seat falls to the fallback owner"

    @invariant()
    def its_history_says_the_same(self) -> None:
        assert fold(self.history) == self.decision
        versions = [event.originator_version for event in self.history]
        assert versions == list(range(1, len(versions) + 1))


def _check_step(
    before: Decision, events: tuple[d.LifeEvent, ...], after: Decision, stamp: Stamp
) -> None:
    if not before.is_open:
        assert all(isinstance(event, AFTER_THE_END) for event in events)
        assert after.ended_at == before.ended_at
        undone = (before.status, after.status) == (Status.COMPLETED, Status.REVERSED)
        assert undone or after.status is before.status, "it never reopens"
    if stamp.actor.kind is ActorKind.TIMER:
        assert after.authority == before.authority, "a timeout never approves"
    if before.in_conflict:
        _only_arbitration_settles_it(before, events, after)
    assert as_they_mean(before, after)
    for event in events:
        _a_persons_part_is_a_persons(before, event)
    _an_authorisation_has_an_authority(events)


def _only_arbitration_settles_it(
    before: Decision, events: tuple[d.LifeEvent, ...], after: Decision
) -> None:
    """It stays in the conflict until it is released or ends, whatever deadline passes."""
    released = any(isinstance(event, d.HoldReleased) for event in events)
    assert released or not after.is_open or after.conflict == before.conflict
    assert released or after.authority is None


def _the_right_people(
    before: Decision, events: tuple[d.LifeEvent, ...], kind: DecisionType
) -> None:
    """Who reviews is on the roster, and nothing waits for people who are not there."""
    roster = kind.definition.reviewers
    for event in events:
        if isinstance(event, d.RoutedToReview):
            needed = 2 if event.routing.four_eyes else 1
            assert event.placement.person == kind.owner(Seat.DECISION_OWNER)
            assert kind.shortage(needed, apart_from=(before.producer,)) is None
        if isinstance(event, d.AutoActioned):
            assert not kind.is_vacant(Seat.DECISION_OWNER)
        if isinstance(event, d.Escalated):
            fallback = kind.is_vacant(Seat.ESCALATION_OWNER)
            assert (ExceptionCode.OWNER_VACANT in event.raises) >= fallback == event.vacant
            assert (event.placement.person == "fay") == (fallback or event.level > 1)
        if isinstance(event, d.Reviewed | d.Overridden | d.SecondReviewed):
            assert roster is None or event.actor.id in roster
    after = fold(events, before)
    assert after is not None
    first = after.first_review
    if after.status is Status.AWAITING_SECOND_REVIEW and first and not before.first_review:
        assert kind.shortage(1, apart_from=(before.producer, first.person)) is None


def _a_persons_part_is_a_persons(before: Decision, event: d.LifeEvent) -> None:
    if isinstance(event, d.Claimed | d.ReversalAuthorised | d.QualityConfirmed):
        assert event.actor.is_person
    referred = isinstance(event, d.Escalated) and event.reason.code == "ESC.REFERRED"
    if referred or isinstance(event, (*ACTS_ON_A_CHOICE, d.InformationRequested)):
        lease = before.lease
        assert event.actor.is_person
        assert lease is not None
        assert lease.is_live(event.timestamp)
        assert (lease.holder, lease.version) == (event.actor.id, before.version)
        assert lease.action_digest == before.action_digest
        assert event.actor.id != before.producer
    if isinstance(event, d.SecondReviewed):
        assert before.first_review is not None
        assert event.actor.id != before.first_review.person


def _an_authorisation_has_an_authority(events: Iterable[d.LifeEvent]) -> None:
    """In the same breath as every authorisation, a policy or a person says so."""
    said: list[d.LifeEvent] = []
    for event in events:
        if isinstance(event, d.ActionAuthorised):
            policys = any(isinstance(one, d.AutoActioned) for one in said)
            persons = any(isinstance(one, ACTS_ON_A_CHOICE) for one in said)
            assert (event.authority == "policy", event.authority == "person") == (policys, persons)
            assert event.actor.is_person == persons
            assert not any(isinstance(one, d.SecondReviewed) and not one.agrees for one in said)
        said.append(event)
