"""For administrators: issue API keys, exchange them, and take them back."""

import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from adapters.cli.common import err, out, settings
from adapters.trouble import Trouble
from domain.model import Seat

if TYPE_CHECKING:
    from adapters.identity.api_keys import KeyRecord

Kind = Literal["human", "service"]
File = Annotated[Path | None, typer.Option(help="The key file; REMIT_API_KEYS when not given.")]
LONGEST_DAYS = 3_650


def issue(
    id: Annotated[str, typer.Argument(help="Whose key: a person's or a service's id.")],
    seat: Annotated[
        list[str], typer.Option(help="TYPE:SEAT, once a seat; TYPE may be `*` for all.")
    ],
    kind: Annotated[Kind, typer.Option(help="human or service")] = "service",
    days: Annotated[
        int | None,
        typer.Option(min=1, max=LONGEST_DAYS, help="How long it opens; for ever if not said."),
    ] = None,
    file: File = None,
) -> None:
    """Issue a key: it is printed once, and only its hash is kept."""
    from adapters.identity.api_keys import MOST_AT_ONCE, within, write
    from adapters.identity.api_keys import issue as issue_key

    path = _file(file)
    records, now = _known(path), datetime.now(UTC)
    if sum(record.id == id and record.is_valid(now) for record in records) >= MOST_AT_ONCE:
        raise Trouble(f"{id} has {MOST_AT_ONCE} valid keys; revoke one first (remit keys list)")
    lifetime = None if days is None else timedelta(days=days)
    key, record = issue_key(
        secrets.token_hex(4),
        id,
        kind,
        _seats(seat),
        within(lifetime, now),
    )
    write(path, [*records, record])
    _show_once(key, id, path)


def rotate(
    id: Annotated[str, typer.Argument(help="Whose key.")],
    grace_days: Annotated[
        int, typer.Option(min=0, max=90, help="How long the old key still opens.")
    ] = 7,
    file: File = None,
) -> None:
    """Issue a second key with the same seats; the first one opens for some days yet."""
    from adapters.identity.api_keys import TooManyKeys, rotated, write

    path = _file(file)
    try:
        key, records = rotated(
            _known(path), id, timedelta(days=grace_days), datetime.now(UTC).replace(microsecond=0)
        )
    except TooManyKeys as many:
        raise Trouble(str(many)) from None
    write(path, records)
    _show_once(key, id, path)


def revoke(
    key_id: Annotated[str, typer.Argument(help="The key's public name: remit_<this>_…")],
    file: File = None,
) -> None:
    """Take a key back: a running service stops taking it within a second or two."""
    from adapters.identity.api_keys import write

    path = _file(file)
    records = _known(path)
    left = [record for record in records if record.key_id != key_id]
    if len(left) == len(records):
        known = ", ".join(record.key_id for record in records) or "none"
        raise Trouble(f"KEY_ID: found {key_id}; known are {known}")
    write(path, left)
    err.print(f"{key_id} opens nothing any more")


def show(file: File = None) -> None:
    """Show whose keys there are, with which seats, and until when."""
    from rich.table import Table

    table = Table("key", "holder", "kind", "seats", "expires")
    for record in _known(_file(file)):
        held = sorted(f"{name}:{seat}" for name, seats in record.seats.items() for seat in seats)
        ends = record.expires_at.isoformat() if record.expires_at else "never"
        table.add_row(record.key_id, record.id, record.kind, " ".join(held), ends)
    out.print(table)


def _file(given: Path | None) -> Path:
    path = given or settings().api_keys
    if path is None:
        raise Trouble("REMIT_API_KEYS or --file: found neither; one must name the key file")
    return path


def _known(path: Path) -> "tuple[KeyRecord, ...]":
    from adapters.identity.api_keys import ApiKeys

    return ApiKeys.read(path).records if path.exists() else ()


def _show_once(key: str, id: str, path: Path) -> None:
    err.print(f"Key of {id}, kept in {path} as a hash; this is the only time it is shown:")
    typer.echo(key)


def _seats(texts: list[str]) -> dict[str, frozenset[Seat]]:
    seats: dict[str, frozenset[Seat]] = {}
    for text in texts:
        name, _, seat = text.rpartition(":")
        if not name or seat not in set(Seat):
            raise Trouble(f"--seat: found {text}; write TYPE:SEAT with one of {', '.join(Seat)}")
        seats[name] = seats.get(name, frozenset()) | {Seat(seat)}
    return seats
