"""For owners: which threshold the evidence bears out, and what is still missing."""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import ValidationError

from adapters.cli.common import database, escaped, out, print_json, settings
from adapters.trouble import Trouble

if TYPE_CHECKING:
    from adapters.settings import Settings
    from application.certifying import Asked, ThresholdReport
    from application.evidence.recommending import Recommendation, Step


def thresholds(
    decision_type: Annotated[str, typer.Argument(help="The decision type.")],
    *,
    model: Annotated[str | None, typer.Option(help="One model; without it, all there are.")] = None,
    model_version: Annotated[str | None, typer.Option(help="One version of it.")] = None,
    limit: Annotated[str | None, typer.Option(help="At most so large a share is wrong.")] = None,
    delta: Annotated[str | None, typer.Option(help="The risk of being mistaken.")] = None,
    grid: Annotated[str | None, typer.Option(help="From the highest down: 0.95,0.9,0.85")] = None,
    since: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], help="The day (UTC) it counts from."),
    ] = None,
    method: Annotated[str | None, typer.Option(help="anytime, or exact.")] = None,
    looks: Annotated[int | None, typer.Option(help="Of the exact test: those planned.")] = None,
    unjudged: Annotated[
        str | None, typer.Option(help="An unjudged sample is wrong, or all is withheld.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON, for a machine.")] = False,
) -> None:
    """Say which threshold the labels bear out, and what it rests on. It changes nothing.

    What is left out is as the policy in force declares it. Exits with 1 where nothing can be
    certified yet.
    """
    said: dict[str, object] = {
        "model": model,
        "model_version": model_version,
        "limit": limit,
        "delta": delta,
        "grid": grid.split(",") if grid else None,
        "since": since.date() if since else None,
        "method": method,
        "looks": looks,
        "unjudged": unjudged,
    }
    report = _reported(settings(), decision_type, _asked(said))
    print_json(report.model_dump_json(indent=2)) if as_json else _show(report)
    if not any(one.threshold is not None for one in report.recommendations):
        raise typer.Exit(1)


def _asked(said: dict[str, object]) -> "Asked":
    from application.certifying import Asked
    from application.wording import problems_of

    try:
        return Asked.model_validate(said)
    except ValidationError as error:
        raise Trouble("\n".join(map(str, problems_of(error, Asked, "options")))) from None


def _reported(given: "Settings", decision_type: str, asked: "Asked") -> "ThresholdReport":
    from adapters.worker import catch_up

    with database(given) as url:
        catch_up(url)
        return asyncio.run(_looked_up(url, decision_type, asked))


async def _looked_up(url: str, decision_type: str, asked: "Asked") -> "ThresholdReport":
    from adapters.assembly import working_desk
    from adapters.postgres.reading import PostgresReader
    from application.certifying import thresholds
    from application.desk import Caller
    from application.ports import Identity

    everywhere = Caller(Identity("remit thresholds", "human", {"*": frozenset({"auditor"})}))
    async with working_desk(url) as desk, PostgresReader(url) as reader:
        return await thresholds(decision_type, asked, everywhere, desk, reader)


def _show(report: "ThresholdReport") -> None:
    in_force = "none" if report.threshold_in_force is None else f"{report.threshold_in_force}"
    out.print(
        f"{escaped(report.decision_type)}, policy version {report.policy_version or 'none'}: "
        f"in force is {in_force}; at most {report.limit} wrong, delta {report.delta}, "
        f"{report.method}, from {report.since}",
        highlight=False,
    )
    out.print(report.guarantee, style="dim", highlight=False)
    for one in report.recommendations:
        _show_one(one)
    if not report.recommendations:
        out.print("no model was heard of since then")


def _show_one(one: "Recommendation") -> None:
    from rich.table import Table

    table = Table("confidence", "wrong", "evidence", "complete", "", title_justify="left")
    for step in one.steps:
        complete = "" if step.completion is None else f"{step.completion:.0%}"
        mark = "[green]✓[/]" if step.passed else "[red]✗[/]"
        said = f"{mark} {escaped(step.because)}"
        counts = f"{step.k:,} of {step.n:,}"
        table.add_row(f"≥ {step.threshold}", counts, _evidence(step), complete, said)
    out.print(f"\n[bold]{escaped(one.sentence)}[/]", highlight=False)
    out.print(table)
    if one.labels_missing:
        at_this_rate = one.labels_missing_at_this_rate
        out.print(
            f"For the next step: about {one.labels_missing:,} labels if all are right; "
            + ("no number" if at_this_rate is None else f"about {at_this_rate:,}")
            + " if they are as often wrong as so far.",
            highlight=False,
        )
    _show_expected(one)


def _evidence(step: "Step") -> str:
    if step.p_value is not None:
        return f"p {step.p_value:.3g}, at most {step.needed:.3g}"
    if step.log_e is not None:
        weighted = ", weighted" if step.weighted else ""
        return f"log e {step.log_e:.2f}, at least {step.needed:.2f}{weighted}"
    return ""


def _show_expected(one: "Recommendation") -> None:
    expected = one.expected
    if expected is None:
        return
    before, after = expected.straight_through_before, expected.straight_through
    errors = expected.errors.error_rate
    wrong = "not known" if errors.value is None else f"{errors.value:.1%}"
    between = "" if errors.low is None else f", between {errors.low:.1%} and {errors.high:.1%}"
    out.print(
        f"With {expected.threshold}, of {expected.decisions:,} recorded decisions: automated "
        f"{before.numerator:,} before, {after.numerator:,} after; for people "
        f"{expected.for_people_before:,} before, {expected.for_people:,} after; "
        f"wrong among the automated: {wrong}{between}.",
        highlight=False,
    )
    if one.set_aside:
        out.print(f"{one.set_aside:,} labels came by themselves and count for nothing here.")
    for said in expected.says:
        out.print(f"  {said}", style="dim", highlight=False)
