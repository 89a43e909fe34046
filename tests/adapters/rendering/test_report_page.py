"""The report: one file, complete in itself, whatever there is to show; nothing by sight alone."""

import re
from base64 import b64decode
from datetime import timedelta
from decimal import Decimal
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from adapters.rendering import charts
from adapters.rendering.report_page import MOST_LINES, report_page
from application.evidence.cases import case_label
from application.metrics.intervals import proportion
from application.metrics.window import Window
from application.reading import Queue
from application.reporting import RiskCurve, RiskPoint, TypeReport, risk_curves
from tests.adapters.a_busy_type import an_office_with_a_promise, busy, reported
from tests.application.metrics.worked_case import judged
from tests.domain.builders import DAY, NOON

TITLES = [
    "Volumes by lane",
    "Cycle time against the baseline",
    "Override rate",
    "Reliability",
    "Risk and coverage",
    "Exceptions by code",
    "Queue age",
]
SVG = "{http://www.w3.org/2000/svg}svg"


class Page(HTMLParser):
    """What stands in a page: its tags with what they say of themselves, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def report() -> TypeReport:
    """Three weeks of a busy decision type."""
    return reported(busy(an_office_with_a_promise(), days=20, a_day=24))


def pictures(page: Page) -> list[bytes]:
    sources = [str(image["src"]) for image in page.all("img")]
    assert all(source.startswith("data:image/svg+xml;base64,") for source in sources)
    return [b64decode(source.partition(",")[2]) for source in sources]


def test_every_question_has_a_picture_a_sentence_and_its_numbers(report: TypeReport) -> None:
    page = Page(report_page(report))
    assert [word for word in page.words if word in TITLES] == TITLES
    assert len(pictures(page)) == len(page.all("table")) == len(TITLES)
    for image in page.all("img"):
        assert len(str(image["alt"])) > 30


def test_the_numbers_are_those_of_the_metrics(report: TypeReport) -> None:
    text = report_page(report)
    received, override = report.whole.flow.received, report.whole.agreement.override_rate
    assert sum(sum(period.lanes.values()) for period in report.periods) == received
    assert f"{received:,} decisions came in" in text
    assert f"decided {override.numerator:,} of {override.denominator:,} otherwise" in text
    assert "than the baseline&#x27;s 5.0 h" in text
    for period in report.periods[-MOST_LINES:]:
        assert f'<th scope="row">{period.window.since:%Y-%m-%d}</th>' in text


def test_it_needs_no_network_and_no_script(report: TypeReport) -> None:
    text = report_page(report)
    page = Page(text)
    assert not re.search(r"https?:|<script|<link|@import|url\(", text)
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "link", "iframe", "object"})
    for picture in pictures(page):
        root = ET.fromstring(picture)
        assert root.tag == SVG
        assert b"<script" not in picture
        for element in root.iter():
            links = [v for name, v in element.attrib.items() if name.endswith("href")]
            assert all(link.startswith("#") for link in links)


def test_the_same_numbers_give_the_same_file(report: TypeReport) -> None:
    assert report_page(report) == report_page(report)


def test_with_nothing_to_show_it_says_so() -> None:
    page = Page(report_page(reported(an_office_with_a_promise())))
    assert [word for word in page.words if word in TITLES] == TITLES
    assert page.words.count("Nothing to show in this window.") == len(TITLES)
    assert not page.all("img")


def test_a_single_day_is_shown() -> None:
    report = reported(busy(an_office_with_a_promise(), days=1, a_day=6))
    page = Page(report_page(report))
    assert len(report.periods) == 1
    assert len(pictures(page)) >= 3


def test_a_window_is_cut_into_days_weeks_or_months(report: TypeReport) -> None:
    office = busy(an_office_with_a_promise(), days=3, a_day=2)
    assert reported(office).by == "day"
    office.pass_time(60 * DAY)
    assert reported(busy(office, days=1, a_day=2)).by == "week"
    office.pass_time(400 * DAY)
    late = busy(office, days=1, a_day=2)
    assert reported(late, Window(since=NOON - DAY, until=late.clock.now() + DAY)).by == "month"
    assert report.by == "day"


def test_a_title_is_text_and_no_markup(report: TypeReport) -> None:
    named = report.model_copy(update={"title": "<script>alert(1)</script>"})
    text = report_page(named)
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_the_certified_threshold_is_on_its_curve(report: TypeReport) -> None:
    assert report.thresholds is not None
    (one,) = report.thresholds.recommendations
    assert one.threshold is not None, one.sentence
    assert one.sentence in report_page(report)


def test_without_a_declared_promise_none_is_certified(report: TypeReport) -> None:
    text = report_page(report.model_copy(update={"thresholds": None}))
    assert "declares nothing that a threshold has to prove" in text


def test_risk_grows_with_what_is_covered_from_the_surest_on() -> None:
    counts: dict[str, int] = {}
    for n in range(100):
        case = judged(f"d{n}", f"{0.5 + n / 200:.3f}", n % 10 != 0)
        counts[case_label(case)] = counts.get(case_label(case), 0) + 1
    (curve,) = risk_curves(counts)
    assert curve.decisions == 100
    assert [point.threshold for point in curve.points] == sorted(
        (point.threshold for point in curve.points), reverse=True
    )
    assert curve.points[-1].coverage == pytest.approx(1, abs=0.02)
    assert curve.points[-1].wrong.value == pytest.approx(0.1, abs=0.02)
    assert risk_curves({}) == ()


def test_long_names_many_queues_and_great_numbers_stay_readable() -> None:
    queues = [
        Queue(
            name=f"{'a-very-long-name-of-a-queue-' * 3}{n}",
            kind="review",
            decision_type="refund",
            waiting=10_000_000,
            overdue=n,
            oldest_at=NOON - timedelta(days=n),
        )
        for n in range(40)
    ]
    assert charts.queue_ages(queues, NOON).startswith(b"<?xml")
    assert charts.bars({"A_CODE": 10_000_000, "ANOTHER": 1}, "decisions").startswith(b"<?xml")
    many = RiskCurve(
        model="m",
        version="1",
        decisions=10_000_000,
        points=tuple(
            RiskPoint(
                threshold=1 - n / 100,
                coverage=n / 100,
                wrong=proportion("risk_at_coverage/1", n, 1000),
            )
            for n in range(1, 60)
        ),
    )
    assert charts.risk([many] * 3, 0.05, [(0.5, 0.02, str(Decimal("0.9")))]).startswith(b"<?xml")
