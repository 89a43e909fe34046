"""For auditors and analysts: what is recorded, in the formats of other tools."""

import sys
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO
from uuid import UUID

import typer

from adapters.cli.common import database, decision_id, err, settings, utc
from adapters.trouble import Trouble

if TYPE_CHECKING:
    from adapters.exporting.writers import Writer
    from application.desk import Desk
    from application.exporting.histories import History, Wanted

STDOUT = Path("-")
PARTIAL = ".partial"


class Format(StrEnum):
    """What an export is written in."""

    OCEL = "ocel"
    XES = "xes"
    CLOUDEVENTS = "cloudevents"
    CSV = "csv"
    PARQUET = "parquet"
    PROV = "prov"


def export(
    format: Annotated[Format, typer.Option(help="Who is to read it.")],
    out: Annotated[Path, typer.Option(help="The file; `-` is standard output.")] = STDOUT,
    decision: Annotated[
        str | None, typer.Option(help="The decision's id: for prov, which is of one.")
    ] = None,
    decision_type: Annotated[str | None, typer.Option(help="One decision type.")] = None,
    since: Annotated[
        datetime | None, typer.Option("--from", help="Received since then, inclusive (UTC).")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--until", help="Received before then (UTC).")
    ] = None,
) -> None:
    """Write what is recorded for other tools: process mining, analysts, auditors.

    Facts that are declared personal are left out; nothing of a person leaves in clear.
    """
    import asyncio

    from adapters.assembly import working_desk
    from application.exporting.histories import Wanted

    if format is Format.PROV and decision is None:
        raise Trouble("--decision: found none; prov is of one decision")
    if format is not Format.PROV and decision is not None:
        raise Trouble(f"--decision: {format} is of many; leave it out")
    if format is Format.PARQUET and out == STDOUT:
        raise Trouble("--out: found none; parquet is written to a file")
    if since is not None and until is not None and until < since:
        raise Trouble(f"--until: found a time before --from; allowed is {since} or later")
    wanted = Wanted(decision_type=decision_type, since=utc(since), until=utc(until))
    id = decision_id(decision) if decision else None

    async def write(url: str) -> int:
        async with working_desk(url) as desk:
            return await _write(format, out, wanted, id, desk)

    with database(settings()) as url:
        count = asyncio.run(write(url))
    err.print(f"{count:,} {'events' if format is Format.CLOUDEVENTS else 'decisions'}")


async def _one(id: UUID, desk: "Desk") -> "History":
    from application.desk import NoSuchDecision
    from application.telling import impersonal

    history = await desk.history(id)
    if not history:
        raise NoSuchDecision(f"--decision: found {id}")
    return tuple(impersonal(event) for event in history)


@contextmanager
def _writer(format: Format, out: Path) -> Generator["Writer"]:
    """The writer of a format. What it wrote is there once it is complete."""
    from adapters.exporting.ocel import OcelWriter
    from adapters.exporting.prov import ProvWriter
    from adapters.exporting.tables import CsvWriter, ParquetWriter
    from adapters.exporting.xes import XesWriter

    if format is Format.PARQUET:
        with _whole(out) as beside:
            writer: Writer = ParquetWriter(beside)
            yield writer
            writer.end()
        return
    kinds: dict[Format, Callable[[TextIO], Writer]] = {
        Format.OCEL: OcelWriter,
        Format.XES: XesWriter,
        Format.CSV: CsvWriter,
        Format.PROV: ProvWriter,
    }
    with _opened(out) as file:
        writer = kinds[format](file)
        yield writer
        writer.end()


@contextmanager
def _opened(out: Path) -> Generator[TextIO]:
    if out == STDOUT:
        yield sys.stdout
        sys.stdout.flush()
        return
    with _whole(out) as beside, beside.open("w", encoding="utf-8", newline="") as file:
        yield file


@contextmanager
def _whole(out: Path) -> Generator[Path]:
    """A file beside, which takes the name once it is complete: half an export looks like all."""
    beside = out.with_name(out.name + PARTIAL)
    try:
        yield beside
        beside.replace(out)
    finally:
        beside.unlink(missing_ok=True)


async def _write(format: Format, out: Path, wanted: "Wanted", id: UUID | None, desk: "Desk") -> int:
    from application.exporting.histories import histories

    count = 0
    if format is Format.CLOUDEVENTS:
        with _opened(out) as file:
            async for line in _cloud_events(wanted, desk):
                file.write(line)
                count += 1
        return count
    with _writer(format, out) as writer:
        if id is not None:
            writer.add(await _one(id, desk))
            return 1
        async for history in histories(wanted, desk):
            writer.add(history)
            count += 1
    return count


async def _cloud_events(wanted: "Wanted", desk: "Desk") -> AsyncGenerator[str]:
    from application.exporting.histories import events
    from application.feed import EventView

    async for each in events(wanted, desk):
        yield EventView.of(each.event, each.position).model_dump_json() + "\n"
