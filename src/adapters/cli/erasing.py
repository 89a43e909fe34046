"""For whoever answers to people about their data: erase someone."""

from typing import TYPE_CHECKING, Annotated

import typer

from adapters.cli.common import out, settings, with_desk

if TYPE_CHECKING:
    from application.desk import Desk
    from application.erasing import Erasure

NOTHING_HELD = 1


def erase(
    reference: Annotated[
        str, typer.Argument(help="What the person was submitted under. `-` reads it here.")
    ],
    word_of: Annotated[
        str, typer.Option("--for", help="The risk owner on whose word this is done.")
    ],
    by: Annotated[
        str, typer.Option(help="Who is doing it, for the record.", envvar="USER")
    ] = "operator",
) -> None:
    """Make everything personal that is held about someone unreadable, for good.

    Exits with 1 when nothing is held under this reference.
    """
    from application.desk import Caller
    from application.erasing import EVERYWHERE, Erase
    from application.erasing import erase as erase_someone
    from application.ports import Identity
    from domain.model import Seat

    if reference == "-":
        reference = typer.get_text_stream("stdin").read().strip()
    identity = Identity(word_of, "human", {EVERYWHERE: frozenset({Seat.RISK_OWNER})})
    caller = Caller(identity, via=f"command line by {by}")

    async def work(desk: "Desk") -> "Erasure":
        return await erase_someone(Erase(data_subject=reference), caller, desk)

    if not with_desk(settings(), work).erased:
        out.print("nothing is held under this reference")
        raise typer.Exit(NOTHING_HELD)
    out.print("[green]✓[/] erased: what was personal opens no more")
