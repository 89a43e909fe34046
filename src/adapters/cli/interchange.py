"""For other tools: the schema that editors check a policy by, CEL, and DMN tables."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.cli.common import err, print_json, read_text
from adapters.trouble import Trouble

if TYPE_CHECKING:
    from domain.values import Lane


def schema() -> None:
    """Print the JSON Schema of guardrail documents, for editors."""
    from adapters.authoring import guardrail_schema

    print_json(json.dumps(guardrail_schema(), indent=2))


def cel(
    file: Annotated[Path, typer.Argument(help="A decision type's file, as in catalogue/.")],
    outcome: Annotated[
        bool, typer.Option("--outcome", help="The whole policy as one expression of the lane.")
    ] = False,
) -> None:
    """Print a policy's conditions in the Common Expression Language (docs/policy/cel.md)."""
    from adapters.cli.authoring import adoption_of
    from domain.guardrail.cel import outcome_for_cel, policy_for_cel

    guardrail = adoption_of(file).guardrail
    typer.echo(outcome_for_cel(guardrail) if outcome else policy_for_cel(guardrail))


def import_dmn(
    file: Annotated[Path, typer.Argument(help="A DMN file with one decision table.")],
    type_file: Annotated[Path, typer.Argument(help="The decision type's file: its facts.")],
    lane: Annotated[
        list[str] | None, typer.Option(help="An outcome of the table, as in Declined=review.")
    ] = None,
) -> None:
    """Print the policy that says what a DMN table says, or what in it has no counterpart."""
    from adapters.authoring import AuthoringError, read_guardrail
    from adapters.authoring import import_dmn as imported
    from adapters.cli.authoring import adoption_of

    definition = adoption_of(type_file).definition
    try:
        text = imported(read_text(file), definition.facts, dict(map(_lane, lane or ())))
        read_guardrail(text, definition)
    except AuthoringError as error:
        raise Trouble(f"{file}: {error}") from None
    print_json(text.rstrip())


def export_dmn(
    file: Annotated[Path, typer.Argument(help="A decision type's file, as in catalogue/.")],
) -> None:
    """Print a policy as a DMN table that reads back as the same, or say what has no counterpart."""
    from adapters.authoring import AuthoringError
    from adapters.authoring import export_dmn as exported
    from adapters.cli.authoring import adoption_of

    adoption = adoption_of(file)
    try:
        text = exported(adoption.guardrail, adoption.definition.facts)
    except AuthoringError as error:
        told = ["\n    ".join(filter(None, said[2:4])) for said in error.problems]
        raise Trouble("\n  ".join([f"{file}:", *told])) from None
    print_json(text.rstrip())
    if adoption.guardrail.boundaries:
        err.print(
            "[yellow]notice:[/] boundaries stand in the table as numbers; their names are in its "
            "description, and are not read back",
            soft_wrap=True,
        )


def _lane(said: str) -> "tuple[str, Lane]":
    from domain.values import Lane

    outcome, _, word = said.rpartition("=")
    if word not in set(Lane) or not outcome:
        raise Trouble(f"--lane: found {said!r}; allowed is OUTCOME=automate, review or escalate")
    return outcome, Lane(word)
