"""A rehearsal, and a trial beside the version in force, as tables in the terminal."""

from collections.abc import Iterable, Mapping

from rich.table import Table

from adapters.cli.common import out
from application.metrics.intervals import Estimate, Proportion
from application.rehearsal.report import Change, LaneCount, Load, Report
from application.shadowing import ShadowView

SHOWN = 10


def print_rehearsal(report: Report) -> None:
    """What would have been, what changes, and what nobody can tell."""
    of = "this file" if report.version is None else f"version {report.version}"
    against = "no policy" if report.against is None else f"version {report.against}"
    window = report.window
    _say(f"{report.decision_type}: {of} against {against}")
    _say(
        f"{report.decisions:,} decisions received in "
        f"[{window.since:%Y-%m-%d %H:%M}, {window.until:%Y-%m-%d %H:%M}) UTC"
    )
    _say(f"straight through   {_share(report.straight_through_rate)}")
    _say(f"            before {_share(report.straight_through_rate_before)}")
    _say(
        f"changed {report.changed:,}: {report.relaxed:,} relaxed, {report.tightened:,} tightened; "
        f"rerouted {report.rerouted:,}"
    )
    out.print(_lanes(report.lanes))
    for change in report.changes:
        _print_change(change)
    if report.loads:
        out.print(_loads(report.loads))
    _counted("missing facts", report.missing)
    known = report.would_be_automated
    _say(f"of the {known.decisions:,} that would be automated")
    _say(f"  settled otherwise by a person  {_share(known.override_rate)}")
    _say(f"  wrong                          {_estimate(known.error_rate)}")
    for part in known.strata:
        _say(
            f"  {part.kind} (chance {part.probability}): {part.decisions:,}, "
            f"{part.labelled:,} of {part.drawn:,} labelled, {part.wrong:,} wrong"
        )
    for text in (report.compared, *report.limits):
        out.print(f"• {text}", style="dim", highlight=False, markup=False)


def print_shadow(view: ShadowView) -> None:
    """How far the two agree, and where they don't."""
    state = "is tried" if view.running else "was tried"
    _say(f"{view.decision_type}: version {view.version} {state} beside version {view.against}")
    _say(f"since {view.started_at:%Y-%m-%d %H:%M} UTC, by {view.started_by}")
    _say(f"{view.decisions:,} decisions, agreement {_share(view.agreement)}")
    _say(f"straight through   {_share(view.straight_through_rate)}")
    _say(f"            before {_share(view.straight_through_rate_before)}")
    out.print(_lanes(view.lanes))
    for change in view.changes:
        _counted(f"{change.before} → {change.after}", change.rules)


def _print_change(change: Change) -> None:
    _counted(f"{change.before} → {change.after}: {change.decisions:,}", change.rules)
    for one in change.first[:SHOWN]:
        said = one.human_outcome
        known = ""
        if said is not None:
            words = {True: "right", False: "wrong", None: "unknown"}
            known = f"; the recommendation was {words[said.right]}"
        _say(f"    {one.decision} {one.rule_before} → {one.rule}{known}")


def _lanes(lanes: Iterable[LaneCount]) -> Table:
    table = Table("before", "after", "decisions", title="lanes", title_justify="left")
    for one in lanes:
        style = None if one.before is one.after else "bold"
        table.add_row(one.before, one.after, f"{one.decisions:,}", style=style)
    return table


def _loads(loads: Iterable[Load]) -> Table:
    columns = ("lane", "queue", "service level", "decisions", "before", "busiest hour (UTC)")
    table = Table(*columns, title="what waits for people", title_justify="left")
    for load in loads:
        hour = load.busiest_hour
        busiest = "" if hour is None else f"{load.busiest:,} at {hour:%Y-%m-%d %H}:00"
        marks = (" four eyes" if load.four_eyes else "") + (" held" if load.held else "")
        table.add_row(
            load.lane + marks,
            load.queue,
            str(load.service_level),
            f"{load.decisions:,}",
            f"{load.decisions_before:,}",
            busiest,
        )
    return table


def _counted(title: str, counts: Mapping[str, int]) -> None:
    if counts:
        parts = ", ".join(f"{name} {count:,}" for name, count in counts.items())
        _say(f"  {title}: {parts}")


def _share(share: Proportion) -> str:
    if share.value is None or share.low is None or share.high is None:
        return "of nothing"
    interval = f"[{share.low:.4f}, {share.high:.4f}]"
    return f"{share.value:.4f} {interval} ({share.numerator:,} of {share.denominator:,})"


def _estimate(estimate: Estimate) -> str:
    if estimate.low is None or estimate.high is None:
        return "of nothing"
    value = "not known" if estimate.value is None else f"{estimate.value:.4f}"
    return f"{value}, within [{estimate.low:.4f}, {estimate.high:.4f}]"


def _say(text: str) -> None:
    out.print(text, highlight=False, markup=False)
