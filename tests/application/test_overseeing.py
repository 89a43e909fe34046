"""Oversight is for a type's owners and the reviewer concerned, and only where there is enough."""

import pytest

from adapters.memory.log import MemoryEventLog
from adapters.memory.projections import MemoryProjectionStore
from adapters.memory.reading import MemoryReader
from application.desk import NoAuthority
from application.metrics.concordance import cohen_kappa, gwet_ac1
from application.metrics.oversight import Tally, agreement_surplus
from application.metrics.window import Window
from application.overseeing import ENOUGH, overseen
from application.reading import Reader
from tests.application.office import Office, an_office, caller, run
from tests.domain.builders import DAY, LARGE, NOON

WINDOW = Window(since=NOON - DAY, until=NOON + 2 * DAY)


def reader_of(office: Office) -> Reader:
    log = office.desk.log
    assert isinstance(log, MemoryEventLog)
    return MemoryReader(log, MemoryProjectionStore(log))


def reviewed(*reviews: tuple[str, int]) -> Office:
    """So many reviews of each person, every third of them an override."""
    office = an_office()
    for who, count in reviews:
        for n in range(count):
            id = office.recommend(subject=f"{who} {n}", context=LARGE).decision.id
            other = {"action": "replace", "reason_code": "OVR.X"}
            office.choose(id, "override", who, **other) if n % 3 == 0 else office.choose(
                id, who=who
            )
            office.report(id)
    return office


def lines(office: Office, who: str) -> dict[str, bool]:
    found = run(overseen("refund", WINDOW, caller(who), office.desk, reader_of(office)))
    return {line.reviewer: line.enough for line in found.reviewers}


def test_an_owner_sees_every_reviewer_and_a_reviewer_their_own_line() -> None:
    office = reviewed(("rae", ENOUGH), ("sam", 3))
    everyone = {"rae": True, "sam": False}
    for owner in ("ana", "bo", "cy", "di", "audra"):
        assert lines(office, owner) == everyone
    assert lines(office, "rae") == {"rae": True}
    assert lines(office, "sam") == {"sam": False}
    assert lines(office, "bot") == {}
    with pytest.raises(NoAuthority):
        lines(office, "stranger")


def test_of_whom_too_little_is_known_nothing_is_said() -> None:
    office = reviewed(("rae", ENOUGH), ("sam", ENOUGH - 1))
    found = run(overseen("refund", WINDOW, caller("ana"), office.desk, reader_of(office)))
    rae, sam = found.reviewers
    assert (sam.reviews, sam.agreement_rate, sam.agreement_surplus) == (ENOUGH - 1, None, None)
    assert (sam.agreement_run, sam.short_dwell_share) == (None, None)
    assert rae.agreement_rate is not None
    assert rae.agreement_rate.numerator == 20
    assert rae.agreement_surplus is not None
    low, high = rae.agreement_surplus.low, rae.agreement_surplus.high
    assert low is not None
    assert high is not None
    assert low < 0 < high, "both override every third"


def test_who_agrees_with_everything_stands_out_from_peers_on_the_same_mix() -> None:
    mix = ("refund", "refund")
    always = agreement_surplus({mix: Tally(100, 100)}, {mix: Tally(300, 200)})
    assert always.value == pytest.approx(1 / 3)
    assert always.low is not None
    assert always.low > 0.2
    alike = agreement_surplus({mix: Tally(100, 66)}, {mix: Tally(300, 200)})
    assert alike.low is not None
    assert alike.high is not None
    assert alike.low < 0 < alike.high
    alone = agreement_surplus({mix: Tally(5, 5)}, {})
    assert (alone.value, alone.low, alone.high) == (None, None, None)


def test_two_people_who_can_not_see_each_other() -> None:
    assert cohen_kappa([[45, 15], [25, 15]]) == pytest.approx(0.130435, abs=5e-7)
    assert cohen_kappa([[930, 20], [30, 20]]) == pytest.approx(0.418605, abs=5e-7)
    assert gwet_ac1([[930, 20], [30, 20]]) == pytest.approx(0.945298, abs=5e-7)
