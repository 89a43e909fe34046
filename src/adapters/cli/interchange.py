"""For those who read policies with other tools: a policy in their language."""

from pathlib import Path
from typing import Annotated

import typer

from adapters.cli.common import read_text


def cel(
    file: Annotated[Path, typer.Argument(help="A decision type's file, as in catalogue/.")],
    outcome: Annotated[
        bool, typer.Option("--outcome", help="The whole policy as one expression of the lane.")
    ] = False,
) -> None:
    """Print a policy's conditions in the Common Expression Language (docs/policy/cel.md)."""
    from adapters.assembly import read_adoption
    from domain.guardrail.cel import outcome_for_cel, policy_for_cel

    guardrail = read_adoption(read_text(file)).guardrail
    typer.echo(outcome_for_cel(guardrail) if outcome else policy_for_cel(guardrail))
