"""What may be done to a decision type: who owns it, how far it may act alone, when it stops."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from domain.decision_type import commands
from domain.decision_type.commands import (
    BaselineStands,
    NotAnOwnerSeat,
    NotYourSeat,
    OwnersNotDistinct,
    OwnerVacant,
    WrongStatus,
)
from domain.decision_type.definition import Baseline, ExceptionDefault
from domain.decision_type.events import (
    Activated,
    BaselineRegistered,
    BreakerHalfOpened,
    BreakerTripped,
    Drafted,
    OwnerAssigned,
    OwnerVacated,
    Resumed,
    Retired,
    StageChanged,
    StageProposed,
    Suspended,
)
from domain.decision_type.events import LifeEvent as TypeEvent
from domain.decision_type.state import DecisionType, Status, fold, stream_id
from domain.guardrail.facts import Level, Number
from domain.model import Actor, ActorKind, Malformed, Seat, Stamp, envelope
from domain.values import ExceptionCode, Lane, Stage
from tests.domain.builders import (
    ANA,
    BO,
    BOT,
    CY,
    DI,
    HOUR,
    RAE,
    REFUND,
    a_decision_type,
    a_definition,
    a_draft_type,
    a_person,
    by,
)

FAY = a_person("fay", Seat.DECISION_OWNER)
"""The fallback owner, where the decision owner's seat is empty."""
MEASURED = Baseline(cycle_time_p50_seconds=Decimal(900), source="tickets of 2025")


def after(state: DecisionType, events: tuple[TypeEvent, ...]) -> DecisionType:
    changed = fold(events, state)
    assert changed is not None
    return changed


def suspended() -> DecisionType:
    return after(REFUND, commands.suspend(REFUND, "HALT.ODD", None, by(DI)))


def tripped() -> DecisionType:
    return after(REFUND, commands.trip_breaker(REFUND, "overturns", "3 of 10", by(BOT)))


def retired() -> DecisionType:
    return after(REFUND, commands.retire(REFUND, by(ANA)))


# ── drafting


def test_a_draft_says_what_the_decision_is_and_seats_its_owners() -> None:
    definition = a_definition(owners={Seat.DECISION_OWNER: "ana", Seat.RISK_OWNER: "cy"})
    id = stream_id("refund")
    assert commands.draft(None, definition, by(ANA)) == (
        Drafted(**envelope(id, 1, by(ANA)), decision_type="refund", definition=definition),
        OwnerAssigned(
            **envelope(id, 2, by(ANA)),
            decision_type="refund",
            seat=Seat.DECISION_OWNER,
            person="ana",
        ),
        OwnerAssigned(
            **envelope(id, 3, by(ANA)), decision_type="refund", seat=Seat.RISK_OWNER, person="cy"
        ),
    )


STRANGERS = [
    CY,
    BO,
    RAE,
    BOT,
    FAY,
    a_person("ana", Seat.RISK_OWNER),
    a_person("mo", Seat.DECISION_OWNER),
    ANA.model_copy(update={"kind": ActorKind.SERVICE}),
]


@pytest.mark.parametrize("actor", STRANGERS)
@pytest.mark.parametrize("state", [None, a_draft_type(), REFUND])
def test_only_the_decision_owner_writes_down_what_the_decision_is(
    state: DecisionType | None, actor: Actor
) -> None:
    with pytest.raises(NotYourSeat):
        commands.draft(state, a_definition(), by(actor))


def test_a_fact_that_no_value_fits_is_not_written_down() -> None:
    context = {"amount": Number(min=Decimal(5), max=Decimal(1)), "tier": Level(values=("a", "a"))}
    for fact, kind in context.items():
        with pytest.raises(Malformed, match=f"context.{fact}: "):
            commands.draft(None, a_definition(context={fact: kind}), by(ANA))


def test_nobody_drafts_themselves_into_a_seat_that_another_holds() -> None:
    mine = a_definition(owners=a_definition().owners | {Seat.DECISION_OWNER: "mo"})
    with pytest.raises(NotYourSeat):
        commands.draft(REFUND, mine, by(a_person("mo", Seat.DECISION_OWNER)))
    assert after(REFUND, commands.draft(REFUND, mine, by(ANA))).owner(Seat.DECISION_OWNER) == "mo"


def test_where_no_decision_owner_sits_the_fallback_owner_drafts() -> None:
    empty = after(REFUND, commands.vacate_owner(REFUND, Seat.DECISION_OWNER, by(ANA)))
    assert commands.draft(empty, a_definition(), by(FAY))
    with pytest.raises(NotYourSeat):
        commands.draft(empty, a_definition(), by(ANA))


@pytest.mark.parametrize("actor", STRANGERS)
def test_only_the_decision_owner_goes_live_and_registers_a_baseline(actor: Actor) -> None:
    with pytest.raises(NotYourSeat):
        commands.activate(a_draft_type(), by(actor))
    with pytest.raises(NotYourSeat):
        commands.register_baseline(a_draft_type(), MEASURED, by(actor))


def test_a_changed_draft_seats_only_who_is_new() -> None:
    changed = a_definition(title="All refunds", owners={Seat.RISK_OWNER: "carl"})
    assert commands.draft(REFUND, changed, by(ANA)) == (
        Drafted(**REFUND.next(by(ANA)), decision_type="refund", definition=changed),
        OwnerAssigned(
            **REFUND.next(by(ANA), 2),
            decision_type="refund",
            seat=Seat.RISK_OWNER,
            person="carl",
        ),
    )


def test_a_changed_draft_does_not_join_the_separated_seats_of_a_live_type() -> None:
    joined = a_definition(owners={Seat.RISK_OWNER: "ana"})
    with pytest.raises(OwnersNotDistinct):
        commands.draft(REFUND, joined, by(ANA))


def test_what_is_retired_is_not_drafted_again() -> None:
    with pytest.raises(WrongStatus):
        commands.draft(retired(), a_definition(), by(ANA))


def test_every_exception_has_a_default_before_anything_is_drafted() -> None:
    some = {ExceptionCode.CONFLICT: a_definition().exceptions[ExceptionCode.CONFLICT]}
    with pytest.raises(ValidationError, match="no default for"):
        a_definition(exceptions=some)


def test_a_timeout_never_approves() -> None:
    with pytest.raises(ValidationError, match="never approves"):
        ExceptionDefault(seat=Seat.RISK_OWNER, queue="q", deadline=HOUR, safe_default=Lane.AUTOMATE)


def test_only_owners_seats_are_filled_in_a_definition() -> None:
    with pytest.raises(ValidationError, match="not an owner's seat"):
        a_definition(owners={Seat.AUDITOR: "audra"})


# ── owners


def test_a_seat_is_given_to_a_person() -> None:
    assert commands.assign_owner(REFUND, Seat.RISK_OWNER, "carl", by(ANA)) == (
        OwnerAssigned(
            **REFUND.next(by(ANA)), decision_type="refund", seat=Seat.RISK_OWNER, person="carl"
        ),
    )


def test_only_the_four_owner_seats_are_given() -> None:
    with pytest.raises(NotAnOwnerSeat):
        commands.assign_owner(REFUND, Seat.REVIEWER, "rae", by(ANA))


@pytest.mark.parametrize(
    ("seat", "person"), [(Seat.RISK_OWNER, "ana"), (Seat.DECISION_OWNER, "cy")]
)
def test_on_a_live_type_the_two_separated_seats_stay_separated(seat: Seat, person: str) -> None:
    with pytest.raises(OwnersNotDistinct):
        commands.assign_owner(REFUND, seat, person, by(ANA))


def test_a_seat_becomes_empty_and_falls_to_the_fallback() -> None:
    events = commands.vacate_owner(REFUND, Seat.RISK_OWNER, by(CY))
    assert events == (
        OwnerVacated(**REFUND.next(by(CY)), decision_type="refund", seat=Seat.RISK_OWNER),
    )
    state = after(REFUND, events)
    assert state.vacant_seats() == (Seat.RISK_OWNER,)
    assert state.place(Seat.RISK_OWNER, "q", HOUR, by(CY).at).person == "fay"


def test_an_empty_seat_is_not_vacated() -> None:
    state = after(REFUND, commands.vacate_owner(REFUND, Seat.RISK_OWNER, by(CY)))
    with pytest.raises(WrongStatus):
        commands.vacate_owner(state, Seat.RISK_OWNER, by(ANA))


SEATING: dict[str, Callable[[DecisionType, Stamp], object]] = {
    "assign": lambda t, s: commands.assign_owner(t, Seat.RISK_OWNER, "eve", s),
    "vacate": lambda t, s: commands.vacate_owner(t, Seat.RISK_OWNER, s),
}


@pytest.mark.parametrize("command", list(SEATING))
@pytest.mark.parametrize("actor", [RAE, BOT, a_person("eve", Seat.RISK_OWNER)])
def test_nobody_else_changes_who_sits_where_on_a_live_type(command: str, actor: Actor) -> None:
    with pytest.raises(NotYourSeat):
        SEATING[command](REFUND, by(actor))


def test_the_fallback_owner_may_fill_a_seat() -> None:
    assert commands.assign_owner(REFUND, Seat.RISK_OWNER, "eve", by(a_person("fay")))


# ── going live


def test_with_four_owners_it_goes_live() -> None:
    draft = a_draft_type()
    events = commands.activate(draft, by(ANA))
    assert events == (Activated(**draft.next(by(ANA)), decision_type="refund"),)
    assert after(draft, events).status is Status.ACTIVE


@pytest.mark.parametrize("seat", list(a_definition().owners))
def test_with_an_empty_seat_nothing_goes_live(seat: Seat) -> None:
    owners = {s: p for s, p in a_definition().owners.items() if s is not seat}
    with pytest.raises(OwnerVacant, match=seat):
        commands.activate(
            a_draft_type(owners=owners), by(FAY if seat is Seat.DECISION_OWNER else ANA)
        )


def test_the_decision_owner_is_not_the_risk_owner() -> None:
    owners = a_definition().owners | {Seat.RISK_OWNER: "ana"}
    with pytest.raises(OwnersNotDistinct):
        commands.activate(a_draft_type(owners=owners), by(ANA))


@pytest.mark.parametrize("state", [REFUND, retired()])
def test_only_a_draft_goes_live(state: DecisionType) -> None:
    with pytest.raises(WrongStatus):
        commands.activate(state, by(ANA))


def test_a_baseline_is_registered_before_going_live() -> None:
    draft = a_draft_type()
    assert commands.register_baseline(draft, MEASURED, by(ANA)) == (
        BaselineRegistered(**draft.next(by(ANA)), decision_type="refund", baseline=MEASURED),
    )
    with pytest.raises(WrongStatus):
        commands.register_baseline(REFUND, MEASURED, by(ANA))


def test_a_baseline_is_registered_once() -> None:
    draft = a_draft_type()
    measured = after(draft, commands.register_baseline(draft, MEASURED, by(ANA)))
    with pytest.raises(BaselineStands):
        commands.register_baseline(measured, MEASURED, by(ANA))


def test_a_baseline_holds_a_number() -> None:
    with pytest.raises(commands.NothingMeasured, match="found no number"):
        commands.register_baseline(a_draft_type(), Baseline(source="nobody looked"), by(ANA))


def test_a_definition_registers_the_baseline_it_brings() -> None:
    state = fold(commands.draft(None, a_definition(baseline=MEASURED), by(ANA)))
    assert state is not None
    assert state.baseline == MEASURED
    again = commands.draft(state, a_definition(baseline=MEASURED, title="Refunds"), by(ANA))
    assert [event.TOPIC for event in again] == ["decision_type.drafted"]


def test_no_definition_improves_the_past() -> None:
    better = Baseline(cycle_time_p50_seconds=Decimal(9_000), source="measured again")
    measured = fold(commands.draft(None, a_definition(baseline=MEASURED), by(ANA)))
    assert measured is not None
    with pytest.raises(commands.BaselineStands):
        commands.draft(measured, a_definition(baseline=better), by(ANA))
    with pytest.raises(commands.WrongStatus, match="a baseline comes before go-live"):
        commands.draft(REFUND, a_definition(baseline=better), by(ANA))


# ── stages


def test_a_stage_is_proposed_by_one_owner_and_changed_by_another() -> None:
    share = Decimal("0.2")
    events = commands.propose_stage(REFUND, Stage.PARTIAL, share, by(ANA))
    assert events == (
        StageProposed(
            **REFUND.next(by(ANA)),
            decision_type="refund",
            stage=Stage.PARTIAL,
            partial_share=share,
        ),
    )
    asked = after(REFUND, events)
    assert asked.stage is Stage.FULL
    agreed = commands.propose_stage(asked, Stage.PARTIAL, share, by(CY))
    assert agreed == (
        StageChanged(
            **asked.next(by(CY)), decision_type="refund", stage=Stage.PARTIAL, partial_share=share
        ),
    )
    assert after(asked, agreed).stage is Stage.PARTIAL


def test_one_owner_does_not_agree_with_themselves() -> None:
    asked = after(REFUND, commands.propose_stage(REFUND, Stage.ASSIST, Decimal(0), by(ANA)))
    (again,) = commands.propose_stage(asked, Stage.ASSIST, Decimal(0), by(ANA))
    assert isinstance(again, StageProposed)


def test_another_stage_is_another_proposal() -> None:
    asked = after(REFUND, commands.propose_stage(REFUND, Stage.ASSIST, Decimal(0), by(ANA)))
    (other,) = commands.propose_stage(asked, Stage.OBSERVE, Decimal(0), by(CY))
    assert isinstance(other, StageProposed)


@pytest.mark.parametrize("share", [Decimal(0), Decimal(1), Decimal("-0.1")])
def test_a_share_is_more_than_nothing_and_less_than_all(share: Decimal) -> None:
    with pytest.raises(Malformed, match="partial_share"):
        commands.propose_stage(REFUND, Stage.PARTIAL, share, by(ANA))


# ── kill switch and breaker


@pytest.mark.parametrize("owner", [ANA, BO, CY, DI])
def test_any_owner_pulls_the_kill_switch(owner: Actor) -> None:
    events = commands.suspend(REFUND, "HALT.ODD", "looks odd", by(owner))
    assert events == (
        Suspended(
            **REFUND.next(by(owner)),
            decision_type="refund",
            reason_code="HALT.ODD",
            comment="looks odd",
        ),
    )
    assert after(REFUND, events).halted


def test_pulling_it_twice_adds_nothing() -> None:
    assert commands.suspend(suspended(), "HALT.ODD", None, by(ANA)) == ()


def test_the_breaker_trips_once() -> None:
    assert commands.trip_breaker(REFUND, "overturns", "3 of 10", by(BOT)) == (
        BreakerTripped(
            **REFUND.next(by(BOT)), decision_type="refund", stream="overturns", detail="3 of 10"
        ),
    )
    assert commands.trip_breaker(tripped(), "overturns", "4 of 10", by(BOT)) == ()


@pytest.mark.parametrize("halted", [suspended, tripped])
def test_only_the_risk_owner_lets_automation_go_on(halted: Callable[[], DecisionType]) -> None:
    state = halted()
    events = commands.resume(state, "HALT.CLEARED", None, by(CY))
    said = {"decision_type": "refund", "reason_code": "HALT.CLEARED"}
    assert events[0] == Resumed.model_validate({**state.next(by(CY)), **said})
    if state.breaker_open:
        trial = BreakerHalfOpened.model_validate({**state.next(by(CY), 2), **said})
        assert events[1:] == (trial,)
    now = after(state, events)
    assert (now.halted, now.half_open) == (False, state.breaker_open)
    for other in (ANA, BO, DI):
        with pytest.raises(NotYourSeat):
            commands.resume(state, "HALT.CLEARED", None, by(other))


def test_what_is_not_halted_is_not_resumed() -> None:
    assert commands.resume(REFUND, "HALT.CLEARED", None, by(CY)) == ()


def test_the_decision_owner_retires_it_once() -> None:
    assert commands.retire(REFUND, by(ANA)) == (
        Retired(**REFUND.next(by(ANA)), decision_type="refund"),
    )
    assert commands.retire(retired(), by(ANA)) == ()


Governing = Callable[[DecisionType, Stamp], Any]
OWNERS_ONLY: dict[str, Governing] = {
    "suspend": lambda t, s: commands.suspend(t, "HALT.X", None, s),
    "resume": lambda t, s: commands.resume(t, "HALT.X", None, s),
    "retire": commands.retire,
    "propose_stage": lambda t, s: commands.propose_stage(t, Stage.ASSIST, Decimal(0), s),
}


@pytest.mark.parametrize("command", list(OWNERS_ONLY))
@pytest.mark.parametrize(
    "actor",
    [
        RAE,
        BOT,
        a_person("ana"),
        a_person("eve", Seat.RISK_OWNER),
        Actor(kind=BOT.kind, id="cy", seat=Seat.RISK_OWNER),
    ],
)
def test_only_who_really_holds_the_seat_governs(command: str, actor: Actor) -> None:
    with pytest.raises(NotYourSeat):
        OWNERS_ONLY[command](a_decision_type(), by(actor))


def test_a_history_starts_with_the_draft() -> None:
    with pytest.raises(TypeError, match="starts with Drafted"):
        fold(commands.activate(a_draft_type(), by(ANA)))
