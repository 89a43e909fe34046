"""What doesn't fit is refused on record, and never in the way of what does."""

import asyncio
from typing import Any

import pytest

from application.attempts import record_attempt
from application.desk import ATTEMPTS_AT_ONCE, ATTEMPTS_IN_LINE, Desk
from application.ports import Append, Busy
from application.recommending import Recommend, recommend
from application.submitting import hand_over
from domain.admission import InvalidInput
from domain.decision.events import AttemptRejected
from domain.guardrail.facts import Problem
from domain.model import Malformed, Seat
from tests.application.office import Office, an_office, caller, run
from tests.domain.builders import MODEL, SMALL, a_recommendation


def said(**changes: Any) -> dict[str, Any]:
    """A recommendation in words."""
    return {
        "decision_type": "refund",
        "subject": "order 17",
        "recommendation": {"action": "refund", "confidence": "0.95", "risk": "0.1"} | changes,
        "model": {"name": "refunder", "version": "1"},
        "context": SMALL,
    }


def attempts(office: Office) -> list[AttemptRejected]:
    return [p.event for p in office.log() if isinstance(p.event, AttemptRejected)]


def test_words_that_fit_are_a_recommendation() -> None:
    office = an_office()
    assert run(hand_over(said(), caller("bot"), office.desk)).decision.action == "refund"
    assert attempts(office) == []


@pytest.mark.parametrize("confidence", ["1.2", "NaN", float("nan"), -1, "sure"])
def test_words_that_do_not_fit_are_refused_and_leave_the_attempt(confidence: object) -> None:
    office = an_office()
    with pytest.raises(InvalidInput, match=r"recommendation\.confidence"):
        run(hand_over(said(confidence=confidence), caller("bot"), office.desk))
    (attempt,) = attempts(office)
    assert (attempt.code, attempt.field) == ("EXC.INVALID_INPUT", "recommendation.confidence")
    assert (attempt.actor.id, attempt.actor.seat) == ("bot", Seat.PRODUCER)


@pytest.mark.parametrize("who", ["ana", "strange-bot"])
def test_who_recommends_nothing_here_leaves_nothing(who: str) -> None:
    office = an_office()
    with pytest.raises(Malformed) as refused:
        run(hand_over(said(confidence=2), caller(who), office.desk))
    assert not isinstance(refused.value, InvalidInput)
    assert attempts(office) == []


def test_the_same_key_and_content_is_one_attempt_and_the_key_stays_free() -> None:
    office = an_office()
    wrong = caller("bot", "k", "wrong")
    for _ in range(3):
        with pytest.raises(InvalidInput):
            run(hand_over(said(confidence=2), wrong, office.desk))
    assert len(attempts(office)) == 1
    assert not run(hand_over(said(), caller("bot", "k", "right"), office.desk)).replayed


def test_what_was_accepted_is_answered_as_before_though_it_no_longer_fits() -> None:
    office = an_office()
    keyed = caller("bot", "k", "the same")
    first = run(hand_over(said(), keyed, office.desk))
    again = run(hand_over(said(confidence=2), keyed, office.desk))
    assert (again.decision, again.replayed) == (first.decision, True)


def test_a_flood_of_refused_attempts_leaves_the_queue_to_what_is_accepted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    office = an_office()
    waiting, append, gate = 0, office.desk.log.append, asyncio.Event()
    most = 0

    async def slow(what: Append) -> int:
        nonlocal waiting, most
        if isinstance(what.events[0], AttemptRejected):
            waiting += 1
            most = max(most, waiting)
            await gate.wait()
            waiting -= 1
        return await append(what)

    monkeypatch.setattr(office.desk.log, "append", slow)

    async def flood() -> list[BaseException | None]:
        many = ATTEMPTS_AT_ONCE + ATTEMPTS_IN_LINE + 500
        flooding = [asyncio.create_task(_attempt(office.desk)) for _ in range(many)]
        await asyncio.sleep(0)
        command = Recommend(
            decision_type="refund",
            subject="order 17",
            recommendation=a_recommendation(),
            model=MODEL,
            context=SMALL,
        )
        assert (await recommend(command, caller("bot"), office.desk)).decision.action == "refund"
        gate.set()
        return await asyncio.gather(*flooding, return_exceptions=True)

    came = run(flood())
    assert most == ATTEMPTS_AT_ONCE
    assert sum(isinstance(each, Busy) for each in came) in {500, 500 + ATTEMPTS_AT_ONCE}
    assert len(attempts(office)) == sum(each is None for each in came)


async def _attempt(desk: Desk) -> None:
    refusal = InvalidInput((Problem("context.amount", "a lot", "a number"),))
    await record_attempt("refund", refusal, "sha256:0", caller("bot"), desk)
