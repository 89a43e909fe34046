"""What this service carries out itself is sent until there is a result, and the result is an event."""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest

from application.delivering import MOST_ATTEMPTS, Attempt, Message, deliver
from domain.decision.refusals import CarriedOutHere
from domain.decision.state import Decision, Status
from domain.values import Delivery, ExceptionCode, Receipt
from tests.application.office import Office, an_adoption, an_office, run
from tests.domain.builders import DAY, a_definition

ID = UUID(int=1)
DONE = Attempt(Receipt.DELIVERED, "200 OK", reference="tx-1")
DOWN = Attempt(Receipt.FAILED, "no connection")
GONE = Attempt(Receipt.FAILED, "410 Gone", final=True)
SILENT = Attempt(Receipt.UNKNOWN, "no answer in 10 seconds")


@dataclass
class Post:
    """A courier that meets what it is told to, and remembers what it carried."""

    meets: list[Attempt]
    carried: list[tuple[str, Message]] = field(default_factory=list[tuple[str, Message]])

    async def carry(self, endpoint: str, message: Message) -> Attempt:
        self.carried.append((endpoint, message))
        return self.meets[min(len(self.carried), len(self.meets)) - 1]


def sending_office() -> Office:
    definition = a_definition(delivery=Delivery.WEBHOOK, endpoint="payments")
    return Office().adopt(an_adoption(definition))


def sent(office: Office, decision: Decision, post: Post, attempts: int = 0) -> timedelta | None:
    return run(deliver(decision.id, ID, attempts, post, office.desk))


def test_what_was_delivered_is_complete_and_not_sent_again() -> None:
    office, post = sending_office(), Post([DONE])
    acted = office.recommend().decision
    assert sent(office, acted, post) is None
    assert sent(office, acted, post) is None
    ((endpoint, message),) = post.carried
    assert (endpoint, message.id, message.type) == ("payments", ID, "action.authorised")
    assert (message.data.decision, message.data.action) == (acted.id, "refund")
    after = run(office.desk.decision(acted.id))
    assert (after.status, after.reference) == (Status.COMPLETED, "tx-1")


def test_only_this_service_reports_on_what_it_carries_out() -> None:
    office = sending_office()
    acted = office.recommend().decision
    with pytest.raises(CarriedOutHere):
        office.report(acted.id, "delivered", "bot")
    assert office.report(acted.id, "delivered", "ana").decision.status is Status.COMPLETED


def test_a_receiver_that_is_down_is_tried_again_and_left_longer_each_time() -> None:
    office, post = sending_office(), Post([DOWN])
    acted = office.recommend().decision
    waits = [sent(office, acted, post, attempts) for attempts in range(4)]
    assert waits == sorted(waits, key=lambda wait: wait or DAY)
    assert len(set(waits)) == 4
    assert run(office.desk.decision(acted.id)).status is Status.ACTIONED


@pytest.mark.parametrize("post", [Post([GONE]), Post([DOWN])], ids=["gone", "down for long"])
def test_what_is_given_up_is_an_exception_for_a_person(post: Post) -> None:
    office = sending_office()
    acted = office.recommend().decision
    assert sent(office, acted, post, MOST_ATTEMPTS - 1) is None
    after = run(office.desk.decision(acted.id))
    assert after.status is Status.ACTION_FAILED
    assert after.exceptions == (ExceptionCode.ACTION_FAILED,)


def test_it_is_given_up_before_its_receipt_is_due() -> None:
    office, post = sending_office(), Post([DOWN])
    acted = office.recommend().decision
    office.pass_time(DAY - timedelta(seconds=1))
    assert sent(office, acted, post) is None
    assert run(office.desk.decision(acted.id)).status is Status.ACTION_FAILED


def test_what_may_have_been_done_is_not_sent_a_second_time() -> None:
    office, post = sending_office(), Post([SILENT, DONE])
    acted = office.recommend().decision
    assert sent(office, acted, post) is None
    assert sent(office, acted, post) is None
    assert len(post.carried) == 1
    assert run(office.desk.decision(acted.id)).status is Status.ACTION_UNKNOWN
    assert office.report(acted.id, "delivered", "ana").decision.status is Status.COMPLETED


def test_a_reversal_is_carried_out_in_the_same_way() -> None:
    office, post = sending_office(), Post([DONE])
    acted = office.recommend().decision
    sent(office, acted, post)
    office.reverse(acted.id)
    assert sent(office, acted, post) is None
    assert post.carried[-1][1].type == "reversal.authorised"
    assert run(office.desk.decision(acted.id)).status is Status.REVERSED


@pytest.mark.parametrize("met", [GONE, SILENT, DOWN])
def test_a_reversal_that_fails_is_the_escalation_owners(met: Attempt) -> None:
    office = sending_office()
    acted = office.recommend().decision
    sent(office, acted, Post([DONE]))
    office.reverse(acted.id)
    assert sent(office, acted, Post([met]), MOST_ATTEMPTS - 1) is None
    after = run(office.desk.decision(acted.id))
    assert ExceptionCode.REVERSAL_FAILED in after.exceptions


def test_what_the_producer_carries_out_is_not_sent() -> None:
    office, post = an_office(), Post([DONE])
    assert sent(office, office.recommend().decision, post) is None
    assert post.carried == []
