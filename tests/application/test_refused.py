"""What is refused is part of a decision's history, at its place, and fills no disk."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from application.observing import Remark, contest
from application.recounting import Place, tell
from application.refused import MOST_A_MINUTE, attempts_on
from application.reviewing import Claim, claim, review
from domain.decision.refusals import LeaseHeld
from domain.decision.reviewing import Choice
from domain.model import Refusal
from tests.application.office import Office, an_office, caller, run
from tests.domain.builders import LARGE, MINUTE, OTHER_ID


def in_review(office: Office) -> UUID:
    return office.recommend(context=LARGE).decision.id


def refused(office: Office, id: UUID, what: str, who: str, **forged: str) -> None:
    """Somebody tries something, and is refused."""
    lease = office.decision(id).lease
    said = {
        "disposition": "uphold",
        "lease_token": str(lease.token) if lease else "none",
        "action_digest": lease.action_digest if lease else "none",
        **forged,
    }
    with pytest.raises(Refusal):
        if what == "claim":
            office.claim(id, who)
        else:
            run(review(id, Choice.model_validate(said), caller(who), office.desk))


def told(office: Office, id: UUID) -> list[tuple[int, str, str]]:
    lines, _ = run(tell(id, None, office.desk))
    return [(line.version, line.who, line.what) for line in lines]


def test_a_refused_claim_stands_where_it_happened() -> None:
    office = an_office()
    id = in_review(office)
    office.claim(id)
    refused(office, id, "claim", "sam")
    office.release(id)
    lines, _ = run(tell(id, None, office.desk))
    assert [(line.version, line.who, line.refused) for line in lines[2:]] == [
        (3, "rae", None),
        (3, "sam", "REJ.lease_held"),
        (4, "rae", None),
    ]
    assert lines[3].what == "was refused claim (REJ.lease_held)"
    assert lines[3].seat == "reviewer"


def test_every_rule_that_stands_in_the_way_is_named() -> None:
    office = an_office()
    id = in_review(office)
    office.claim(id)
    refused(office, id, "review", "rae", action_digest="sha256:other")
    refused(office, id, "review", "rae", lease_token="other")
    refused(office, id, "review", "sam")
    refused(office, id, "claim", "ana")
    refused(office, id, "claim", "bot")
    refused(office, id, "claim", "stranger")
    office.pass_time(timedelta(hours=1))
    refused(office, id, "review", "rae")
    found = [
        (each.actor.id, each.operation, each.code) for each in run(attempts_on(id, office.desk))
    ]
    assert found == [
        ("rae", "review", "REJ.action_digest"),
        ("rae", "review", "REJ.lease_missing"),
        ("sam", "review", "REJ.lease_missing"),
        ("ana", "claim", "REJ.seat"),
        ("bot", "claim", "REJ.not_a_person"),
        ("stranger", "claim", "REJ.seat"),
        ("rae", "review", "REJ.lease_missing"),
    ]


def test_an_attempt_moves_nobodys_version() -> None:
    office = an_office()
    id = in_review(office)
    lease = office.claim(id).decision.lease
    assert lease is not None
    for who in ("sam", "ana"):
        refused(office, id, "claim", who)
    assert office.decision(id).version == 3
    choice = Choice.model_validate(
        {
            "disposition": "uphold",
            "lease_token": str(lease.token),
            "action_digest": lease.action_digest,
        }
    )
    assert run(review(id, choice, caller("rae"), office.desk)).decision.action == "refund"


def test_the_same_again_within_a_minute_is_one_attempt() -> None:
    office = an_office()
    id = in_review(office)
    office.claim(id)
    for _ in range(20):
        refused(office, id, "claim", "sam")
    assert len(run(attempts_on(id, office.desk))) == 1
    office.pass_time(MINUTE)
    refused(office, id, "claim", "sam")
    assert len(run(attempts_on(id, office.desk))) == 2


def test_another_process_records_it_no_second_time() -> None:
    office = an_office()
    id = in_review(office)
    office.claim(id)
    refused(office, id, "claim", "sam")
    office.desk.tries = type(office.desk.tries)()  # as another process would have it
    refused(office, id, "claim", "sam")
    assert len(run(attempts_on(id, office.desk))) == 1


def test_whoever_tries_everything_fills_no_disk() -> None:
    office = an_office()
    id = in_review(office)
    office.claim(id)

    async def hammer() -> None:
        from application import delivering, observing, reviewing
        from domain.decision.acting import Report
        from domain.values import Receipt

        sam, desk = caller("sam"), office.desk
        choice = Choice.model_validate(
            {"disposition": "uphold", "lease_token": "x", "action_digest": "x"}
        )
        tries = [
            lambda: claim(id, Claim(), sam, desk),
            lambda: reviewing.release(id, sam, desk),
            lambda: review(id, choice, sam, desk),
            lambda: reviewing.resolve(id, choice, sam, desk),
            lambda: contest(id, Remark(), sam, desk),
            lambda: observing.withdraw(id, Remark(), sam, desk),
            lambda: observing.judge(id, observing.QualityVerdict(verdict="confirm"), sam, desk),
            lambda: delivering.reverse(id, delivering.Reverse(reason_code="X"), sam, desk),
            lambda: delivering.report(id, Report(status=Receipt.DELIVERED), sam, desk),
        ]
        assert len(tries) > MOST_A_MINUTE
        for _ in range(5):
            for one in tries:
                with pytest.raises(Refusal):
                    await one()

    run(hammer())
    assert len(run(attempts_on(id, office.desk))) == MOST_A_MINUTE


def test_fifty_at_once_one_claims_and_each_other_is_on_record() -> None:
    office = an_office()
    id = in_review(office)

    async def together() -> list[object]:
        people = [caller(f"rev{n}") for n in range(50)]
        for each in people:
            each.identity.seats["refund"] = frozenset({"reviewer"})
        claims = (claim(id, Claim(), each, office.desk) for each in people)
        return list(await asyncio.gather(*claims, return_exceptions=True))

    answers = run(together())
    assert sum(isinstance(answer, LeaseHeld) for answer in answers) == 49
    assert len({each.actor.id for each in run(attempts_on(id, office.desk))}) == 49


def test_the_trail_goes_on_where_the_page_ended() -> None:
    office = an_office()
    id = in_review(office)
    office.claim(id)
    for who in ("sam", "ana", "di"):
        refused(office, id, "claim", who)
    office.release(id)
    whole, end = run(tell(id, caller("audra"), office.desk))
    assert end is None
    parts, after = [], Place(0, 0)
    while True:
        lines, next = run(tell(id, caller("audra"), office.desk, after, 2))
        parts += lines
        if next is None:
            break
        after = next
    assert parts == whole
    assert len(whole) == 7


def test_what_nobody_recommended_has_no_history_to_be_in() -> None:
    office = an_office()
    length = office.length()
    with pytest.raises(Refusal):
        office.claim(OTHER_ID)
    assert office.length() == length
