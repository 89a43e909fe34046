"""Whatever is tried on one subject: what can't all be carried out never is.

Invariant 2 of the domain across decisions. Several producers recommend, people decide, deadlines
pass, somebody arbitrates, in any order.
"""

from itertools import combinations
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.memory.log import MemoryEventLog
from adapters.memory.projections import MemoryProjectionStore
from application.projections.review_queue import ReviewQueue
from domain.conflict import Status as ConflictStatus
from domain.decision.state import Decision
from domain.model import Refusal
from tests.application.office import Office, an_office
from tests.domain.builders import HOUR, LARGE, SMALL, a_recommendation

MOST = 5
recommendations = st.tuples(
    st.sampled_from(["bot", "other-bot", "third-bot"]),
    st.sampled_from(["refund", "replace", "apologise"]),
    st.sampled_from(["small", "large", "missing"]),
)
deeds = st.tuples(
    st.sampled_from(
        ["uphold", "arbitrate", "refuse all", "wait", "inform", "refresh", "report", "withdraw"]
    ),
    st.integers(0, MOST),
)
SAID = {"small": SMALL, "large": LARGE, "missing": {}}
lives = st.lists(recommendations | deeds, min_size=3, max_size=14)


def recommend(office: Office, who: str, action: str, context: str) -> Decision:
    said = a_recommendation(action)
    return office.recommend(who, recommendation=said, context=SAID[context]).decision


def do(office: Office, deed: str, known: list[UUID], which: int) -> None:
    """One thing that somebody tries on one of the decisions."""
    decision = office.decision(known[which % len(known)])
    id, producer = decision.id, decision.producer
    match deed:
        case "uphold":
            office.choose(id, who="di" if decision.level else "rae")
        case "arbitrate" | "refuse all" if decision.conflict is not None:
            office.arbitrate(decision.conflict, id if deed == "arbitrate" else None)
        case "wait":
            office.pass_time(5 * HOUR)
            for each in known:
                office.strike(each)
        case "inform":
            office.inform(id, SMALL, producer)
        case "refresh":
            office.refresh(id, "2", SMALL, producer)
        case "report":
            office.report(id, who=producer)
        case "withdraw":
            office.withdraw(id, producer)
        case _:
            pass


def compatible(one: Decision, other: Decision) -> bool:
    """Both may be in force: one producer's own two, or what does no harm when done twice."""
    return one.producer == other.producer or one.action == other.action == "apologise"


@given(lives)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_2_what_cannot_all_be_carried_out_never_is(
    life: list[tuple[str, str, str] | tuple[str, int]],
) -> None:
    office, known = an_office(), list[UUID]()
    for step in life:
        try:
            match step:
                case (str(who), str(action), str(context)):
                    known.append(recommend(office, who, action, context).id)
                case (str(deed), int(which)) if known:
                    do(office, deed, known, which)
                case _:
                    pass
        except Refusal:
            pass
        still_sound(office, [office.decision(id) for id in known])


def still_sound(office: Office, decisions: list[Decision]) -> None:
    in_force = [one for one in decisions if one.is_open and one.authority is not None]
    assert all(compatible(one, other) for one, other in combinations(in_force, 2))
    held = [one for one in decisions if one.in_conflict]
    assert len({one.conflict for one in held}) <= 1, "one conflict on a subject"
    for one in held:
        conflict = office.conflict(one.conflict)
        assert conflict.status is ConflictStatus.OPEN
        assert one.id in conflict.decisions
    queue_agrees(office, decisions)


def queue_agrees(office: Office, decisions: list[Decision]) -> None:
    assert isinstance(office.desk.log, MemoryEventLog)
    store, queue = MemoryProjectionStore(office.desk.log), ReviewQueue()
    store.catch_up(queue)
    rows = store.rows(queue)
    assert set(rows) == {str(one.id) for one in decisions if one.is_open}
    for one in decisions:
        if one.is_open:
            row = rows[str(one.id)]
            assert row.waits_for_a_person == one.waits_for_a_person
            assert row.conflict == one.conflict
