"""For auditors and operators: the log's Merkle tree, its checkpoints, and proofs."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Coroutine
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from uuid import UUID

import typer

from adapters.cli.auditing import AsJson
from adapters.cli.common import database, err, escaped, out, print_json, settings
from adapters.settings import BadSettings
from adapters.trouble import Trouble

if TYPE_CHECKING:
    from adapters.signing.keys import SigningKey
    from application.audit.ledger import Standing
    from application.reading import Reader

T = TypeVar("T")
FOUND_WANTING = 1


def checkpoint(as_json: AsJson = False) -> None:
    """Show the last published checkpoint, and how many events it does not protect yet."""
    from application.audit.ledger import standing

    known = _asked(lambda reader: standing(reader.ledger))
    if as_json:
        from adapters.http.proofs import CheckpointView

        print_json(CheckpointView.of(known).model_dump_json(indent=2))
        return
    _tell(known)


def publish(as_json: AsJson = False) -> None:
    """Sign the log's tree as it is now, and bring the checkpoint to where checkpoints go."""
    from adapters.publication import Publication, publication
    from adapters.webhooks.courier import HttpCourier
    from adapters.webhooks.endpoints import read_endpoints
    from application.audit.ledger import standing

    given = settings()
    publishes = publication(given)
    if publishes is None:
        raise BadSettings("REMIT_CHECKPOINT_KEY: none is set; `remit audit keys NAME --out FILE`")

    async def work(reader: "Reader", publishes: Publication = publishes) -> "Standing":
        async with HttpCourier(read_endpoints(given.endpoints)) as courier:
            await publishes.publish(reader.ledger, courier)
        return await standing(reader.ledger)

    known = _asked(work, grown=True)
    if as_json:
        from adapters.http.proofs import CheckpointView

        print_json(CheckpointView.of(known).model_dump_json(indent=2))
        return
    _tell(known)


def prove(
    event: Annotated[str, typer.Argument(help="The event's id, or its position in the log.")],
    file: Annotated[
        Path | None, typer.Option("--out", help="Write the proof here (.tlog-proof).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Prove that an event is in the log, as it is stored."""
    from adapters.http.proofs import InclusionView
    from application.audit.notes import proof_file

    asked = _event(event)
    found = _asked(lambda reader: _proved(asked, reader), grown=True)
    if file is not None:
        if found.checkpoint is None:
            raise Trouble("no published checkpoint has this event yet: `remit audit publish`")
        proof = proof_file(found.index, found.hashes, found.checkpoint.note)
        file.write_text(proof, encoding="utf-8")
    if as_json:
        id = asked if isinstance(asked, UUID) else UUID(int=0)
        print_json(InclusionView.of(id, found).model_dump_json(indent=2))
        return
    under = "the published checkpoint" if found.checkpoint else "the tree, not yet protected,"
    out.print(
        f"in the log as event {found.index} of {found.size:,}, proved for {under} "
        f"by {len(found.hashes)} hashes",
        highlight=False,
    )
    out.print(escaped(found.entry.decode()), highlight=False, soft_wrap=True)


def verify(
    export: Annotated[
        Path | None, typer.Argument(help="An export or an evidence pack; none is the database.")
    ] = None,
    key: Annotated[str | None, typer.Option(help="The key you were told.")] = None,
    checkpoints: Annotated[
        list[Path] | None, typer.Option("--checkpoint", help="A checkpoint you kept.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check the record, or an export of it, against what was logged and signed.

    Exits with 1 and the first bad position when something was changed.
    """
    if export is not None:
        raise typer.Exit(_verified_export(export, key, checkpoints or []))
    if key or checkpoints:
        raise Trouble("--key and --checkpoint belong to an EXPORT")
    from rich.progress import Progress

    from adapters.postgres.merkle import MerkleStore
    from adapters.postgres.record import verify as verify_record

    with database(settings()) as url, Progress(console=err, transient=True, disable=as_json) as bar:
        with closing(MerkleStore(url)) as tree:
            tree.catch_up()
        task = bar.add_task("verifying", total=None)
        found = verify_record(url, lambda at, end: bar.update(task, completed=at, total=end))
    if as_json:
        said = {"size": found.size, "bad_position": found.bad_position, "problem": found.problem}
        print_json(json.dumps(said))
    elif found.problem is None:
        out.print(f"{found.size:,} events are as they were logged")
    else:
        where = "" if found.bad_position is None else f", first bad position: {found.bad_position}"
        out.print(f"[bold red]CHANGED[/]{where}: {found.problem}", highlight=False)
    if found.problem is not None:
        raise typer.Exit(FOUND_WANTING)


def export(
    target: Annotated[Path, typer.Option("--out", help="A new directory, or a new .zip file.")],
) -> None:
    """Write everything that an auditor needs to check the record without this service."""
    from rich.progress import Progress

    from adapters.audit.export import destination
    from adapters.audit.export import export as write_export
    from adapters.postgres.merkle import MerkleStore
    from adapters.postgres.record import as_of_one_moment

    key = str(_key().verifier)
    with database(settings()) as url, Progress(console=err, transient=True) as bar:
        with closing(MerkleStore(url)) as tree:
            tree.catch_up()
        task = bar.add_task("exporting", total=None)
        with as_of_one_moment(url) as record, destination(target) as files:
            written = write_export(
                record, key, files, lambda at, end: bar.update(task, completed=at, total=end)
            )
    out.print(
        f"{written:,} events; check them with: python3 verify.py {target} '{key}'", soft_wrap=True
    )


def keys(
    name: Annotated[
        str | None, typer.Argument(help="Make a key for a log of this name, e.g. example.org/log.")
    ] = None,
    file: Annotated[Path | None, typer.Option("--out", help="Where the new key goes.")] = None,
) -> None:
    """Show the key that checkpoints are checked with, or make one to sign them with."""
    if (name is None) is not (file is None):
        raise Trouble("NAME and --out: give both to make a key, or none to show the one there is")
    if name is None or file is None:
        sys.stdout.write(f"{_key().verifier}\n")
        return
    from adapters.publication import memory_of
    from adapters.signing.keys import SigningKey
    from adapters.signing.signer import remember_nothing

    made = SigningKey.make(name)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as written:
        written.write(made.written)
    remember_nothing(made, memory_of(file, settings()))
    sys.stdout.write(f"{made.verifier}\n")


def rebuild() -> None:
    """Build the Merkle tree anew from the first event, unless that is not what was published."""
    from rich.progress import Progress

    from adapters.postgres.merkle import MerkleStore

    with database(settings()) as url, Progress(console=err, transient=True) as bar:
        task = bar.add_task("building", total=None)
        with closing(MerkleStore(url)) as tree:
            built = tree.rebuild(lambda at, end: bar.update(task, completed=at, total=end))
    out.print(f"{built.size:,} events are in the tree")


def _asked(work: "Callable[[Reader], Coroutine[Any, Any, T]]", *, grown: bool = False) -> T:
    """Ask the projections; `grown` takes the tree, and the audit trail, to the log's end first."""
    from adapters.postgres.merkle import MerkleStore
    from adapters.postgres.reading import PostgresReader
    from adapters.worker import catch_up

    async def run(url: str) -> T:
        async with PostgresReader(url) as reader:
            return await work(reader)

    with database(settings()) as url:
        if grown:
            catch_up(url)
            with closing(MerkleStore(url)) as tree:
                tree.catch_up()
        return asyncio.run(run(url))


def _event(text: str) -> UUID | int:
    try:
        return int(text) if text.isdecimal() else UUID(text)
    except ValueError:
        raise Trouble(
            f"EVENT: found {text!r}; an event's id is a UUID, its position a number"
        ) from None


async def _proved(event: UUID | int, reader: "Reader") -> Any:
    from application.audit.asking import prove as prove_event
    from application.audit.ledger import inclusion
    from application.desk import Caller
    from application.ports import Identity

    if isinstance(event, int):
        return await inclusion(event, reader.ledger)
    everywhere = Caller(Identity("remit audit", "human", {"*": frozenset({"auditor"})}))
    return await prove_event(event, everywhere, reader)


def _verified_export(export: Path, key: str | None, checkpoints: list[Path]) -> int:
    """By the script as it is shipped, in a process of its own."""
    from adapters.audit.export import SCRIPT

    if not export.exists():
        raise Trouble(f"EXPORT: {export} is not there")
    given = (str(export), key or "", *map(str, checkpoints))
    command = (sys.executable, "-I", str(SCRIPT), *given)
    return subprocess.run(command, check=False).returncode  # noqa: S603 - our own script


def _key() -> "SigningKey":
    from adapters.publication import signing_key

    key = signing_key(settings())
    if key is None:
        raise BadSettings("REMIT_CHECKPOINT_KEY: none is set; `remit audit keys NAME --out FILE`")
    return key


def _tell(known: "Standing") -> None:
    newest = known.checkpoint
    if newest is None:
        out.print("no checkpoint was published yet")
    else:
        sys.stdout.write(newest.note)
        out.print(f"published {newest.published_at:%Y-%m-%d %H:%M:%S %Z}", highlight=False)
    out.print(f"{known.unprotected:,} events are not yet protected", highlight=False)
