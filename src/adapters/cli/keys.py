"""For administrators: issue API keys."""

from pathlib import Path
from typing import Annotated

import typer

from adapters.cli.common import err, settings
from adapters.trouble import Trouble
from domain.model import Seat


def issue(
    id: Annotated[str, typer.Argument(help="Whose key: a person's or a service's id.")],
    seat: Annotated[
        list[str], typer.Option(help="TYPE:SEAT, once a seat; TYPE may be `*` for all.")
    ],
    kind: Annotated[str, typer.Option(help="human or service")] = "service",
    file: Annotated[
        Path | None, typer.Option(help="The key file; REMIT_API_KEYS when not given.")
    ] = None,
) -> None:
    """Issue a key: it is printed once, and only its hash is kept."""
    import secrets

    from adapters.identity.api_keys import ApiKeys, write
    from adapters.identity.api_keys import issue as issue_key

    path = file or settings().api_keys
    if path is None:
        raise Trouble("REMIT_API_KEYS or --file: found neither; one must name the key file")
    if kind not in ("human", "service"):
        raise Trouble(f"--kind: found {kind}; allowed are human, service")
    records = ApiKeys.read(path).records if path.exists() else ()
    key, record = issue_key(secrets.token_hex(4), id, kind, _seats(seat))  # type: ignore[arg-type]  # checked above
    write(path, [*records, record])
    err.print(f"Key of {id}, kept in {path} as a hash; this is the only time it is shown:")
    typer.echo(key)


def _seats(texts: list[str]) -> dict[str, frozenset[Seat]]:
    seats: dict[str, frozenset[Seat]] = {}
    for text in texts:
        name, _, seat = text.partition(":")
        if seat not in set(Seat):
            raise Trouble(f"--seat: found {text}; write TYPE:SEAT with one of {', '.join(Seat)}")
        seats[name] = seats.get(name, frozenset()) | {Seat(seat)}
    return seats
