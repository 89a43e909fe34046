"""The report on a decision type as one HTML file: no network, no script, made for A4 paper."""

from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from html import escape
from typing import NamedTuple

from adapters.rendering import charts
from application.evidence.recommending import Recommendation
from application.metrics.intervals import Proportion
from application.reporting import LANES, Period, RiskCurve, TypeReport

_STYLE = """
@page { size: A4; margin: 14mm; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem;
  color: #1a1a1a; background: #fff; }
h1 { font-size: 1.5rem; margin-bottom: .2rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .3rem; }
p { margin: .3rem 0 .6rem; } .about, caption, footer { color: #555; font-size: .85rem; }
section { break-inside: avoid; } img { width: 100%; height: auto; }
table { border-collapse: collapse; font-size: .8rem; width: 100%;
  font-variant-numeric: tabular-nums; }
caption { text-align: left; padding: .2rem 0; }
th, td { text-align: right; padding: .1rem .5rem; border-bottom: 1px solid #ddd; }
th:first-child, td:first-child { text-align: left; } thead th { border-bottom: 1px solid #888; }
details summary { cursor: pointer; color: #555; font-size: .85rem; }
.figures { display: grid; grid-template-columns: repeat(4, 1fr); gap: .6rem; margin: 1rem 0; }
.figures div { border: 1px solid #ccc; padding: .5rem .7rem; }
.figures b { display: block; font-size: 1.25rem; } .figures span { font-size: .8rem; color: #555; }
.nothing { border: 1px dashed #aaa; padding: .7rem 1rem; color: #555; }
@media print { body { margin: 0; max-width: none; font-size: 10pt; padding: 0; }
  h2 { margin-top: .6rem; } p { margin: .1rem 0 .2rem; } img { width: 86%; }
  table { font-size: 7.5pt; } th, td { padding: 0 .4rem; } summary { display: none; } }
"""
MOST_LINES = 12
"""A table that is longer shows its last lines; the picture shows all."""

Line = Sequence[str]


class Part(NamedTuple):
    """One section: what it shows, in a sentence, a picture and its numbers."""

    title: str
    says: str
    picture: bytes | None
    alt: str
    head: Line
    lines: Sequence[Line]


def report_page(report: TypeReport) -> str:
    """The whole page."""
    title = report.title or report.decision_type
    since, until = report.window.since, report.window.until
    parts = "".join(map(_section, _parts(report)))
    return f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}: report</title><style>{_STYLE}</style></head>
<body>
<h1>{escape(title)}</h1>
<p class="about">{escape(report.decision_type)}, decisions from {since:%Y-%m-%d} to
{until:%Y-%m-%d %H:%M} UTC, by {report.by}; as of {report.as_of:%Y-%m-%d %H:%M} UTC</p>
{_figures(report)}
{parts}
<footer><p>Intervals are 95 %. A rate counts decisions in the period of their end, a volume in that
of their receipt. A label counts in an estimate where its probability was fixed beforehand; a
complaint never does. Test and seeded decisions are left out.</p></footer>
</body>
</html>
"""


def _figures(report: TypeReport) -> str:
    flow, time = report.whole.flow, report.whole.time
    shown = (
        ("decisions received", f"{flow.received:,}"),
        ("straight through", _percent(flow.straight_through_rate)),
        ("override rate", _percent(report.whole.agreement.override_rate)),
        ("median cycle time", _took(time.cycle_time.p50)),
    )
    told = "".join(f"<div><b>{value}</b><span>{name}</span></div>" for name, value in shown)
    return f'<div class="figures">{told}</div>'


def _section(part: Part) -> str:
    head = f"<section><h2>{escape(part.title)}</h2><p>{escape(part.says)}</p>"
    if part.picture is None:
        return f'{head}<p class="nothing">Nothing to show in this window.</p></section>'
    encoded = b64encode(part.picture).decode()
    image = f'<img alt="{escape(part.alt)}" src="data:image/svg+xml;base64,{encoded}">'
    return f"{head}{image}{_table(part)}</section>"


def _table(part: Part) -> str:
    shown = part.lines[-MOST_LINES:]
    caption = f"The last {len(shown)} of {len(part.lines)} lines" if shown != part.lines else ""
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in part.head)
    body = "".join(_row(line) for line in shown)
    return (
        f"<details open><summary>The numbers</summary><table><caption>{caption}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></details>"
    )


def _row(line: Line) -> str:
    first, *rest = map(escape, line)
    return f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>'


def _parts(report: TypeReport) -> Iterator[Part]:
    yield _volumes(report)
    yield _cycle_times(report)
    yield _overrides(report)
    yield _reliability(report)
    yield _risk(report)
    yield _exceptions(report)
    yield _queues(report)


def _volumes(report: TypeReport) -> Part:
    totals = {lane: sum(p.lanes.get(lane, 0) for p in report.periods) for lane in LANES}
    whole = sum(totals.values())
    shares = [f"{n / whole:.1%} {charts.NAMES[lane]}" for lane, n in totals.items() if n]
    says = f"{whole:,} decisions came in: {_listed(shares)}." if whole else "No decision came in."
    lanes = [lane for lane in LANES if totals[lane]]
    return Part(
        "Volumes by lane",
        says,
        charts.volumes(report.periods, report.by) if whole else None,
        f"Bars by {report.by}, stacked by lane. {says}",
        (report.by, "received", *(charts.NAMES[lane] for lane in lanes)),
        [
            (_when(p), _n(sum(p.lanes.values())), *(_n(p.lanes.get(lane, 0)) for lane in lanes))
            for p in report.periods
            if p.lanes
        ],
    )


def _cycle_times(report: TypeReport) -> Part:
    took, base = report.whole.time.cycle_time, report.baseline_p50
    says = (
        f"Half of {took.n:,} decisions ended within {_took(took.p50)}, nine in ten within "
        f"{_took(took.p90)}"
    )
    reduction = report.whole.time.cycle_time_reduction.value
    if not took.n:
        says = "No decision has ended"
    elif base is None:
        says += "; no baseline was registered before go-live, so nothing can be compared"
    elif reduction is not None:
        less = "less" if reduction >= 0 else "more"
        says += (
            f". The median is {abs(reduction):.1%} {less} than the baseline's {_took(float(base))}"
        )
    ended = [p for p in report.periods if p.metrics.time.cycle_time.n]
    return Part(
        "Cycle time against the baseline",
        f"{says}.",
        charts.cycle_times(report.periods, report.by, float(base) if base else None)
        if ended
        else None,
        f"Lines of the median and of nine in ten by {report.by}. {says}.",
        (report.by, "ended", "median", "9 in 10", "95 in 100"),
        [
            (_when(p), _n(t.n), _took(t.p50), _took(t.p90), _took(t.p95))
            for p in ended
            for t in (p.metrics.time.cycle_time,)
        ],
    )


def _overrides(report: TypeReport) -> Part:
    rate = report.whole.agreement.override_rate
    says = (
        f"People decided {rate.numerator:,} of {rate.denominator:,} otherwise than recommended: "
        f"{_percent(rate)}."
        if rate.denominator
        else "No person has decided anything."
    )
    known = [p for p in report.periods if p.metrics.agreement.override_rate.denominator]
    return Part(
        "Override rate",
        says,
        charts.overrides(report.periods, report.by) if known else None,
        f"The override rate by {report.by}, with 95 % intervals. {says}",
        (report.by, "overridden", "of", "rate", "95 % interval"),
        [(_when(p), *_rate(p.metrics.agreement.override_rate)) for p in known],
    )


def _reliability(report: TypeReport) -> Part:
    found = report.whole.calibration
    ece, chance = found.weighted.ece, found.ece_if_calibrated
    says = "No label of known probability has come in."
    if found.n and ece is not None and chance is not None:
        says = (
            f"On {found.n:,} labels, what the model says and how often it is right lie {ece:.1%} "
            f"apart on average; a perfectly calibrated one would show about {chance:.1%}."
        )
    return Part(
        "Reliability",
        says,
        charts.reliability(found.bins) if found.n else None,
        f"Points of stated confidence against the share that was right. {says}",
        ("confidence", "labels", "mean confidence", "right", "95 % interval"),
        [
            (
                f"{each.low:.1f} to {each.high:.1f}",
                _n(each.n),
                f"{each.mean_confidence:.3f}",
                f"{each.accuracy:.1%}",
                f"{each.accuracy_low:.1%} to {each.accuracy_high:.1%}",
            )
            for each in found.bins
        ],
    )


def _risk(report: TypeReport) -> Part:
    curves = [curve for curve in report.risk if curve.points]
    declared = report.thresholds
    marks = list(_marks(curves, declared.recommendations)) if declared else []
    if declared is None:
        says = "The policy declares nothing that a threshold has to prove, so none is certified."
    elif marks:
        found = [one for one in declared.recommendations if one.threshold is not None]
        says = f"{_listed([one.sentence for one in found])}."
    else:
        said = [one.sentence for one in declared.recommendations] or [
            "No model has been heard of since the declared start"
        ]
        says = f"{_listed(said)}."
    return Part(
        "Risk and coverage",
        f"The less sure the model may be, the more it covers, and the more of it is wrong. {says}",
        charts.risk(curves, float(declared.limit) if declared else None, marks) if curves else None,
        f"Curves of the share of wrong ones against what is covered, with 95 % bands. {says}",
        ("model, from confidence", "covered", "wrong", "of labels", "share", "95 % interval"),
        [
            (
                f"{curve.model} {curve.version}, {point.threshold:.4f}",
                f"{point.coverage:.1%}",
                *_rate(point.wrong),
            )
            for curve in curves
            for point in curve.points[:: _every(len(curve.points), MOST_LINES // len(curves))]
        ],
    )


def _every(many: int, most: int) -> int:
    """Of many, every how manieth so that at most so many are told."""
    return max(1, -(-many // most))


def _marks(
    curves: Sequence[RiskCurve], recommended: Iterable[Recommendation]
) -> Iterator[tuple[float, float, str]]:
    """Where the certified thresholds lie on their curves."""
    for one in recommended:
        for curve in curves:
            if (curve.model, curve.version) == (
                one.model,
                one.model_version,
            ) and one.threshold is not None:
                above = [p for p in curve.points if p.threshold >= one.threshold]
                if above:
                    yield above[-1].coverage, above[-1].wrong.value or 0, str(one.threshold)


def _exceptions(report: TypeReport) -> Part:
    rates = report.whole.flow.exception_rate_by_code
    counts = {code: rate.numerator for code, rate in rates.items() if rate.numerator}
    every = report.whole.flow.exception_rate
    says = (
        f"{every.numerator:,} of {every.denominator:,} decisions met an exception: "
        f"{_percent(every)}."
        if counts
        else "No decision met an exception."
    )
    most = sorted(counts, key=lambda code: (-counts[code], code))
    return Part(
        "Exceptions by code",
        says,
        charts.bars(counts, "decisions with the exception") if counts else None,
        f"Bars of decisions by exception code. {says}",
        ("code", "decisions", "of", "rate", "95 % interval"),
        [(code, *_rate(rates[code])) for code in most],
    )


def _queues(report: TypeReport) -> Part:
    waiting = sum(queue.waiting for queue in report.queues)
    late = sum(queue.overdue for queue in report.queues)
    says = (
        f"{waiting:,} wait in {len(report.queues)} queues now, {late:,} of them past their "
        "deadline."
        if waiting
        else "Nothing waits for anybody now."
    )
    ordered = sorted(report.queues, key=lambda queue: (queue.oldest_at, queue.name))
    return Part(
        "Queue age",
        says,
        charts.queue_ages(report.queues, report.as_of) if waiting else None,
        f"Bars of the age of the oldest in each queue. {says}",
        ("queue", "waiting", "claimed", "overdue", "oldest", "next due"),
        [
            (
                f"{queue.name} ({queue.kind})",
                _n(queue.waiting),
                _n(queue.claimed),
                _n(queue.overdue),
                _took((report.as_of - queue.oldest_at).total_seconds()),
                _moment(queue.next_due_at),
            )
            for queue in ordered
        ],
    )


def _listed(said: Sequence[str]) -> str:
    return (
        said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}" if said else "none"
    )


def _when(period: Period) -> str:
    return f"{period.window.since:%Y-%m-%d}"


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else "–"


def _n(count: int) -> str:
    return f"{count:,}"


def _percent(rate: Proportion) -> str:
    return "–" if rate.value is None else f"{rate.value:.1%}"


def _rate(rate: Proportion) -> tuple[str, str, str, str]:
    between = "–" if rate.low is None or rate.high is None else f"{rate.low:.1%} to {rate.high:.1%}"
    return _n(rate.numerator), _n(rate.denominator), _percent(rate), between


def _took(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.1f} {name}"
    return f"{seconds:.1f} s"
