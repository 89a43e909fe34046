"""What the rows say of a decision is what its own state says, at every step of any life."""

from typing import get_args

from hypothesis import settings
from hypothesis.stateful import invariant

from application.ports import Positioned
from application.projections.feedback import Feedback
from application.projections.feedback_row import FeedbackRow
from application.projections.review_queue import QueueItem, ReviewQueue
from application.projections.standing import MOVES
from domain.decision import timing
from domain.decision.events import LifeEvent
from domain.decision.state import Status
from domain.values import Lane
from tests.domain.a_life import Life


class LifeInRows(Life):
    """The same life, seen through its rows."""

    folded: int = 0
    item: QueueItem | None = None
    facts: FeedbackRow | None = None

    def _catch_up(self) -> None:
        for event in self.history[self.folded :]:
            self.folded += 1
            positioned = Positioned(self.folded, event)
            self.item = ReviewQueue().fold(self.item, positioned)
            self.facts = Feedback().fold(self.facts, positioned)

    @invariant()
    def the_queue_holds_what_is_open(self) -> None:
        self._catch_up()
        now, item = self.decision, self.item
        assert (item is not None) == now.is_open
        if item is None:
            return
        lease = now.lease
        first = now.first_review if now.status is Status.AWAITING_SECOND_REVIEW else None
        assert item.status is now.status
        assert (item.version, item.level) == (now.version, now.level)
        assert item.waits == now.waits
        assert item.waits_for_a_person == now.waits_for_a_person
        assert item.lane == now.lane
        assert item.holder == (lease.holder if lease else None)
        assert item.lease_expires_at == (lease.expires_at if lease else None)
        assert item.first_reviewer == (first.person if first else None)
        assert (item.missing, item.conflict) == (now.missing, now.conflict)
        assert item.exceptions == tuple(dict.fromkeys(now.exceptions))
        assert item.rings_at == timing.next_moment(now)
        if now.waits:
            place = now.placement
            assert place is not None
            assert (item.queue, item.seat, item.person) == (place.queue, place.seat, place.person)
            assert item.due_at == place.due_at

    @invariant()
    def the_facts_agree_with_the_state(self) -> None:
        self._catch_up()
        now, facts = self.decision, self.facts
        assert facts is not None
        assert FeedbackRow.model_validate_json(facts.model_dump_json()) == facts
        assert (facts.state, facts.updated_version) == (now.status, now.version)
        assert facts.ended_at == now.ended_at
        assert (facts.end is None) == now.is_open
        if now.is_open:
            assert facts.held_in_conflict == (now.conflict is not None)
        assert facts.final_action == now.action
        assert facts.authorised_by == now.authority
        assert facts.receipt == now.receipt
        assert facts.outcome_correct == now.outcome_correct
        assert facts.unsettled == now.unsettled
        assert facts.rings_at == (None if now.is_open else timing.next_moment(now))
        assert (
            facts.quality_verdict
            == {None: None, True: "confirm", False: "overturn"}[now.quality_verdict]
        )
        assert set(facts.exceptions) <= {code.value for code in now.exceptions}
        raised = [one.code for one in facts.exception_events]
        assert raised == [code.value for code in now.exceptions]
        assert set(facts.escalations) <= {"policy", "timeout", "reviewer", "exception"}

    @invariant()
    def only_what_an_action_rests_on_is_settled(self) -> None:
        self._catch_up()
        now, facts = self.decision, self.facts
        assert facts is not None
        if now.authority == "person":
            assert facts.disposed_by is not None
            assert facts.label == (facts.final_action == facts.recommended_action)
            assert facts.label_probability == 1
        if not now.is_open and now.authority != "person":
            assert facts.disposition is None

    @invariant()
    def a_stage_is_open_only_while_people_have_it(self) -> None:
        self._catch_up()
        now, facts = self.decision, self.facts
        assert facts is not None
        assert 0 <= facts.stages_missed <= facts.stages_due
        with_people = now.status.waits_for_a_person or now.status is Status.AWAITING_INFORMATION
        assert (facts.stage_due_at is not None) == with_people
        if facts.sampled is not None:
            assert facts.lane is not None
        if now.lane is Lane.AUTOMATE and now.authority == "policy":
            assert facts.sampled == (now.quality.sampled if now.quality else None)


TestALifeInRows = LifeInRows.TestCase
TestALifeInRows.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)


def test_every_event_of_a_life_is_sorted_in() -> None:
    assert set(MOVES) == set(get_args(LifeEvent))
