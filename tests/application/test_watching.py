"""Circuit breakers at work: what labels do to a decision type, and when automation begins again."""

from dataclasses import replace
from decimal import Decimal
from itertools import count
from uuid import UUID

import pytest

from adapters.memory.log import MemoryEventLog
from adapters.memory.projections import MemoryProjectionStore
from application.breaker_views import BreakersView, breakers_of
from application.desk import Caller
from application.evidence.breaking import BLOCK
from application.governing import adopt
from application.projections.breakers import Breakers, BreakersRow
from application.watching import WATCHES, Lookout, look_at_all
from domain.breakers import Breaker, Stream
from domain.decision.state import Decision
from domain.decision_type.state import DecisionType
from domain.guardrail.document import Guardrail, Sampling
from domain.values import ExceptionCode, Lane, QualityDraw, Stage
from tests.application.office import Office, an_adoption, caller, run
from tests.domain.builders import a_guardrail

EASY = Breaker(limit=Decimal("0.05"), delta=Decimal("0.1"), horizon=250)
"""Trips at the third wrong one in a row, so that tests are short."""

NUMBERS = count()


def rules(rate: str = "0.2", **breakers: Breaker) -> Guardrail:
    """Rules that check a share of what is automated, and state breakers."""
    sample = Sampling(id="checks", of=Lane.AUTOMATE, rate=Decimal(rate))
    stated = {Stream(name): breaker for name, breaker in breakers.items()}
    return a_guardrail().model_copy(update={"sampling": (sample,), "breakers": stated or None})


def office(guardrail: Guardrail | None = None) -> Office:
    stated = guardrail or rules(quality=EASY)
    return Office().adopt(an_adoption(guardrail=stated))


def kind(at: Office) -> DecisionType:
    found = run(at.desk.decision_type("refund"))
    assert found is not None
    return found


def a_checked_one(at: Office) -> Decision:
    """A decision that was automated and drawn for a quality check."""
    for _ in range(200):
        decision = at.recommend(subject=f"order {next(NUMBERS)}").decision
        if decision.quality and decision.quality.sampled:
            return decision
    raise AssertionError("the lot fell on none of 200")


def judged(at: Office, *verdicts: str) -> list[UUID]:
    """A quality verdict each on decisions that were all drawn before."""
    ids = [a_checked_one(at).id for _ in verdicts]
    for id, verdict in zip(ids, verdicts, strict=True):
        at.judge(id, verdict)
    return ids


def tripped() -> Office:
    at = office()
    judged(at, "overturn", "overturn", "overturn")
    assert kind(at).breaker_open
    return at


def view(at: Office) -> BreakersView:
    return run(breakers_of("refund", caller("audra"), at.desk))


def work(at: Office) -> None:
    """What a worker does every second."""
    run(look_at_all(at.desk, Caller(WATCHES), {}))


def draw_of(at: Office) -> QualityDraw:
    draw = a_checked_one(at).quality
    assert draw is not None
    return draw


def test_the_very_next_decision_after_the_label_that_trips_is_reviewed() -> None:
    at = office()
    drawn = [a_checked_one(at).id for _ in range(3)]
    at.judge(drawn[0], "overturn")
    at.judge(drawn[1], "overturn")
    assert at.recommend(subject="before").decision.lane is Lane.AUTOMATE
    at.judge(drawn[2], "overturn")
    decision = at.recommend(subject="after").decision
    assert decision.lane is Lane.REVIEW
    assert decision.routing is not None
    assert ExceptionCode.AUTOMATION_HALTED in decision.routing.exceptions
    assert decision.routing.reasons[0].text == "the circuit breaker is open"
    assert at.replayed(decision.id).verdict == "match"


def test_a_trip_is_on_record_with_the_label_it_rests_on() -> None:
    at = office()
    last = judged(at, "overturn", "overturn", "overturn")[-1]
    label = next(
        p for p in at.log() if p.event.originator_id == last and "overturned" in p.event.TOPIC
    )
    trip = next(p.event for p in at.log() if p.event.TOPIC == "decision_type.breaker_tripped")
    content = trip.model_dump()
    assert (content["stream"], content["label"]) == ("quality", label.position)
    assert content["detail"].startswith("3 of 3 were wrong, where 0.05 of them may be;")
    assert (trip.actor.kind, trip.actor.id) == ("timer", "breaker")
    assert trip.correlation_id == label.event.correlation_id


def test_it_trips_once_and_what_follows_is_not_counted() -> None:
    at = office()
    waiting = [a_checked_one(at).id for _ in range(5)]
    for id in waiting:
        at.judge(id, "overturn")
    topics = [p.event.TOPIC for p in at.log()]
    assert topics.count("decision_type.breaker_tripped") == 1
    (stream,) = view(at).streams
    assert (view(at).state, stream.n, stream.tripped) == ("open", 3, True)


def test_a_warning_has_more_of_them_checked_until_it_has_come_to_nothing() -> None:
    at = office()
    assert draw_of(at).rate == Decimal("0.2")
    judged(at, "overturn", "overturn")
    assert kind(at).warned == {"quality"}
    decision = a_checked_one(at)
    assert decision.quality is not None
    assert decision.quality.rate == Decimal("0.8")
    assert at.replayed(decision.id).verdict == "match"
    judged(at, *["confirm"] * 148)
    work(at)
    assert kind(at).warned == frozenset()
    assert draw_of(at).rate == Decimal("0.2")


def test_labels_that_were_likelier_weigh_less() -> None:
    at = office()
    judged(at, "overturn", "overturn")
    before = view(at).streams[0].evidence
    judged(at, "overturn")
    assert not kind(at).breaker_open, "at four times the rate it counts for a quarter"
    assert view(at).streams[0].evidence > before


def test_a_trip_takes_the_stage_back_in_the_same_write() -> None:
    at = tripped()
    topics = [p.event.TOPIC for p in at.log()]
    trip = topics.index("decision_type.breaker_tripped")
    assert topics[trip + 1] == "decision_type.stage_changed"
    assert (kind(at).stage, kind(at).partial_share) == (Stage.PARTIAL, Decimal("0.5"))
    at.resume("cy")
    lanes = [at.recommend(subject=f"half of them {n}").decision.lane for n in range(40)]
    assert {*lanes} == {Lane.AUTOMATE, Lane.REVIEW}


def test_an_owner_lets_it_begin_again_on_trial_with_everything_checked() -> None:
    at = tripped()
    at.resume("cy")
    assert (kind(at).breaker_open, kind(at).half_open) == (False, True)
    draws = [at.recommend(subject=f"on trial {n}").decision.quality for n in range(20)]
    assert at.replayed(a_checked_one(at).id).verdict == "match"
    drawn = [draw for draw in draws if draw is not None]
    assert {(draw.rate, draw.sampled) for draw in drawn} == {(Decimal(1), True)}
    (stream,) = view(at).streams
    assert (view(at).state, stream.n, stream.evidence) == ("half_open", 0, 1)


def test_a_trial_that_goes_well_closes_the_breaker_with_a_fresh_budget() -> None:
    at = tripped()
    at.resume("cy")
    judged(at, *["confirm"] * BLOCK)
    assert kind(at).half_open
    work(at)
    assert not kind(at).half_open
    (stream,) = view(at).streams
    assert (view(at).state, stream.n, view(at).tripped) == ("closed", 0, None)


def test_on_trial_a_warning_is_enough() -> None:
    at = tripped()
    at.resume("cy")
    judged(at, *["overturn"] * 4)
    assert not kind(at).breaker_open
    judged(at, "overturn")
    assert kind(at).breaker_open


def test_lifting_a_kill_switch_gives_no_fresh_budget() -> None:
    at = office()
    judged(at, "overturn", "overturn")
    at.suspend("ana")
    at.resume("cy")
    assert view(at).streams[0].n == 2
    assert not kind(at).half_open


def test_another_policy_version_gives_no_fresh_budget() -> None:
    at = office()
    judged(at, "overturn", "overturn")
    run(adopt(an_adoption(guardrail=rules("0.3", quality=EASY)), caller("operator"), at.desk))
    assert view(at).streams[0].n == 2


def test_where_a_policy_states_none_quality_is_watched_all_the_same() -> None:
    at = office(rules("1"))
    (stream,) = view(at).streams
    assert (stream.stream, stream.limit, stream.horizon) == ("quality", 0.05, 100_000)
    judged(at, *["overturn"] * 7)
    assert kind(at).breaker_open


def test_failed_actions_trip_their_own() -> None:
    at = office(rules(actions=EASY))
    for n in range(3):
        assert not kind(at).breaker_open
        at.report(at.recommend(subject=f"o{n}").decision.id, "failed")
    assert (kind(at).breaker_open, kind(at).tripped) == (True, "actions")


def test_overrides_warn_and_never_stop_automation() -> None:
    at = office(rules(overrides=EASY))
    at.suspend("ana")
    for n in range(12):
        id = at.recommend(subject=f"o{n}").decision.id
        at.choose(id, "override", action="replace", reason_code="OVR.OTHER")
    assert kind(at).warned == {"overrides"}
    assert not kind(at).breaker_open


def test_a_policy_that_fails_counts_against_quality(monkeypatch: pytest.MonkeyPatch) -> None:
    at = office(rules("1", quality=EASY))

    def broken(*_: object) -> None:
        raise ValueError("a fault of the engine")

    monkeypatch.setattr("domain.composing.evaluate_traced", broken)
    for n in range(3):
        at.recommend(subject=f"o{n}")
    assert kind(at).breaker_open
    monkeypatch.undo()
    assert at.recommend(subject="later").decision.lane is Lane.REVIEW


def test_a_repeated_label_looks_again_as_whoever_was_cut_off_would_have() -> None:
    at = office()
    first, second, last = (a_checked_one(at).id for _ in range(3))
    at.judge(first, "overturn")
    at.judge(second, "overturn")
    at.judge(last, "overturn", key="k")
    topics = [p.event.TOPIC for p in at.log()]
    at.judge(last, "overturn", key="k")
    assert [p.event.TOPIC for p in at.log()] == topics
    assert kind(at).breaker_open


def test_what_a_crash_kept_from_being_looked_at_is_found_by_a_worker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at = office()

    async def cut_off(*_: object) -> None:
        pass

    with monkeypatch.context() as patch:
        patch.setattr("application.desk.look_out", cut_off)
        judged(at, "overturn", "overturn", "overturn")
    assert not kind(at).breaker_open
    work(at)
    assert kind(at).breaker_open
    assert at.recommend(subject="after").decision.lane is Lane.REVIEW


def test_another_process_knows_what_this_one_knows() -> None:
    """Each folds the log by itself, from wherever it is, to the same bits."""
    at = office()
    log = at.desk.log
    judged(at, "overturn", "confirm")
    early = Lookout()
    run(early.rows(log))
    judged(at, "confirm", "confirm", "confirm")
    late = Lookout()
    assert run(early.rows(log)) == run(late.rows(log)) == run(at.desk.lookout.rows(log))


def test_a_process_begins_where_the_projection_stands() -> None:
    at = office()
    judged(at, "overturn", "confirm")
    assert isinstance(at.desk.log, MemoryEventLog)
    store, breakers = MemoryProjectionStore(at.desk.log), Breakers()
    store.catch_up(breakers)
    judged(at, "confirm", "confirm")

    async def kept() -> tuple[int, dict[str, BreakersRow]]:
        return store.position(breakers), store.rows(breakers)

    assert run(Lookout(kept).rows(at.desk.log)) == run(Lookout().rows(at.desk.log))


def test_the_projection_is_what_is_decided_on() -> None:
    at = tripped()
    assert isinstance(at.desk.log, MemoryEventLog)
    store, breakers = MemoryProjectionStore(at.desk.log), Breakers()
    store.catch_up(breakers)
    assert store.rows(breakers) == run(at.desk.lookout.rows(at.desk.log))
    store.rebuild(breakers)
    assert store.verify(breakers) == []


def test_nobody_has_to_wait_where_it_is_open_already() -> None:
    at = tripped()
    before = at.length()
    other = replace(caller("audra"), if_match=None)
    assert run(breakers_of("refund", other, at.desk)).state == "open"
    work(at)
    assert at.length() == before
