"""A person's part: claim, dispose, look a second time, resolve an escalation."""

from typing import Any

import pytest

from domain.decision import judging, reviewing
from domain.decision.events import (
    ActionAuthorised,
    Claimed,
    Escalated,
    EscalationResolved,
    InformationRequested,
    Overridden,
    Released,
    Reviewed,
    SecondReviewed,
)
from domain.decision.refusals import (
    IncompleteDisposition,
    InConflict,
    LeaseHeld,
    NoLease,
    NotAPerson,
    NotOnRoster,
    NotWaiting,
    OtherActionShown,
    SamePerson,
    SeenOtherVersion,
    UnknownAction,
    WrongSeat,
)
from domain.decision.state import Decision, Lease, Status, digest_of_action
from domain.decision_type.state import DecisionType
from domain.model import ActorKind, Forbidden, Refusal, Seat
from domain.values import Disposition, ExceptionCode, Placement, Reason
from tests.domain.builders import (
    ANA,
    AUDRA,
    AUTHORISED,
    BOT,
    DAY,
    DI,
    ENDED,
    HOUR,
    ID,
    MINUTE,
    NOON,
    RAE,
    REFUND,
    SAM,
    TIMER,
    a_choice,
    a_person,
    a_roster,
    awaiting_information,
    awaiting_second_review,
    before_four_eyes,
    by,
    claimed,
    escalated,
    held_for_input,
    in_conflict,
    in_review,
    reviewed,
    then,
    without,
)

NOBODY_WAITS = (
    AUTHORISED
    | ENDED
    | {
        "held for input": held_for_input,
        "held in a conflict": in_conflict,
        "awaiting information": awaiting_information,
    }
)


def not_now(state: str) -> type[Forbidden]:
    return InConflict if state == "held in a conflict" else NotWaiting


def authorised(decision: Decision, action: str, parameters: dict[str, Any]) -> ActionAuthorised:
    """The action that follows one event after this state, on a person's authority."""
    return ActionAuthorised(
        **decision.next(by(RAE), 2),
        decision_type="refund",
        action=action,
        parameters=parameters,
        authority="person",
        action_digest=digest_of_action(ID, "order 17", None, action, parameters),
        placement=Placement(
            seat=Seat.DECISION_OWNER, person="ana", queue="receipts", due_at=NOON + DAY
        ),
    )


def one_level_up(level: int, at: Any = NOON) -> dict[str, Any]:
    return {
        "level": level,
        "placement": Placement(
            seat=Seat.ESCALATION_OWNER,
            person="di",
            queue="exceptions-review_timeout",
            due_at=at + HOUR,
        ),
    }


# ── claim


def test_a_claim_is_an_exclusive_right_for_a_while_on_the_action_shown() -> None:
    waiting = in_review()
    (claim,) = events = reviewing.claim(waiting, 15 * MINUTE, REFUND, by(RAE))
    assert events == (
        Claimed(
            **waiting.next(by(RAE)),
            decision_type="refund",
            holder="rae",
            expires_at=NOON + 15 * MINUTE,
            action_digest=waiting.action_digest,
        ),
    )
    assert then(waiting, events).lease == Lease(
        token=claim.id,
        holder="rae",
        expires_at=NOON + 15 * MINUTE,
        version=waiting.version + 1,
        action_digest=waiting.action_digest,
    )


def test_no_lease_is_longer_than_a_working_day() -> None:
    (claim,) = reviewing.claim(in_review(), 3 * DAY, REFUND, by(RAE))
    assert isinstance(claim, Claimed)
    assert claim.expires_at == NOON + 8 * HOUR


def test_nobody_claims_what_someone_else_holds() -> None:
    with pytest.raises(LeaseHeld, match="rae holds it"):
        reviewing.claim(claimed(in_review()), HOUR, REFUND, by(SAM))


def test_the_holder_may_claim_again_to_look_at_what_changed() -> None:
    held = claimed(in_review())
    assert claimed(held).lease != held.lease


def test_a_lease_that_ran_out_holds_nobody_back() -> None:
    later = NOON + 15 * MINUTE
    taken = claimed(claimed(in_review()), SAM, later)
    assert taken.lease is not None
    assert taken.lease.holder == "sam"


def test_a_service_never_counts_as_a_person() -> None:
    for seat in (Seat.REVIEWER, Seat.PRODUCER, None):
        robot = BOT.model_copy(update={"seat": seat})
        with pytest.raises(NotAPerson):
            reviewing.claim(in_review(), HOUR, REFUND, by(robot))
    with pytest.raises(NotAPerson):
        reviewing.claim(in_review(), HOUR, REFUND, by(TIMER))


@pytest.mark.parametrize("actor", [ANA, AUDRA, DI, a_person("guest")])
def test_a_review_is_a_reviewers(actor: Any) -> None:
    with pytest.raises(WrongSeat):
        reviewing.claim(in_review(), HOUR, REFUND, by(actor))


@pytest.mark.parametrize("actor", [ANA, AUDRA, RAE, a_person("guest")])
def test_an_escalation_is_its_owners(actor: Any) -> None:
    with pytest.raises(WrongSeat):
        reviewing.claim(escalated(), HOUR, REFUND, by(actor))


@pytest.mark.parametrize("state", list(NOBODY_WAITS))
def test_what_waits_for_no_person_cannot_be_claimed(state: str) -> None:
    with pytest.raises(not_now(state)):
        reviewing.claim(NOBODY_WAITS[state](), HOUR, REFUND, by(RAE))


def test_giving_it_back_frees_it() -> None:
    held = claimed(in_review())
    events = reviewing.release(held, by(RAE))
    assert events == (Released(**held.next(by(RAE)), decision_type="refund"),)
    assert then(held, events).lease is None


@pytest.mark.parametrize(
    ("state", "who"),
    [
        (in_review(), by(RAE)),
        (claimed(in_review()), by(SAM)),
        (claimed(in_review()), by(RAE, NOON + HOUR)),
    ],
)
def test_only_the_holder_of_a_live_lease_gives_it_back(state: Decision, who: Any) -> None:
    with pytest.raises(NoLease):
        reviewing.release(state, who)


# ── review


def test_upholding_authorises_what_was_recommended() -> None:
    held = claimed(in_review())
    choice = a_choice(held, comment="fine")
    assert reviewing.review(held, choice, REFUND, by(RAE)) == (
        Reviewed(
            **held.next(by(RAE)),
            decision_type="refund",
            disposition=Disposition.UPHOLD,
            comment="fine",
        ),
        authorised(held, "refund", {"to": "card"}),
    )


def test_modifying_authorises_the_same_action_with_other_particulars() -> None:
    held = claimed(in_review())
    choice = a_choice(held, "modify", parameters={"to": "account"}, reason_code="OVR.OTHER_CARD")
    assert reviewing.review(held, choice, REFUND, by(RAE)) == (
        Reviewed(
            **held.next(by(RAE)),
            decision_type="refund",
            disposition=Disposition.MODIFY,
            parameters={"to": "account"},
            reason_code="OVR.OTHER_CARD",
        ),
        authorised(held, "refund", {"to": "account"}),
    )


def test_particulars_may_be_modified_to_none_at_all() -> None:
    held = claimed(in_review())
    events = reviewing.review(held, a_choice(held, "modify", parameters={}), REFUND, by(RAE))
    assert events[1] == authorised(held, "refund", {})


def test_overriding_authorises_another_action() -> None:
    held = claimed(in_review())
    choice = a_choice(
        held, "override", action="replace", parameters={"by": "post"}, reason_code="OVR.STOCK"
    )
    assert reviewing.review(held, choice, REFUND, by(RAE)) == (
        Overridden(
            **held.next(by(RAE)),
            decision_type="refund",
            action="replace",
            parameters={"by": "post"},
            reason_code="OVR.STOCK",
        ),
        authorised(held, "replace", {"by": "post"}),
    )


def test_returning_ends_it_with_no_action() -> None:
    done = reviewed(in_review(), "return", comment="nonsense")
    assert (done.status, done.action, done.ended_at) == (Status.COMPLETED, None, NOON)


def test_a_reviewer_may_ask_for_more() -> None:
    held = claimed(in_review())
    choice = a_choice(held, "request_info", comment="which items?")
    assert held.placement is not None
    assert reviewing.review(held, choice, REFUND, by(RAE)) == (
        InformationRequested(
            **held.next(by(RAE)),
            decision_type="refund",
            comment="which items?",
            placement=held.placement,
        ),
    )


def test_a_reviewer_may_refer_it_to_the_escalation_owner() -> None:
    held = claimed(in_review())
    choice = a_choice(held, "refer", comment="above my head")
    assert reviewing.review(held, choice, REFUND, by(RAE)) == (
        Escalated(
            **held.next(by(RAE)),
            decision_type="refund",
            cause="reviewer",
            reason=Reason(code="ESC.REFERRED", text="above my head"),
            **one_level_up(1),
        ),
    )


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ({"disposition": "override", "reason_code": "OVR.X"}, IncompleteDisposition),
        ({"disposition": "override", "action": "replace"}, IncompleteDisposition),
        (
            {"disposition": "override", "action": "refund", "reason_code": "OVR.X"},
            IncompleteDisposition,
        ),
        ({"disposition": "modify"}, IncompleteDisposition),
        ({"disposition": "uphold", "action": "replace"}, IncompleteDisposition),
        ({"disposition": "override", "action": "bribe", "reason_code": "OVR.X"}, UnknownAction),
    ],
)
def test_each_disposition_needs_its_own_particulars(
    said: dict[str, Any], rule: type[Refusal]
) -> None:
    held = claimed(in_review())
    with pytest.raises(rule):
        reviewing.review(held, a_choice(held, **said), REFUND, by(RAE))


# ── the proof of what was seen


def test_a_disposition_needs_a_live_lease() -> None:
    held = claimed(in_review())
    with pytest.raises(NoLease):
        reviewing.review(held, a_choice(held), REFUND, by(RAE, NOON + 15 * MINUTE))


def test_a_disposition_needs_a_lease_of_ones_own() -> None:
    held = claimed(in_review())
    with pytest.raises(NoLease):
        reviewing.review(held, a_choice(held), REFUND, by(SAM))


def test_the_token_of_an_earlier_lease_does_not_serve() -> None:
    first = claimed(in_review())
    again = claimed(first)
    with pytest.raises(NoLease, match="lease_token"):
        reviewing.review(again, a_choice(first), REFUND, by(RAE))


def test_a_disposition_is_about_the_version_the_reviewer_saw() -> None:
    held = claimed(in_review())
    moved = then(held, judging.observe_outcome(held, True, None, NOON, REFUND, by(BOT)))
    with pytest.raises(SeenOtherVersion):
        reviewing.review(moved, a_choice(held), REFUND, by(RAE))


def test_a_disposition_is_about_the_exact_action_shown() -> None:
    held = claimed(in_review())
    choice = a_choice(held, action_digest="sha256:something-else")
    with pytest.raises(OtherActionShown):
        reviewing.review(held, choice, REFUND, by(RAE))


def test_a_lease_is_gone_once_the_decision_moves_to_another_queue() -> None:
    referred = reviewed(in_review(), "refer")
    assert referred.lease is None


@pytest.mark.parametrize("state", list(NOBODY_WAITS))
def test_what_waits_for_no_person_cannot_be_disposed_of(state: str) -> None:
    choice = a_choice(claimed(in_review()))
    with pytest.raises(not_now(state)):
        reviewing.review(NOBODY_WAITS[state](), choice, REFUND, by(RAE))


def test_a_review_does_not_resolve_an_escalation() -> None:
    held = claimed(escalated(), DI)
    with pytest.raises(NotWaiting):
        reviewing.review(held, a_choice(held), REFUND, by(DI))


# ── four eyes


def test_after_one_pair_of_eyes_nothing_is_authorised() -> None:
    once = awaiting_second_review()
    assert (once.status, once.authority) == (Status.AWAITING_SECOND_REVIEW, None)


def test_a_second_person_who_agrees_authorises() -> None:
    held = claimed(awaiting_second_review(), SAM)
    assert reviewing.review(held, a_choice(held), REFUND, by(SAM)) == (
        SecondReviewed(**held.next(by(SAM)), decision_type="refund", agrees=True, action="refund"),
        authorised(held, "refund", {"to": "card"}).model_copy(update={"actor": SAM}),
    )


@pytest.mark.parametrize(
    "said",
    [
        {"disposition": "override", "action": "replace", "reason_code": "OVR.X"},
        {"disposition": "modify", "parameters": {"to": "account"}},
    ],
)
def test_two_who_disagree_leave_it_to_the_escalation_owner(said: dict[str, Any]) -> None:
    held = claimed(awaiting_second_review(), SAM)
    assert reviewing.review(held, a_choice(held, **said), REFUND, by(SAM)) == (
        SecondReviewed(
            **held.next(by(SAM)),
            decision_type="refund",
            agrees=False,
            action=said.get("action", "refund"),
        ),
        Escalated(
            **held.next(by(SAM), 2),
            decision_type="refund",
            cause="reviewer",
            reason=Reason(code="ESC.DISAGREEMENT", text="rae chose refund"),
            **one_level_up(1),
        ),
    )


def test_two_who_choose_the_same_other_action_agree() -> None:
    said: dict[str, Any] = {"action": "replace", "reason_code": "OVR.STOCK", "parameters": {}}
    done = reviewed(reviewed(before_four_eyes(), "override", **said), "override", SAM, **said)
    assert (done.action, done.authority) == ("replace", "person")


def test_the_second_pair_of_eyes_belongs_to_another_person() -> None:
    with pytest.raises(SamePerson):
        reviewing.claim(awaiting_second_review(), HOUR, REFUND, by(RAE))


def test_who_made_the_recommendation_never_reviews_it() -> None:
    person = a_person("bot", Seat.REVIEWER)
    for waiting in (in_review(), awaiting_second_review()):
        with pytest.raises(SamePerson):
            reviewing.claim(waiting, HOUR, REFUND, by(person))
    assert person.kind is ActorKind.HUMAN


def test_who_is_not_on_the_roster_is_refused_by_name() -> None:
    with pytest.raises(NotOnRoster, match="sam is not on the roster of refund: rae, quinn"):
        reviewing.claim(in_review(), HOUR, a_roster("rae", "quinn"), by(SAM))


def test_who_was_taken_off_the_roster_can_no_longer_dispose() -> None:
    held = claimed(in_review())
    with pytest.raises(NotOnRoster):
        reviewing.review(held, a_choice(held), a_roster("sam"), by(RAE))


def test_the_roster_is_about_reviews_not_escalations() -> None:
    assert reviewing.claim(escalated(), HOUR, a_roster("rae"), by(DI))


def test_where_nobody_is_left_to_look_second_it_is_escalated_at_once() -> None:
    held = claimed(before_four_eyes())
    events = reviewing.review(held, a_choice(held), a_roster("rae", "bot"), by(RAE))
    text = "1 person of the roster must review it, and nobody remains"
    assert events == (
        Reviewed(**held.next(by(RAE)), decision_type="refund", disposition=Disposition.UPHOLD),
        Escalated(
            **held.next(by(RAE), 2),
            decision_type="refund",
            cause="exception",
            reason=Reason(code="EXC.NO_ELIGIBLE_REVIEWER", text=text),
            exception=ExceptionCode.NO_ELIGIBLE_REVIEWER,
            **one_level_up(1),
        ),
    )


def test_where_the_escalation_owner_is_gone_as_well_both_are_raised() -> None:
    held, nobody = claimed(before_four_eyes()), without(Seat.ESCALATION_OWNER)
    alone = nobody.model_copy(update={"definition": a_roster("rae").definition})
    after = then(held, reviewing.review(held, a_choice(held), alone, by(RAE)))
    assert after.exceptions == (ExceptionCode.NO_ELIGIBLE_REVIEWER, ExceptionCode.OWNER_VACANT)


# ── who stands in


FAY = a_person("fay", Seat.FALLBACK_OWNER)


def test_the_fallback_owner_decides_where_the_seat_is_empty() -> None:
    nobody = without(Seat.ESCALATION_OWNER)
    held = then(escalated(), reviewing.claim(escalated(), HOUR, nobody, by(FAY)))
    done = then(held, reviewing.resolve(held, a_choice(held), nobody, by(FAY)))
    assert (done.action, done.authority) == ("refund", "person")


def test_what_was_placed_with_the_fallback_owner_stays_theirs_to_decide() -> None:
    placed = referred(in_review(), without(Seat.ESCALATION_OWNER))
    assert placed.exceptions[-1] is ExceptionCode.OWNER_VACANT
    assert reviewing.claim(placed, HOUR, REFUND, by(FAY)), "di has taken the seat since"


def referred(decision: Decision, decision_type: DecisionType) -> Decision:
    held = claimed(decision)
    choice = a_choice(held, "refer")
    return then(held, reviewing.review(held, choice, decision_type, by(RAE)))


@pytest.mark.parametrize(
    "actor", [FAY, a_person("guest", Seat.FALLBACK_OWNER), FAY.model_copy(update={"seat": None})]
)
def test_nobody_stands_in_where_the_seat_is_held(actor: Any) -> None:
    with pytest.raises(WrongSeat):
        reviewing.claim(escalated(), HOUR, REFUND, by(actor))


def test_the_fallback_owner_reviews_nothing() -> None:
    with pytest.raises(WrongSeat):
        reviewing.claim(in_review(), HOUR, without(Seat.DECISION_OWNER), by(FAY))


@pytest.mark.parametrize("disposition", ["return", "request_info", "refer"])
def test_a_second_review_says_what_it_would_do(disposition: str) -> None:
    held = claimed(awaiting_second_review(), SAM)
    with pytest.raises(IncompleteDisposition):
        reviewing.review(held, a_choice(held, disposition), REFUND, by(SAM))


# ── resolving an escalation


def test_the_escalation_owner_decides_on_an_action() -> None:
    held = claimed(escalated(), DI)
    choice = a_choice(held, "override", action="apologise", reason_code="ESC.GOODWILL")
    events = reviewing.resolve(held, choice, REFUND, by(DI))
    assert events == (
        EscalationResolved(
            **held.next(by(DI)),
            decision_type="refund",
            disposition=Disposition.OVERRIDE,
            action="apologise",
            reason_code="ESC.GOODWILL",
        ),
        authorised(held, "apologise", {"to": "card"}).model_copy(update={"actor": DI}),
    )


def test_the_escalation_owner_may_close_it_with_no_action() -> None:
    held = claimed(escalated(), DI)
    events = reviewing.resolve(held, a_choice(held, "return"), REFUND, by(DI))
    assert events == (
        EscalationResolved(
            **held.next(by(DI)),
            decision_type="refund",
            disposition=Disposition.RETURN,
            action=None,
        ),
    )
    assert then(held, events).status is Status.COMPLETED


def test_the_escalation_owner_may_ask_for_more_and_gets_it_back() -> None:
    held = claimed(escalated(), DI)
    asked = then(held, reviewing.resolve(held, a_choice(held, "request_info"), REFUND, by(DI)))
    assert asked.status is Status.AWAITING_INFORMATION


def test_the_escalation_owner_may_pass_it_up() -> None:
    held = claimed(escalated(), DI)
    up = then(held, reviewing.resolve(held, a_choice(held, "refer"), REFUND, by(DI)))
    assert (up.status, up.level) == (Status.ESCALATED, 2)


@pytest.mark.parametrize("state", [in_review, awaiting_second_review, held_for_input])
def test_only_an_escalation_is_resolved(state: Any) -> None:
    choice = a_choice(claimed(in_review()))
    with pytest.raises(NotWaiting):
        reviewing.resolve(state(), choice, REFUND, by(DI))


def test_resolving_needs_the_same_proof_as_reviewing() -> None:
    held = claimed(escalated(), DI)
    with pytest.raises(NoLease):
        reviewing.resolve(escalated(), a_choice(held), REFUND, by(DI))
    with pytest.raises(OtherActionShown):
        reviewing.resolve(held, a_choice(held, action_digest="sha256:x"), REFUND, by(DI))
