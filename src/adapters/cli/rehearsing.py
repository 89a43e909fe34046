"""For authors and owners: what a policy would have done, and would do beside the one in force."""

import asyncio
import os
import re
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from adapters.cli.auditing import AsJson
from adapters.cli.common import (
    FORMATS,
    database,
    err,
    out,
    print_json,
    settings,
    utc,
    with_desk,
)
from adapters.trouble import Trouble

if TYPE_CHECKING:
    from application.desk import Caller, Desk
    from application.rehearsal.report import Report
    from application.rehearsal.trial import Trial
    from application.shadowing import ShadowView
    from domain.policy.aggregate import Policy

VERSION = re.compile(r"([a-z][a-z0-9_]{0,62})@([1-9]\d{0,9})")
FIRST_DAY = datetime(1970, 1, 1, tzinfo=UTC)
INTERRUPTED = 130


def rehearse(
    what: Annotated[
        str, typer.Argument(help="A decision type's file, or TYPE@VERSION of what was drafted.")
    ],
    since: Annotated[
        datetime | None,
        typer.Option("--from", formats=FORMATS, help="Start, inclusive (UTC unless it says)."),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option("--to", formats=FORMATS, help="End, exclusive (UTC unless it says)."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Put a policy to what was recorded: what changes, what it would cost, what is not known.

    It is compared with the version in force, and nothing is recorded.
    """
    from adapters.cli.rehearsed import print_rehearsal

    start, end = _window(since, until)
    try:
        report = _rehearsed(what, start, end, quiet=as_json)
    except KeyboardInterrupt:
        err.print("ended before it was done; nothing was recorded")
        raise typer.Exit(INTERRUPTED) from None
    if as_json:
        print_json(report.model_dump_json(indent=2))
    else:
        print_rehearsal(report)


def _window(since: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
    start = utc(since) or FIRST_DAY
    end = utc(until) or datetime.now(UTC) + timedelta(minutes=1)
    if end < start:
        raise Trouble(f"--from: found {start}; allowed is at or before --to, {end}")
    return start, end


def _rehearsed(what: str, start: datetime, end: datetime, *, quiet: bool) -> "Report":
    from rich.progress import MofNCompleteColumn, Progress

    from adapters.postgres.history import PostgresHistory
    from adapters.worker import catch_up
    from application.rehearsal.report import report_of
    from application.rehearsal.trial import Scope

    given = settings()
    with database(given) as url:
        catch_up(url)
        trial = asyncio.run(_at_desk(url, _meant(what)))
        scope: Scope = Scope(since=start, until=end)
        columns = (*Progress.get_default_columns(), MofNCompleteColumn())
        with Progress(*columns, console=err, transient=True, disable=quiet) as bar:
            task = bar.add_task("rehearsing", total=None)

            def heard(done: int, total: int) -> bool:
                bar.update(task, completed=done, total=total)
                return False

            counted = PostgresHistory(url).count(trial, scope, heard)
    return report_of(trial, scope, counted.position, counted.tally)


async def _at_desk(url: str, work: "Callable[[Desk], Coroutine[Any, Any, Trial]]") -> "Trial":
    from adapters.assembly import postgres_desk

    async with postgres_desk(url, settings()) as desk:
        return await work(desk)


def _meant(what: str) -> "Callable[[Desk], Coroutine[Any, Any, Trial]]":
    """What is tried: a version that was drafted, or what stands in a file."""
    from application.rehearsal.versions import trial
    from domain.policy.aggregate import NoSuchVersion, find

    named = VERSION.fullmatch(what)

    async def drafted(desk: "Desk") -> "Trial":
        assert named is not None, "it names a version"
        governed = await desk.governed_now(named[1])
        if governed.policy is None:
            raise NoSuchVersion(f"version: found {named[2]}, known are none")
        return trial(governed, find(governed.policy, int(named[2])), governed.active_policy)

    return drafted if named else _of_file(Path(what))


def _of_file(path: Path) -> "Callable[[Desk], Coroutine[Any, Any, Trial]]":
    from adapters.cli.authoring import adoption_of
    from application.rehearsal.trial import Trial

    adoption = adoption_of(path)

    async def written(desk: "Desk") -> Trial:
        active = (await desk.governed_now(adoption.definition.name)).active_policy
        return Trial(
            definition=adoption.definition,
            version=None,
            guardrail=adoption.guardrail,
            against_version=active.version if active else None,
            against=active.guardrail if active else None,
        )

    return written


def perform(id: Annotated[UUID, typer.Argument(help="The rehearsal's id.")]) -> None:
    """Do a rehearsal that the service was asked for, and end when standard input closes."""
    from adapters.rehearsals import perform_here

    Thread(target=_end_with_the_service, name="remit-starter", daemon=True).start()
    given = settings()
    with database(given) as url:
        asyncio.run(perform_here(id, url, given))


def _end_with_the_service() -> None:
    while sys.stdin.buffer.read(1):
        pass
    os._exit(1)


Type = Annotated[str, typer.Argument(help="TYPE@VERSION of what was drafted.")]
By = Annotated[str, typer.Option("--for", help="The owner on whose word this is done.")]


@dataclass(frozen=True, slots=True)
class _Named:
    decision_type: str
    version: int

    @classmethod
    def of(cls, text: str) -> "_Named":
        found = VERSION.fullmatch(text)
        if found is None:
            raise Trouble(f"TYPE@VERSION: found {text[:80]}; such as refund@2 is meant")
        return cls(found[1], int(found[2]))


def _owner(person: str) -> "Caller":
    """Someone who speaks through the command line; the domain asks whether they own the type."""
    from application.desk import Caller
    from application.ports import Identity
    from domain.policy.trying import MAY_TRY

    return Caller(Identity(person, "human", {"*": frozenset(MAY_TRY)}))


def shadow_start(what: Type, word_of: By) -> None:
    """Try a version beside the one in force on what comes in. It has no say in anything."""
    from application.shadowing import start

    named = _Named.of(what)

    async def work(desk: "Desk") -> "Policy":
        return await start(named.decision_type, named.version, _owner(word_of), desk)

    policy = with_desk(settings(), work)
    assert policy.shadow is not None, "it was just started"
    out.print(f"[green]✓[/] {what} is tried beside version {policy.shadow.against}")


def shadow_stop(what: Type, word_of: By) -> None:
    """End the trial of a version; its figures stay."""
    from application.shadowing import stop

    named = _Named.of(what)

    async def work(desk: "Desk") -> "Policy":
        return await stop(named.decision_type, named.version, _owner(word_of), desk)

    with_desk(settings(), work)
    out.print(f"[green]✓[/] {what} is no longer tried")


def shadow_show(what: Type, as_json: AsJson = False) -> None:
    """Show what a version would have said of everything since its trial began."""
    from adapters.cli.rehearsed import print_shadow
    from adapters.worker import catch_up

    named = _Named.of(what)
    with database(settings()) as url:
        catch_up(url)
        view = asyncio.run(_figures(url, named))
    if as_json:
        print_json(view.model_dump_json(indent=2))
    else:
        print_shadow(view)


async def _figures(url: str, named: _Named) -> "ShadowView":
    from adapters.assembly import postgres_desk
    from adapters.postgres.history import PostgresHistory
    from application.shadowing import Figures

    figures = Figures(PostgresHistory(url))
    async with postgres_desk(url, settings()) as desk:
        caller = _owner("remit policy shadow")
        return await figures.of(named.decision_type, named.version, caller, desk)
