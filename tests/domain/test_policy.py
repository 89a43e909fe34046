"""The life of a policy's versions: who may do what, and which version is in force when."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain.decision_type.commands import NotYourSeat
from domain.guardrail.difference import Difference, compare
from domain.guardrail.document import Guardrail, Rule
from domain.model import Actor, Forbidden, Malformed, Refusal, Seat, Unauthorised, envelope
from domain.policy import force, life
from domain.policy.aggregate import (
    NoSuchVersion,
    Policy,
    Standing,
    evolve,
    fold,
    stream_id,
)
from domain.policy.events import Activated, Drafted, LifeEvent, Retired, RolledBack
from domain.policy.gate import Check, Floor, Gate, GateClosed
from domain.policy.signing import (
    AlreadyActive,
    NeverServed,
    NotApproved,
    OutdatedSignature,
    OwnDraft,
    OwnProposal,
    WrongStanding,
)
from domain.values import Lane, PolicyRef
from tests.domain.builders import (
    ANA,
    BO,
    BOT,
    CY,
    DI,
    HOUR,
    NOON,
    REFUND,
    a_guardrail,
    a_person,
    above,
    by,
)

OPEN = Gate(checks=(Check(question="claims", passed=True, text="all hold"),))
SHUT = Gate(checks=(Check(question="claims", passed=False, text="one does not hold"),))


def amounts_above(limit: int) -> Guardrail:
    """The policy with another limit to what is looked at."""
    large = Rule(id="large", when=above("amount", str(limit)), then=Lane.REVIEW, reason="LARGE")
    rules = tuple(large if rule.id == "large" else rule for rule in a_guardrail().rules)
    return a_guardrail(rules=rules)


BASE, TIGHTER, LOOSER = amounts_above(100), amounts_above(50), amounts_above(200)


def difference_of(policy: Policy, version: int, at: Any = NOON) -> Difference:
    active = policy.at(at).active
    return compare(active.guardrail if active else None, policy.versions[version].guardrail)


def after(policy: Policy | None, events: tuple[LifeEvent, ...]) -> Policy:
    state = fold(events, policy)
    assert state is not None
    return state


def drafted(*guardrails: Guardrail, author: Actor = BO) -> Policy:
    policy: Policy | None = None
    for guardrail in guardrails or (BASE,):
        events = life.draft(policy, "refund", "text", "sha256:text", guardrail, by(author))
        policy = after(policy, events)
    assert policy is not None
    return policy


def proposed(policy: Policy, version: int, who: Actor = BO, gate: Gate = OPEN) -> Policy:
    changes = difference_of(policy, version)
    events = life.propose(policy, REFUND, version, changes, gate, (), None, by(who))
    return after(policy, events)


def approved(policy: Policy, version: int, who: Actor = CY) -> Policy:
    policy = proposed(policy, version)
    changes = difference_of(policy, version)
    return after(policy, life.approve(policy, REFUND, version, changes, OPEN, None, by(who)))


def activation(
    policy: Policy, version: int, who: Actor = BO, gate: Gate = OPEN, at: Any = None
) -> tuple[LifeEvent, ...]:
    changes = difference_of(policy, version)
    return force.activate(policy, REFUND, version, changes, gate, at, None, by(who))


def in_force(policy: Policy, version: int) -> Policy:
    policy = approved(policy, version)
    return after(policy, activation(policy, version))


def test_a_version_is_written_with_its_text_its_meaning_and_its_digest() -> None:
    assert life.draft(None, "refund", "text", "sha256:text", BASE, by(BO)) == (
        Drafted(
            **envelope(stream_id("refund"), 1, by(BO)),
            decision_type="refund",
            policy_version=1,
            source="text",
            source_digest="sha256:text",
            guardrail=BASE,
            digest=BASE.digest,
        ),
    )


def test_the_next_version_stands_beside_the_one_before() -> None:
    policy = drafted(BASE, TIGHTER)
    assert list(policy.versions) == [1, 2]
    assert policy.versions[1].digest != policy.versions[2].digest
    assert policy.active is None


def test_an_approved_version_is_put_into_force() -> None:
    policy = approved(drafted(), 1)
    assert activation(policy, 1) == (
        Activated(
            **policy.next(by(BO)),
            decision_type="refund",
            policy_version=1,
            digest=BASE.digest,
            gate=OPEN,
        ),
    )
    version = in_force(drafted(), 1).active
    assert version is not None
    assert version.ref == PolicyRef(version=1, hash=BASE.digest, semantics="v1")


@pytest.mark.parametrize("actor", [DI, BOT, a_person("eve", Seat.RISK_OWNER)])
def test_nobody_but_an_owner_puts_one_into_force(actor: Actor) -> None:
    with pytest.raises(NotYourSeat):
        activation(approved(drafted(), 1), 1, actor)


def test_nothing_is_put_into_force_unapproved() -> None:
    for policy in (drafted(), proposed(drafted(), 1)):
        with pytest.raises(NotApproved):
            activation(policy, 1)


def test_what_does_not_pass_the_gate_is_neither_proposed_nor_approved_nor_put_into_force() -> None:
    with pytest.raises(GateClosed, match="claims: one does not hold"):
        proposed(drafted(), 1, gate=SHUT)
    policy = proposed(drafted(), 1)
    with pytest.raises(GateClosed):
        life.approve(policy, REFUND, 1, difference_of(policy, 1), SHUT, None, by(CY))
    with pytest.raises(GateClosed):
        activation(approved(drafted(), 1), 1, gate=SHUT)


def test_whoever_wrote_or_proposed_a_version_does_not_approve_it() -> None:
    policy = proposed(drafted(author=CY), 1, BO)
    with pytest.raises(OwnDraft):
        life.approve(policy, REFUND, 1, difference_of(policy, 1), OPEN, None, by(CY))
    policy = proposed(drafted(author=BO), 1, CY)
    with pytest.raises(OwnProposal):
        life.approve(policy, REFUND, 1, difference_of(policy, 1), OPEN, None, by(CY))


def test_what_relaxes_is_the_risk_owners_to_approve_and_what_does_not_is_either_ones() -> None:
    policy = proposed(in_force(drafted(BASE, LOOSER, author=ANA), 1), 2, ANA)
    with pytest.raises(NotYourSeat):
        life.approve(policy, REFUND, 2, difference_of(policy, 2), OPEN, None, by(BO))
    policy = proposed(in_force(drafted(BASE, TIGHTER, author=ANA), 1), 2, ANA)
    for who in (BO, CY):
        assert life.approve(policy, REFUND, 2, difference_of(policy, 2), OPEN, None, by(who))


def test_what_means_the_same_needs_nobody() -> None:
    policy = in_force(drafted(BASE, BASE.model_copy(update={"title": "told otherwise"})), 1)
    policy = proposed(policy, 2)
    assert after(policy, activation(policy, 2)).active_version == 2


def test_a_signature_holds_for_the_versions_and_reports_that_were_signed() -> None:
    both = approved(approved(drafted(BASE, TIGHTER), 1), 2)
    moved = after(both, activation(both, 1))
    with pytest.raises(OutdatedSignature, match="another version is in force"):
        activation(moved, 2)
    other = Gate(checks=(Check(question="claims", passed=True, text="otherwise"),))
    with pytest.raises(OutdatedSignature, match="say something else"):
        activation(approved(drafted(), 1), 1, gate=other)


def test_what_changed_is_told_against_what_is_in_force() -> None:
    policy = drafted(BASE, TIGHTER)
    before = difference_of(policy, 2)
    moved = in_force(policy, 1)
    with pytest.raises(OutdatedSignature, match="has come into force"):
        life.propose(moved, REFUND, 2, before, OPEN, (), None, by(BO))


def test_a_rehearsal_meanwhile_does_not_outdate_a_signature() -> None:
    more = Check(question="rehearsal", passed=True, text="one is on record", digest="sha256:r")
    assert Gate(checks=(*OPEN.checks, more)).digest == OPEN.digest


def test_what_is_in_force_is_not_put_into_force_again() -> None:
    with pytest.raises(AlreadyActive):
        activation(in_force(drafted(), 1), 1)


def test_only_a_version_that_was_written_is_put_into_force() -> None:
    policy = drafted()
    changes = difference_of(policy, 1)
    with pytest.raises(NoSuchVersion, match="known are 1"):
        force.activate(policy, REFUND, 2, changes, OPEN, None, None, by(CY))


def test_another_specification_takes_the_signatures_away() -> None:
    policy = approved(drafted(), 1)
    policy = after(policy, life.specify(policy, REFUND, 1, "Feature:", "sha256:f", by(BO)))
    known = policy.versions[1]
    assert (known.standing, known.proposal, known.approval) == (Standing.DRAFT, None, None)
    assert life.specify(policy, REFUND, 1, "Feature:", "sha256:f", by(BO)) == ()


def test_a_version_comes_into_force_at_its_moment() -> None:
    policy = approved(in_force(drafted(BASE, TIGHTER), 1), 2)
    policy = after(policy, activation(policy, 2, at=NOON + HOUR))
    just_before = NOON + HOUR - timedelta(microseconds=1)
    assert [policy.at(t).active_version for t in (NOON, just_before, NOON + HOUR)] == [1, 1, 2]
    with pytest.raises(WrongStanding, match="refuse it to stop that"):
        proposed(policy, 2)
    stopped = after(policy, life.refuse(policy, REFUND, 2, None, by(CY)))
    assert stopped.at(NOON + 2 * HOUR).active_version == 1


@pytest.mark.parametrize("at", [NOON, NOON - HOUR])
def test_a_moment_to_come_is_after_now(at: Any) -> None:
    with pytest.raises(Malformed, match="at: found"):
        activation(approved(drafted(), 1), 1, at=at)


def test_whatever_comes_into_force_before_takes_the_place_of_what_was_to_come() -> None:
    policy = approved(approved(in_force(drafted(BASE, TIGHTER, LOOSER), 1), 2), 3)
    policy = after(policy, activation(policy, 2, at=NOON + HOUR))
    policy = after(policy, activation(policy, 3))
    assert policy.at(NOON + 2 * HOUR).active_version == 3


def test_a_version_that_was_in_force_comes_into_force_again() -> None:
    policy = in_force(in_force(drafted(BASE, TIGHTER, LOOSER), 1), 2)
    changes = difference_of(policy, 1)
    (event,) = force.roll_back(policy, REFUND, 1, changes, "too many reviews", by(CY))
    assert isinstance(event, RolledBack)
    assert (event.instead_of, event.relaxes) == (2, True)
    assert evolve(policy, event).active_version == 1
    with pytest.raises(NotYourSeat):
        force.roll_back(policy, REFUND, 1, changes, None, by(BO))
    with pytest.raises(NeverServed):
        force.roll_back(policy, REFUND, 3, difference_of(policy, 3), None, by(CY))


def test_a_retired_version_leaves_nothing_in_force() -> None:
    policy = in_force(drafted(), 1)
    policy = after(policy, force.retire(policy, REFUND, 1, None, by(CY)))
    assert policy.active is None
    with pytest.raises(WrongStanding):
        force.roll_back(policy, REFUND, 1, difference_of(policy, 1), None, by(CY))
    assert force.retire(policy, REFUND, 1, None, by(CY)) == ()


def test_retiring_another_version_leaves_the_one_in_force() -> None:
    policy = in_force(drafted(BASE, TIGHTER), 1)
    retired = Retired(**policy.next(by(CY)), decision_type="refund", policy_version=2)
    assert evolve(policy, retired).active == policy.active


def test_the_risk_owner_sets_the_floor() -> None:
    floor = Floor(covered=Decimal("0.5"))
    events = life.set_floor(None, REFUND, floor, None, by(CY))
    assert after(None, events).floor == floor
    assert life.set_floor(after(None, events), REFUND, floor, None, by(CY)) == ()
    with pytest.raises(NotYourSeat):
        life.set_floor(None, REFUND, floor, None, by(BO))


# ── any life

GUARDRAILS = (BASE, TIGHTER, LOOSER)
ACTORS = st.sampled_from((ANA, BO, CY, DI, BOT))
VERSIONS = st.integers(1, 4)
GATES = st.sampled_from((OPEN, OPEN, OPEN, SHUT))
DIFFERENCES = {
    (old.digest if old else None, new.digest): compare(old, new)
    for old in (None, *GUARDRAILS)
    for new in GUARDRAILS
}


class AnyLife(RuleBasedStateMachine):
    """Everybody tries everything at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.history: list[LifeEvent] = []
        self.policy: Policy | None = None

    @initialize()
    def begin(self) -> None:
        self._do(lambda _: life.draft(None, "refund", "t", "sha256:t", BASE, by(BO, self.now)))

    @property
    def known(self) -> Policy:
        assert self.policy is not None
        return self.policy

    def _difference(self, version: int) -> Difference:
        active = self.known.at(self.now).active
        candidate = self.known.versions.get(version, self.known.versions[1])
        return DIFFERENCES[active.digest if active else None, candidate.digest]

    def _do(self, command: Callable[[Policy | None], tuple[LifeEvent, ...]]) -> None:
        try:
            events = command(self.policy)
        except Refusal as refusal:
            assert isinstance(refusal, Forbidden | Unauthorised | NoSuchVersion | Malformed)
            return
        for event in events:
            self._check(event)
            self.history.append(event)
            self.policy = evolve(self.policy, event)

    def _check(self, event: LifeEvent) -> None:
        """Nothing comes into force for the first time that did not pass and was not signed."""
        if not isinstance(event, Activated):
            return
        assert event.gate is not None and event.gate.passed
        signed = self.known.versions[event.policy_version]
        active = self.known.at(self.now).active
        bound = signed.approval or signed.proposal
        assert bound is not None
        assert bound.bound.against == (active.digest if active else None)
        assert bound.bound.digest == event.digest
        if signed.approval is None:
            assert signed.proposal is not None and signed.proposal.approver is None
        else:
            assert signed.proposal is not None
            assert signed.approval.by not in (signed.proposal.by, signed.drafted_by)
            if signed.proposal.relaxes:
                assert signed.approval.seat is Seat.RISK_OWNER

    @rule(minutes=st.integers(1, 90))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(who=st.sampled_from((ANA, BO)), guardrail=st.sampled_from(GUARDRAILS))
    def draft(self, who: Actor, guardrail: Guardrail) -> None:
        if len(self.known.versions) < 4:
            stamp = by(who, self.now)
            self._do(lambda p: life.draft(p, "refund", "t", "sha256:t", guardrail, stamp))

    @rule(who=ACTORS, version=VERSIONS, text=st.sampled_from(("a", "b")))
    def specify(self, who: Actor, version: int, text: str) -> None:
        stamp = by(who, self.now)
        self._do(lambda _: life.specify(self.known, REFUND, version, text, text, stamp))

    @rule(who=ACTORS, version=VERSIONS, gate=GATES)
    def propose(self, who: Actor, version: int, gate: Gate) -> None:
        stamp, found = by(who, self.now), self._difference(version)
        self._do(lambda _: life.propose(self.known, REFUND, version, found, gate, (), None, stamp))

    @rule(who=ACTORS, version=VERSIONS, gate=GATES)
    def approve(self, who: Actor, version: int, gate: Gate) -> None:
        stamp, found = by(who, self.now), self._difference(version)
        self._do(lambda _: life.approve(self.known, REFUND, version, found, gate, None, stamp))

    @rule(who=ACTORS, version=VERSIONS)
    def refuse(self, who: Actor, version: int) -> None:
        stamp = by(who, self.now)
        self._do(lambda _: life.refuse(self.known, REFUND, version, None, stamp))

    @rule(who=ACTORS, version=VERSIONS, gate=GATES, delay=st.integers(-5, 90) | st.none())
    def activate(self, who: Actor, version: int, gate: Gate, delay: int | None) -> None:
        stamp, found = by(who, self.now), self._difference(version)
        at = None if delay is None else self.now + timedelta(minutes=delay)
        self._do(
            lambda _: force.activate(self.known, REFUND, version, found, gate, at, None, stamp)
        )

    @rule(who=ACTORS, version=VERSIONS)
    def roll_back(self, who: Actor, version: int) -> None:
        stamp, found = by(who, self.now), self._difference(version)
        served = {e.policy_version for e in self.history if isinstance(e, Activated | RolledBack)}
        before = len(self.history)
        self._do(lambda _: force.roll_back(self.known, REFUND, version, found, None, stamp))
        assert len(self.history) == before or version in served

    @rule(who=ACTORS, version=VERSIONS)
    def retire(self, who: Actor, version: int) -> None:
        stamp = by(who, self.now)
        self._do(lambda _: force.retire(self.known, REFUND, version, None, stamp))

    @invariant()
    def what_is_in_force_was_put_there_and_is_not_retired(self) -> None:
        active = self.policy.at(self.now).active if self.policy else None
        if active is not None:
            assert active.standing is not Standing.RETIRED
            assert active.served

    @invariant()
    def the_same_events_give_the_same_state_whenever_they_are_read(self) -> None:
        assert fold(self.history) == self.policy


AnyLife.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
test_any_life = AnyLife.TestCase
