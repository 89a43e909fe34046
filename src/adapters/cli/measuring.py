"""For owners: the figures of a decision type, what their formulas mean, and whether they hold."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from adapters.cli.common import FORMATS, err, escaped, out, print_json, settings, utc

if TYPE_CHECKING:
    from application.verifying import Verified

FOUND_WANTING = 1
MOST_SHOWN = 20

AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, for a machine.")]


class ShowsFirst(TyperGroup):
    """What is not the name of a command is what `show` is to show."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ("-h", "--help")):
            args = ["show", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=ShowsFirst,
    help="What came of the decisions: `remit metrics TYPE` shows the figures.",
)


@app.command()
def show(
    decision_type: Annotated[
        str | None, typer.Argument(help="The decision type; all of them if none is named.")
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option("--from", formats=FORMATS, help="Start, inclusive (UTC unless it says)."),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(
            "--until", "--to", formats=FORMATS, help="End, exclusive (UTC unless it says)."
        ),
    ] = None,
    group_by: Annotated[str | None, typer.Option(help="Slice by, e.g. queue or day.")] = None,
    formula: Annotated[
        str | None,
        typer.Option(help="Formulas to answer by, e.g. cycle_time/1; others by the newest."),
    ] = None,
    named: Annotated[
        str | None, typer.Option("--decision-type", help="The same as TYPE.", hidden=True)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the figures of a window, with what they were counted from and their intervals."""
    from adapters.cli.figures import print_report
    from adapters.cli.queries import read_metrics

    report = read_metrics(
        settings(),
        decision_type or named,
        utc(since),
        utc(until),
        group_by,
        formula.split(",") if formula else (),
    )
    if as_json:
        print_json(report.model_dump_json(indent=2))
    else:
        print_report(report)


@app.command()
def verify(
    decision_type: Annotated[
        str | None, typer.Argument(help="The decision type; all of them if none is named.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare the figures that are kept up with what the log gives, to the last digit.

    Others may write meanwhile: both sides are as of one moment. Exits with 1 if anything differs.
    """
    from adapters.cli.common import database
    from adapters.verifying import verify_metrics

    given = settings()
    with database(given) as url, err.status("folding the log anew"):
        verified = verify_metrics(url, given, decision_type)
    if as_json:
        print_json(verified.model_dump_json(indent=2))
    else:
        _tell(verified)
    if not verified.equal:
        raise typer.Exit(FOUND_WANTING)


def _tell(verified: "Verified") -> None:
    behind = f", {verified.behind:,} behind the newest event" if verified.behind else ""
    out.print(f"As of position {verified.position:,} of the log{behind}:")
    for one in verified.decision_types:
        wrong = len(one.discrepancies)
        said = f"[bold red]{wrong:,} differ[/]" if wrong else "[bold green]equal[/]"
        out.print(f"{escaped(one.decision_type)}: {one.figures:,} figures, {said}")
        for each in one.discrepancies[:MOST_SHOWN]:
            out.print(
                f"  {escaped(each.figure)}: kept {each.kept}, the log gives {each.from_the_log}",
                highlight=False,
            )
        if wrong > MOST_SHOWN:
            out.print(f"  and {wrong - MOST_SHOWN:,} more (--json gives all)")
    if verified.rows_differing:
        out.print(f"[bold red]{len(verified.rows_differing):,} rows or sums differ:[/]")
        for key in verified.rows_differing[:MOST_SHOWN]:
            out.print(f"  {escaped(key)}", highlight=False)
        out.print("`remit projections rebuild feedback` folds them anew")
    elif not verified.decision_types:
        out.print("nothing was measured yet")


@app.command()
def formulas(as_json: AsJson = False) -> None:
    """Say what each number means, in every version there ever was."""
    from rich.table import Table

    from application.metrics.register import REGISTER

    if as_json:
        lines = ",\n  ".join(formula.model_dump_json() for formula in REGISTER)
        print_json(f"[\n  {lines}\n]")
        return
    table = Table("formula", "since", "says", "answered")
    for one in REGISTER:
        answered = "" if one.superseded_by is None else f"{one.answered}, when asked for"
        table.add_row(one.id, f"{one.since:%Y-%m-%d}", escaped(one.says), answered)
    out.print(table)
