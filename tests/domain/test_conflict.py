"""Live recommendations on one subject that can't all be carried out."""

from uuid import UUID

import pytest

from domain.conflict import (
    Arbitrated,
    Closed,
    Conflict,
    ConflictClosed,
    Joined,
    NotInConflict,
    Opened,
    Status,
    arbitrate,
    fold,
    join,
    open_conflict,
)
from domain.model import envelope
from tests.domain.builders import BOT, CONFLICT_ID, DI, ID, OTHER_BOT, OTHER_ID, by

THIRD_ID = UUID(int=3)


def an_open_conflict() -> Conflict:
    conflict = fold([open_conflict(CONFLICT_ID, "refund", "order 17", (ID, OTHER_ID), by(BOT))])
    assert conflict is not None
    return conflict


def a_closed_conflict() -> Conflict:
    conflict = an_open_conflict()
    closed = fold(arbitrate(conflict, ID, "ESC.FIRST", None, by(DI)), conflict)
    assert closed is not None
    return closed


def test_a_conflict_puts_decisions_against_each_other() -> None:
    assert open_conflict(CONFLICT_ID, "refund", "order 17", (ID, OTHER_ID), by(BOT)) == Opened(
        **envelope(CONFLICT_ID, 1, by(BOT)),
        decision_type="refund",
        subject="order 17",
        decisions=(ID, OTHER_ID),
    )


def test_one_more_decision_joins() -> None:
    conflict = an_open_conflict()
    joined = join(conflict, (ID, THIRD_ID), by(OTHER_BOT))
    assert joined == (
        Joined(**conflict.next(by(OTHER_BOT)), decision_type="refund", decision=THIRD_ID),
    )
    after = fold(joined, conflict)
    assert after is not None
    assert after.decisions == (ID, OTHER_ID, THIRD_ID)


@pytest.mark.parametrize("winner", [ID, OTHER_ID, None])
def test_one_goes_on_or_none(winner: UUID | None) -> None:
    conflict = an_open_conflict()
    events = arbitrate(conflict, winner, "ESC.BETTER", "clear", by(DI))
    assert events == (
        Arbitrated(
            **conflict.next(by(DI)),
            decision_type="refund",
            winner=winner,
            reason_code="ESC.BETTER",
            comment="clear",
        ),
        Closed(**conflict.next(by(DI), 2), decision_type="refund"),
    )
    after = fold(events, conflict)
    assert after is not None
    assert (after.winner, after.status) == (winner, Status.CLOSED)


def test_only_one_of_them_wins() -> None:
    with pytest.raises(NotInConflict):
        arbitrate(an_open_conflict(), THIRD_ID, "ESC.X", None, by(DI))


def test_a_conflict_is_arbitrated_once() -> None:
    with pytest.raises(ConflictClosed):
        arbitrate(a_closed_conflict(), ID, "ESC.X", None, by(DI))


def test_nobody_joins_a_closed_conflict() -> None:
    with pytest.raises(ConflictClosed):
        join(a_closed_conflict(), [THIRD_ID], by(BOT))


def test_a_history_starts_with_the_opening() -> None:
    conflict = an_open_conflict()
    with pytest.raises(TypeError, match="starts with Opened"):
        fold(join(conflict, [THIRD_ID], by(BOT)))
