"""For authors: check a policy, adopt a decision type, try a recommendation."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.cli.common import escaped, out, print_json, read_text, settings, with_desk
from adapters.cli.explaining import print_explanation, print_line
from adapters.trouble import Trouble
from domain.values import Stage

if TYPE_CHECKING:
    from application.governing import Adoption

File = Annotated[Path, typer.Argument(help="A decision type's file, as in catalogue/.")]
Case = Annotated[
    Path, typer.Argument(help="JSON: action, confidence, risk, context. `-` reads it here.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, for a machine.")]


def check(files: Annotated[list[Path], typer.Argument(help="Files to check.")]) -> None:
    """Check that decision types and their policies can be understood, and say what they mean."""
    from adapters.authoring import unused_boundaries

    for path in files:
        adoption = adoption_of(path)
        guardrail = adoption.guardrail
        out.print(f"[green]✓[/] {escaped(str(path))}: {escaped(adoption.definition.title)}")
        out.print(
            f"  {len(guardrail.limits)} limits, {len(guardrail.rules)} rules, "
            f"{len(guardrail.claims)} claims (`remit policy prove` proves them)"
        )
        out.print(f"  policy {guardrail.digest}", highlight=False)
        for name in unused_boundaries(adoption.policy_source, adoption.definition):
            out.print(
                f"  [yellow]notice:[/] no condition asks about the boundary {name}: changing it "
                "changes nothing",
                highlight=False,
                soft_wrap=True,
            )


def adopt(
    files: Annotated[list[Path], typer.Argument(help="Files to adopt, in order.")],
    by: Annotated[
        str, typer.Option(help="Who is adopting, for the record.", envvar="USER")
    ] = "operator",
) -> None:
    """Put decision types and their policies into force, on their owners' written word."""
    from application.desk import Caller, Desk
    from application.governing import adopt as adopt_type
    from application.ports import Identity

    adoptions = [adoption_of(path) for path in files]  # all or none can be read
    caller = Caller(Identity(by, "human"))

    async def work(desk: Desk) -> None:
        for adoption in adoptions:
            governed = await adopt_type(adoption, caller, desk)
            policy = governed.active_policy
            assert policy is not None, "adopting puts a policy into force"
            out.print(
                f"[green]✓[/] {adoption.definition.name}: stage "
                f"{governed.decision_type.stage}, policy version {policy.version}"
            )

    with_desk(settings(), work)


def evaluate(
    file: File,
    case: Case,
    as_json: AsJson = False,
) -> None:
    """Try a recommendation on a file's policy: lane, rule, reasons and trace. Records nothing."""
    from adapters.cli.cases import read_case
    from application.evaluating import Evaluation, evaluate_file

    adoption = adoption_of(file)
    evaluation: Evaluation = evaluate_file(adoption, *read_case(case, adoption.definition))
    if as_json:
        print_json(evaluation.model_dump_json(indent=2))
        return
    out.print(f"[bold]{evaluation.lane}[/] by {escaped(evaluation.rule)}")
    for reason in evaluation.reasons:
        out.print(f"  {escaped(reason.code)}: {escaped(reason.text)}", highlight=False)
    for line in evaluation.trace:
        print_line(line)


def explain(file: File, case: Case, as_json: AsJson = False) -> None:
    """Explain what a file's policy says of a case, as if its type might automate: every test,
    every reason, and which single fact would have had it automated. Records nothing.
    """
    from adapters.cli.cases import read_case
    from application.evaluating import evaluate_file

    adoption = adoption_of(file)
    full = adoption.definition.model_copy(update={"stage": Stage.FULL})
    evaluation = evaluate_file(
        replace(adoption, definition=full), *read_case(case, adoption.definition)
    )
    if as_json:
        print_json(evaluation.model_dump_json(indent=2))
    else:
        print_explanation(evaluation)


def adoption_of(path: Path) -> "Adoption":
    """A file as an author wrote it, or what is wrong with which of them."""
    from adapters.assembly import read_adoption
    from adapters.authoring.problems import AuthoringError

    try:
        return read_adoption(read_text(path))
    except AuthoringError as error:
        raise Trouble(f"{path}: {error}") from None
