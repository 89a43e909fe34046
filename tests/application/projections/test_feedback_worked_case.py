"""The worked case of the metrics' definition, lived through as histories and measured from them."""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from adapters.memory.log import MemoryEventLog
from adapters.memory.projections import MemoryProjectionStore
from adapters.memory.reading import MemoryReader
from application.lots import LotDrawer
from application.measuring import metrics
from application.metrics.formulas import Metrics
from application.metrics.intervals import Proportion
from application.metrics.window import Window
from application.projections.feedback_row import FeedbackRow
from application.reading import Search, search
from application.reviewing import resolve, review
from domain.decision.reviewing import Choice
from domain.decision_type.definition import Baseline
from domain.guardrail.document import Guardrail, Sampling
from domain.values import Lane, QualityDraw
from tests.application.office import SEATS, Office, an_adoption, caller, run
from tests.domain.builders import HOUR, NOON, a_definition, a_guardrail, a_recommendation

SECOND = timedelta(seconds=1)
TOOK = 900 * SECOND
RATE = Decimal("0.75")


@dataclass(frozen=True)
class ToldLots(LotDrawer):
    """Lots that fall as the case says."""

    falls: list[bool] = field(default_factory=list)

    def quality(self, decision_id: UUID, guardrail: Guardrail) -> QualityDraw | None:
        sampled = self.falls.pop(0) if self.falls else False
        return QualityDraw(rate=RATE, key_id=self.key_id, sampled=sampled, queue="quality")


class Case:
    """Twelve decisions, one after the other, most of them over after 900 seconds."""

    def __init__(self) -> None:
        self.office = Office()
        self.lots = ToldLots(b"told", "told")
        self.office.desk.lots = self.lots
        definition = a_definition(
            baseline=Baseline(cycle_time_p50_seconds=Decimal(3600), source="measured by hand")
        )
        sampling = (Sampling(id="qa", of=Lane.AUTOMATE, rate=RATE, queue="quality"),)
        self.office.adopt(an_adoption(definition, a_guardrail(sampling=sampling)))
        log = self.office.desk.log
        assert isinstance(log, MemoryEventLog)
        self.reader = MemoryReader(log, MemoryProjectionStore(log))

    def recommended(self, name: str, confidence: str | None, *, lot: bool = False) -> UUID:
        self.lots.falls[:] = [lot]
        said = a_recommendation(confidence=confidence)
        context = None if confidence is not None else {"suspicious": False}
        return self.office.recommend(subject=name, recommendation=said, context=context).decision.id

    def automated(self, name: str, confidence: str, *, lot: bool) -> UUID:
        id = self.recommended(name, confidence, lot=lot)
        self.office.pass_time(TOOK)
        self.office.report(id)
        return id

    def settled(self, id: UUID, who: str, dwell: int, waits: timedelta, **choice: str) -> None:
        """Somebody claims it so that it is over after `waits`, looks, and decides."""
        self.office.pass_time(waits - dwell * SECOND)
        lease = self.office.claim(id, who).decision.lease
        assert lease is not None
        self.office.pass_time(dwell * SECOND)
        said = Choice.model_validate(
            {"lease_token": str(lease.token), "action_digest": lease.action_digest, **choice}
        )
        dispose = resolve if SEATS[who] == "escalation_owner" else review
        run(dispose(id, said, caller(who), self.office.desk))
        self.office.report(id)

    def live_through(self) -> None:
        overrides = {"disposition": "override", "action": "replace", "reason_code": "OVR.WRONG"}
        upholds = {"disposition": "uphold"}
        office = self.office

        office.judge(self.automated("d1", "0.95", lot=True))

        second = self.automated("d2", "0.92", lot=True)
        office.judge(second, "overturn")
        office.reverse(second)
        office.report(second)

        self.automated("d3", "0.97", lot=False)
        office.judge(self.automated("d4", "0.90", lot=True))

        fifth = self.recommended("d5", "0.99")
        office.report(fifth, "failed")
        office.pass_time(TOOK)
        office.report(fifth, who="ana")

        for name, confidence, dwell, choice in (
            ("d6", "0.80", 40, upholds),
            ("d7", "0.75", 35, overrides),
            ("d8", "0.85", 4, upholds),
        ):
            self.settled(self.recommended(name, confidence), "rae", dwell, TOOK, **choice)

        ninth = self.recommended("d9", "0.70")
        office.pass_time(4 * HOUR)
        office.strike(ninth)
        self.settled(ninth, "di", 90, TOOK, **upholds)

        tenth = self.recommended("d10", "0.40")
        self.settled(tenth, "di", 50, TOOK, **overrides)

        eleventh = self.recommended("d11", None)
        office.pass_time(3 * HOUR)
        office.strike(eleventh)
        office.withdraw(eleventh)

        twelfth = self.recommended("d12", "0.60")
        office.pass_time(4 * HOUR)
        office.refresh(twelfth, "2", None)

    def measured(self) -> Metrics:
        window = Window(since=NOON, until=NOON + 48 * HOUR)
        report = run(
            metrics(window, caller("audra"), self.office.desk, self.reader, decision_type="refund")
        )
        return report.metrics

    def rows(self) -> dict[str, FeedbackRow]:
        page = run(search(Search(), None, 100, caller("audra"), self.reader))
        return {row.subject: row for row in page.items}


@pytest.fixture(scope="module")
def case() -> Case:
    lived = Case()
    lived.live_through()
    return lived


@pytest.fixture(scope="module")
def measured(case: Case) -> Metrics:
    return case.measured()


def six(value: float | None) -> object:
    return pytest.approx(value, abs=5e-7)


def counted(one: Proportion) -> tuple[int, int]:
    return one.numerator, one.denominator


def test_flow_is_that_of_the_definition(measured: Metrics) -> None:
    flow = measured.flow
    assert (flow.received, flow.ended) == (12, 11)
    assert counted(flow.straight_through_rate) == (4, 11)
    assert flow.straight_through_rate.low == six(0.151665)
    assert flow.straight_through_rate.high == six(0.646199)
    assert counted(flow.clean_straight_through_rate) == (3, 11)
    assert counted(flow.automation_rate) == (5, 11)
    assert counted(flow.exception_rate) == (5, 12)
    assert counted(flow.escalation_rate) == (3, 12)


def test_time_is_that_of_the_definition(measured: Metrics) -> None:
    assert counted(measured.time.sla_attainment) == (4, 6)
    assert measured.time.cycle_time.p50 == 900
    assert measured.time.cycle_time_reduction.value == six(0.75)


def test_agreement_is_that_of_the_definition(measured: Metrics) -> None:
    agreement = measured.agreement
    assert counted(agreement.override_rate) == (2, 5)
    assert counted(agreement.quality_overturn_rate) == (1, 3)
    assert agreement.quality_overturn_rate.high == six(0.792340)
    assert agreement.silent_error_estimate.value == six(5 / 3)


def test_oversight_is_that_of_the_definition(measured: Metrics) -> None:
    assert counted(measured.oversight.short_dwell_share) == (1, 3)


def test_calibration_is_that_of_the_definition(measured: Metrics) -> None:
    calibration = measured.calibration
    assert calibration.n == 8
    assert calibration.raw.brier == six(0.216738)
    assert calibration.weighted.brier == six(0.224467)
    assert calibration.raw.ece == six(0.246250)
    assert calibration.weighted.ece == six(0.247407)


def test_a_reversal_moves_no_decision_to_another_end(case: Case) -> None:
    second = case.rows()["d2"]
    assert (second.end, second.state) == ("completed", "reversed")
    assert second.reversed_at is not None
    assert second.exceptions == ()
    assert [one.code for one in second.exception_events] == ["QA_OVERTURNED"]


def test_a_deadline_missed_stays_missed_whoever_settles_it_later(case: Case) -> None:
    ninth = case.rows()["d9"]
    assert (ninth.stages_due, ninth.stages_missed) == (1, 1)
    assert (ninth.lane, ninth.disposed_in) == (Lane.REVIEW, Lane.ESCALATE)
    assert ninth.escalations == ("timeout",)


def test_what_a_person_mended_is_no_straight_through(case: Case) -> None:
    fifth = case.rows()["d5"]
    assert fifth.human_before_end
    assert (fifth.exceptions, fifth.stages_due) == (("ACTION_FAILED",), 0)
