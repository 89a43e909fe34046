"""People hear what waits for them, is late or has halted, once, and nothing that is over."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from adapters.memory.followers import MemoryFollowers
from application.delivering import Attempt
from application.following import Bookmark, Turn
from application.notifying import OCCASIONS, Channel, Notice, Occasion, Wish
from domain.model import Seat
from domain.values import Receipt
from tests.application.office import Office, an_office
from tests.application.personal import a_personal_adoption
from tests.domain.builders import DAY, HOUR, LARGE, SMALL, SUSPICIOUS, a_recommendation

SAID = Attempt(Receipt.DELIVERED, "ok")
DOWN = Attempt(Receipt.FAILED, "503")
REFUSED = Attempt(Receipt.FAILED, "400 invalid", final=True)


@dataclass
class Room:
    """A place where people work: keeps what was said there."""

    office: Office
    wishes: tuple[Wish, ...] = (Wish(channel="room"),)
    answers: list[Attempt] = field(default_factory=list[Attempt])
    tried: list[Notice] = field(default_factory=list[Notice])
    store: MemoryFollowers = field(default_factory=MemoryFollowers)

    async def notify(self, notice: Notice) -> Attempt:
        self.tried.append(notice)
        return self.answers.pop(0) if self.answers else SAID

    def turn(self) -> Bookmark | None:
        from tests.application.office import run

        async def turn() -> Bookmark | None:
            await self.store.begin("room", 0)
            async with self.store.hold("room") as at:
                assert at is not None
                desk = self.office.desk
                channel = Channel(self.wishes, self, desk)
                return await Turn("room", channel, self.store, desk.log, desk.clock).go_on(at)

        return run(turn())

    @property
    def said(self) -> list[str]:
        return [notice.text for notice in self.tried]


def test_what_waits_for_review_is_said_with_its_queue_and_until_when() -> None:
    room = Room(an_office())
    id = room.office.recommend("bot", context=LARGE).decision.id
    room.turn()
    assert room.said == [
        "refund: a decision waits for review in refunds until 2026-01-05 15:00 UTC"
    ]
    assert room.tried[0].path == f"/v1/decisions/{id}"


def test_what_goes_by_itself_is_not_said() -> None:
    room = Room(an_office())
    room.office.recommend("bot", context=SMALL)
    room.turn()
    assert room.said == []


def test_what_was_escalated_is_said() -> None:
    room = Room(an_office())
    room.office.recommend("bot", recommendation=a_recommendation(confidence="0.30"))
    room.turn()
    assert "was escalated to escalation owner" in room.said[0]


def test_a_second_pair_of_eyes_is_called_for() -> None:
    room = Room(an_office())
    id = room.office.recommend("bot", context=SUSPICIOUS).decision.id
    room.office.choose(id)
    room.turn()
    assert room.said == [
        "refund: a decision waits in refunds for a second pair of eyes, until 2026-01-05 15:00 UTC"
    ]
    room.office.choose(id, who="sam")
    room.turn()
    assert len(room.said) == 1


def test_a_deadline_missed_is_said_and_where_it_went() -> None:
    room = Room(an_office())
    id = room.office.recommend("bot", context=LARGE).decision.id
    room.turn()
    room.office.pass_time(DAY)
    room.office.strike(id)
    room.turn()
    assert [notice.occasion for notice in room.tried] == ["waiting", "deadline_missed", "waiting"]
    assert room.said[1] == "refund: a decision was not made by 2026-01-05 15:00 UTC"


def test_what_is_over_or_taken_by_the_time_is_not_said() -> None:
    room = Room(an_office())
    taken = room.office.recommend("bot", "taken", context=LARGE).decision.id
    room.office.claim(taken)
    done = room.office.recommend("bot", "done", context=LARGE).decision.id
    room.office.choose(done)
    gone = room.office.recommend("bot", "gone", context=LARGE).decision.id
    room.office.withdraw(gone)
    room.turn()
    assert room.said == []


def test_an_objection_after_the_end_is_said_until_it_is_answered() -> None:
    room = Room(an_office())
    id = room.office.recommend("bot").decision.id
    room.office.report(id)
    room.office.contest(id)
    room.turn()
    assert [notice.occasion for notice in room.tried] == ["raised"]
    assert "CONTESTED was raised over a decision" in room.said[0]


def test_an_action_that_failed_is_said() -> None:
    room = Room(an_office())
    id = room.office.recommend("bot").decision.id
    room.office.report(id, "failed")
    room.turn()
    assert "an action failed" in room.said[0]
    room.office.report(id, "delivered")
    room.turn()
    assert len(room.said) == 1


def test_a_halt_is_said_while_it_lasts() -> None:
    room = Room(an_office())
    room.office.suspend("ana")
    room.turn()
    assert room.said == ["refund: automation was halted by ana; people decide until it resumes"]
    room.office.resume()
    room.office.suspend("ana")
    room.office.resume()
    room.turn()
    assert len(room.said) == 1


@pytest.mark.parametrize(
    ("wish", "hears"),
    [
        ({}, ["waiting", "halted"]),
        ({"decision_type": "refund"}, ["waiting", "halted"]),
        ({"decision_type": "loans"}, []),
        ({"queue": "refunds"}, ["waiting", "halted"]),
        ({"queue": "leads"}, ["halted"]),
        ({"seat": Seat.ESCALATION_OWNER, "of": {Occasion.WAITING}}, []),
        ({"of": {Occasion.HALTED}}, ["halted"]),
    ],
)
def test_a_channel_hears_what_it_wished_for(wish: dict[str, Any], hears: list[str]) -> None:
    room = Room(an_office(), (Wish.model_validate({"channel": "room"} | wish),))
    room.office.recommend("bot", context=LARGE)
    room.office.suspend("ana")
    room.turn()
    assert [notice.occasion for notice in room.tried] == hears


def test_two_wishes_for_the_same_are_one_notice() -> None:
    room = Room(an_office(), (Wish(channel="room"), Wish(channel="room", queue="refunds")))
    room.office.recommend("bot", context=LARGE)
    room.turn()
    assert len(room.said) == 1


def test_while_the_place_is_down_it_waits_and_then_says_what_still_matters() -> None:
    room = Room(an_office(), answers=[DOWN])
    first = room.office.recommend("bot", "a", context=LARGE).decision.id
    room.office.recommend("bot", "b", context=LARGE)
    room.turn()
    room.office.choose(first)
    room.office.pass_time(timedelta(minutes=1))
    room.turn()
    assert len(room.tried) == 2
    assert room.tried[0].path.endswith(str(first))
    assert not room.tried[1].path.endswith(str(first))


def test_what_is_refused_for_good_is_passed_over_and_never_stops_the_rest() -> None:
    room = Room(an_office(), answers=[REFUSED])
    room.office.recommend("bot", "a", context=LARGE)
    room.office.recommend("bot", "b", context=LARGE)
    at = room.turn()
    assert len(room.said) == 2
    assert at is not None
    assert not at.rests


def test_however_long_it_is_down_it_is_tried_again() -> None:
    room = Room(an_office(), answers=[DOWN] * 200)
    room.office.recommend("bot", context=LARGE)
    for _ in range(100):
        at = room.turn()
        assert at is not None
        assert not at.stopped
        room.office.pass_time(HOUR)


def test_nothing_of_what_it_is_about_is_in_a_notice() -> None:
    office = Office().adopt(a_personal_adoption())
    room = Room(office)
    facts = {**LARGE, "name": "Ada Lovelace", "account": 4711}
    office.recommend("bot", "ticket of Ada", context=facts)
    room.turn()
    said = room.tried[0].model_dump_json()
    for part in ("Ada", "4711", "400", "ticket"):
        assert part not in said


def test_every_occasion_has_an_event() -> None:
    assert set(OCCASIONS.values()) == set(Occasion)
