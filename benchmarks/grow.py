"""Grow a store: millions of real events in minutes, as if the service had run for a year.

    uv run --group bench python -m benchmarks.grow postgresql://… --events 10000000

Real cases are played by the product itself, then told again with ids, subjects and moments of their
own, and copied in: events, idempotency keys, live subjects and every projection's rows. Nothing in
such a store can be told from one that grew by requests: it replays, and folding it anew gives the
same rows (a test holds it to that).
"""

import argparse
import asyncio
import itertools
import struct
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg import Connection, Copy
from psycopg.sql import SQL, Identifier
from rich.console import Console
from rich.progress import Progress

from adapters.assembly import codec, lot_drawer
from adapters.postgres import counting
from adapters.worker import catch_up
from application.lots import LotDrawer, sampled
from application.projections import Key
from application.projections.catalogue import ALL
from benchmarks.lives import SUBJECT, lives
from benchmarks.machines import Installation, install
from benchmarks.patterns import Template, template_of, time_ordered
from domain.guardrail.document import Guardrail

TEMPLATES = 1_000
AT_ONCE = 2_000
"""Lives that overlap in time: their events lie mixed in the log, as they would."""
ONE_YEAR = timedelta(days=365)
OPEN_AMONG_THE_NEWEST = 20_000
HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack("!ii", 0, 0)
TRAILER = struct.pack("!h", -1)
COUNTED = next(p.counts for p in ALL if p.counts)
BY_STREAM = tuple(projection for projection in ALL if not projection.in_order)
"""Those whose rows are of one life each; the others are folded when all are there."""
TABLES = ("remit_events", "commands", "live_decisions", *(p.name for p in BY_STREAM))
INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes
    JOIN pg_class ON relname = indexname
    JOIN pg_index ON indexrelid = pg_class.oid
    WHERE tablename = %s AND schemaname = 'public' AND NOT indisprimary
"""


class Teller:
    """Tells templates again, each time as another decision."""

    def __init__(
        self, templates: Sequence[Template], lots: LotDrawer, guardrails: dict[str, Guardrail]
    ) -> None:
        self.templates = templates
        self._lots = lots
        self._guardrails = guardrails
        ended = [t for t in templates if not t.is_open]
        self._ended = itertools.cycle(ended)
        self._any = itertools.cycle(templates)
        self._by_people = itertools.cycle([t for t in ended if t.sampled is None])
        names = {t.decision_type for t in ended}
        self._by_lot = {
            (name, sampled): itertools.cycle(alike)
            for name in names
            for sampled in (True, False)
            if (alike := [t for t in ended if t.decision_type == name and t.sampled is sampled])
        }

    def next(self, id: UUID, *, newest: bool) -> Template:
        """A life for this id. The lot that falls on the id decides whether it is a checked one."""
        template = next(self._any if newest else self._ended)
        if template.sampled is None:
            return template
        sample = sampled(self._guardrails[template.decision_type])
        draw = self._lots.quality(id, sample) if sample else None
        if draw is None or draw.sampled is template.sampled:
            return template
        return next(self._by_lot.get((template.decision_type, draw.sampled), self._by_people))


@dataclass(frozen=True, slots=True)
class Copies:
    """One COPY for each table, all at once, each on a connection of its own."""

    copies: dict[str, Copy]
    sums: counting.Sums = field(default_factory=Counter[Key])
    """What all the rows count for, written at the end."""

    def write(self, table: str, parts: list[bytes]) -> None:
        self.copies[table].write(b"".join(parts))


def grow(installation: Installation, events: int, console: Console | None = None) -> int:
    """Add about so many events; give how many it were."""
    catch_up(installation.url)
    played = asyncio.run(
        lives(
            installation.cast,
            installation.settings,
            installation.adoptions,
            min(TEMPLATES, max(200, events // 20)),
        )
    )
    encoder = codec()
    teller = Teller(
        [template_of(life, encoder) for life in played],
        lot_drawer(installation.settings),
        {a.definition.name: a.guardrail for a in installation.adoptions},
    )
    with psycopg.connect(installation.url, autocommit=True) as connection:
        before = _position(connection)
        dropped = [index for table in TABLES for index in _drop_indexes(connection, table)]
        written = _copy(installation.url, teller, before, events, console)
        for definition in dropped:
            connection.execute(definition.encode())
        _stand(connection, before + written)
        catch_up(installation.url)
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")
    return written


def _copy(url: str, teller: Teller, before: int, events: int, console: Console | None) -> int:
    """Write blocks of lives until there are enough events."""
    average = sum(len(t.events) for t in teller.templates) / len(teller.templates)
    total = max(1, round(events / average))
    start, step = datetime.now(UTC) - ONE_YEAR, ONE_YEAR / (total + 1)
    with ExitStack() as stack:
        copies = Copies({table: _copying(stack, url, table) for table in TABLES})
        copies.write("remit_events", [HEADER])
        bar = stack.enter_context(Progress(console=console, disable=console is None))
        task = bar.add_task("growing", total=total)
        position = before
        for first in range(0, total, AT_ONCE):
            block = [
                (number, start + number * step)
                for number in range(first, min(first + AT_ONCE, total))
            ]
            position += _tell(block, teller, copies, position, total)
            bar.update(task, completed=first + len(block))
        copies.write("remit_events", [TRAILER])
        with psycopg.connect(url) as connection, connection.cursor() as cursor:
            counting.fill(cursor, COUNTED, copies.sums)
    return position - before


def _tell(
    block: list[tuple[int, datetime]], teller: Teller, copies: Copies, position: int, total: int
) -> int:
    """One block of lives, their events mixed by time; give how many events it had."""
    ids = [time_ordered(at.timestamp()) for _, at in block]
    newest = [number >= total - OPEN_AMONG_THE_NEWEST for number, _ in block]
    told = [teller.next(id, newest=new) for id, new in zip(ids, newest, strict=True)]
    happened = sorted(
        (at + timedelta(seconds=event.after), life, place)
        for life, ((_, at), template) in enumerate(zip(block, told, strict=True))
        for place, event in enumerate(template.events)
    )
    positions = [[0] * len(template.events) for template in told]
    for place, (_, life, event) in enumerate(happened):
        positions[life][event] = position + place + 1
    values = [
        template.values(id, _subject(number), at, positions[life])
        for life, ((number, at), id, template) in enumerate(zip(block, ids, told, strict=True))
    ]
    copies.write(
        "remit_events",
        [
            _event(ids[life], told[life], event, values[life], positions[life][event])
            for _, life, event in happened
        ],
    )
    rows: dict[str, list[bytes]] = {table: [] for table in TABLES[1:]}
    for life, ((number, at), id, template) in enumerate(zip(block, ids, told, strict=True)):
        _remember(rows, number, at, id, template, values[life])
        template.count(at, copies.sums)
    for table, lines in rows.items():
        copies.write(table, lines)
    return len(happened)


def _subject(number: int) -> bytes:
    return b"%b%012d" % (SUBJECT.encode(), number)


def _event(
    id: UUID, template: Template, place: int, values: Sequence[bytes], position: int
) -> bytes:
    """A row of the log in COPY's binary form."""
    event = template.events[place]
    state = event.state.filled(values)
    return b"".join(
        (
            b"\0\5\0\0\0\x10",
            id.bytes,
            struct.pack("!iqi", 8, event.version, len(event.topic)),
            event.topic,
            struct.pack("!i", len(state)),
            state,
            struct.pack("!iq", 8, position),
        )
    )


def _remember(
    rows: dict[str, list[bytes]],
    number: int,
    at: datetime,
    id: UUID,
    template: Template,
    values: Sequence[bytes],
) -> None:
    """The idempotency key, the live subject, and every projection's rows."""
    scope = f"{template.producer}:POST /v1/decisions"
    digest = f"\\\\x{id.int:032x}{id.int:032x}"
    command = (scope, f"{SUBJECT}{number}", digest, str(id), str(template.recorded_version))
    rows["commands"].append("\t".join((*command, at.isoformat())).encode() + b"\n")
    if template.is_open:
        live = f"{id}\t{template.decision_type}\t{_subject(number).decode()}\n"
        rows["live_decisions"].append(live.encode())
    for table, row in template.rows:
        rows[table].append(row.filled(values))


def _copying(stack: ExitStack, url: str, table: str) -> Copy:
    connection = stack.enter_context(psycopg.connect(url))
    cursor = stack.enter_context(connection.cursor())
    names = _columns(table)
    form = SQL("(FORMAT BINARY)" if table == "remit_events" else "(FORMAT TEXT)")
    statement = SQL("COPY {} ({}) FROM STDIN {}").format(
        Identifier(table), SQL(", ").join(map(Identifier, names)), form
    )
    return stack.enter_context(cursor.copy(statement))


def _columns(table: str) -> Iterator[str]:
    match table:
        case "remit_events":
            names = "originator_id originator_version topic state notification_id"
        case "commands":
            names = "scope key digest stream version recorded_at"
        case "live_decisions":
            names = "decision_id decision_type subject"
        case _:
            names = " ".join(next(p for p in ALL if p.name == table).Row.model_fields)
    return iter(names.split())


def _drop_indexes(connection: Connection[Any], table: str) -> list[str]:
    """Building an index at the end is several times faster than feeding it row by row."""
    found = connection.execute(INDEXES, (table,)).fetchall()
    for name, _ in found:
        connection.execute(SQL("DROP INDEX {}").format(Identifier(name)))
    return [definition for _, definition in found]


def _position(connection: Connection[Any]) -> int:
    row = connection.execute("SELECT max(notification_id) FROM remit_events").fetchone()
    assert row is not None
    return int(row[0])


def _stand(connection: Connection[Any], position: int) -> None:
    """The log goes on from here, and every projection that was copied in stands here."""
    sequence = "SELECT setval(pg_get_serial_sequence('remit_events', 'notification_id'), %s)"
    connection.execute(sequence, (position,))
    move = "UPDATE remit_tracking SET notification_id = %s WHERE application_name = ANY (%s)"
    connection.execute(move, (position, [p.name for p in BY_STREAM]))


def main() -> None:
    """Grow the store behind a URL; the keys to it are left in a directory."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.grow", description=__doc__)
    parser.add_argument("url", help="an empty PostgreSQL database")
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--keys", type=Path, default=Path(".remit/grown"), help="where keys go")
    asked = parser.parse_args()
    console, started = Console(), time.monotonic()
    installation = install(asked.keys, asked.url)
    written = grow(installation, asked.events, console)
    took = time.monotonic() - started
    console.print(f"{written:,} events in {took:.0f} s; settings for `remit serve`:")
    for name, value in installation.environment(8080).items():
        console.print(f"  {name}={value}", highlight=False)


if __name__ == "__main__":
    main()
