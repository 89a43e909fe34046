"""For owners: everything that is known of a decision type, on one page with pictures."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.cli.common import database, escaped, out, settings
from adapters.trouble import Trouble

if TYPE_CHECKING:
    from adapters.settings import Settings
    from application.metrics.window import Window
    from application.reporting import TypeReport

DAY = ["%Y-%m-%d"]


def report(
    decision_type: Annotated[str, typer.Argument(help="The decision type.")],
    *,
    since: Annotated[
        datetime | None,
        typer.Option("--from", formats=DAY, help="The first day (UTC); without it, all there is."),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option("--until", formats=DAY, help="The day it ends before; without it, now."),
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--out", help="The file; without it, TYPE-report.html.")
    ] = None,
) -> None:
    """Write one HTML file with the pictures that owners ask for; it needs no network."""
    from adapters.rendering.report_page import report_page

    if since is not None and until is not None and until <= since:
        raise Trouble("--until: a day after --from")
    given = settings()
    found = _put_together(given, decision_type, _window(since, until))
    path = to or Path(f"{decision_type}-report.html")
    path.write_text(report_page(found), encoding="utf-8")
    out.print(f"{escaped(str(path))}: {found.whole.flow.received:,} decisions", highlight=False)


def _window(since: datetime | None, until: datetime | None) -> "Window":
    from adapters.cli.queries import FIRST_DAY
    from application.metrics.window import Window

    soon = datetime.now(UTC) + timedelta(minutes=1)
    start = since.replace(tzinfo=UTC) if since else FIRST_DAY
    return Window(since=start, until=until.replace(tzinfo=UTC) if until else max(soon, start))


def _put_together(given: "Settings", decision_type: str, window: "Window") -> "TypeReport":
    from adapters.worker import catch_up

    with database(given) as url:
        catch_up(url)
        return asyncio.run(_found(url, decision_type, window))


async def _found(url: str, decision_type: str, window: "Window") -> "TypeReport":
    from adapters.assembly import working_desk
    from adapters.postgres.reading import PostgresReader
    from application.desk import Caller
    from application.ports import Identity
    from application.reporting import report_on

    everywhere = Caller(Identity("remit report", "human", {"*": frozenset({"auditor"})}))
    async with working_desk(url) as desk, PostgresReader(url) as reader:
        return await report_on(decision_type, window, everywhere, desk, reader)
