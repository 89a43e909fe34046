"""For owners: whether review is real."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.cli.auditing import AsJson
from adapters.cli.common import database, escaped, out, print_json, settings, utc

if TYPE_CHECKING:
    from adapters.settings import Settings
    from application.overseeing import OversightView, ReviewerLine


def oversight(
    decision_type: Annotated[str, typer.Argument(metavar="TYPE", help="The decision type.")],
    since: Annotated[
        datetime | None, typer.Option("--from", help="Start of the window, inclusive (UTC).")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--to", help="End of the window, exclusive (UTC).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show how long reviewers look, and how they agree beside their peers."""
    import asyncio

    from adapters.worker import catch_up

    given = settings()
    with database(given) as url:
        catch_up(url)
        found = asyncio.run(_overseen(url, given, decision_type, utc(since), utc(until)))
    print_json(found.model_dump_json(indent=2)) if as_json else _show(found)


async def _overseen(
    url: str,
    given: "Settings",
    decision_type: str,
    since: datetime | None,
    until: datetime | None,
) -> "OversightView":
    from adapters.assembly import postgres_desk
    from adapters.cli.queries import FIRST_DAY
    from adapters.postgres.reading import PostgresReader
    from application.desk import Caller
    from application.metrics.window import Window
    from application.overseeing import overseen
    from application.ports import Identity

    everywhere = Caller(Identity("remit oversight", "human", {"*": frozenset({"auditor"})}))
    soon = datetime.now(UTC) + timedelta(minutes=1)
    window = Window(since=since or FIRST_DAY, until=until or soon)
    async with postgres_desk(url, given) as desk, PostgresReader(url) as reader:
        return await overseen(decision_type, window, everywhere, desk, reader)


def _show(found: "OversightView") -> None:
    from rich.table import Table

    table = Table("reviewer", "reviews", "agreed", "beyond peers", "longest run", "too short")
    for line in found.reviewers:
        table.add_row(escaped(line.reviewer), f"{line.reviews:,}", *_cells(line, found.enough))
    out.print(table)
    pair = found.second_review_kappa
    if pair.n:
        out.print(f"second looks: {pair.n:,}, kappa {_number(pair.kappa)}, AC1 {_number(pair.ac1)}")


def _cells(line: "ReviewerLine", enough: int) -> tuple[str, ...]:
    agreed, beyond, run, short = (
        line.agreement_rate,
        line.agreement_surplus,
        line.agreement_run,
        line.short_dwell_share,
    )
    if agreed is None or beyond is None or run is None or short is None:
        return (f"fewer than {enough}", "", "", "")
    return (
        _between(agreed.value, agreed.low, agreed.high),
        _between(beyond.value, beyond.low, beyond.high),
        f"{run.longest:,} (p {_number(run.p_value)})",
        _between(short.value, short.low, short.high),
    )


def _between(value: float | None, low: float | None, high: float | None) -> str:
    return "" if value is None else f"{_number(value)} [{_number(low)}, {_number(high)}]"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
