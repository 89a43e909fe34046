"""For authors and risk owners: what is proved of a policy, and what a new version would change.

Exit codes: 0 fine; 1 a claim is refuted or, if asked to fail on it, the difference is of that kind;
2 a file can't be read, or the policy is too complex to be proved.
"""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.cli.common import escaped, out, print_json
from adapters.trouble import Trouble

if TYPE_CHECKING:
    from domain.guardrail.difference import Difference
    from domain.guardrail.proving import Proof, Proofs

AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, for a machine.")]
REFUTED = 1


class FailOn(StrEnum):
    """What makes `policy diff` exit with 1."""

    RELAXED = "relaxed"
    ANY = "any"


def prove(
    file: Annotated[Path, typer.Argument(help="A decision type's file, as in catalogue/.")],
    as_json: AsJson = False,
) -> None:
    """Prove a policy's claims over every possible case, or show the case that refutes them.

    Exits with 1 if anything is refuted. Dead rules are named, and fail nothing.
    """
    from adapters.cli.authoring import adoption_of
    from domain.guardrail.proving import prove as prove_policy

    adoption = adoption_of(file)
    proofs = prove_policy(adoption.guardrail, declared=adoption.definition.facts)
    if as_json:
        print_json(proofs.model_dump_json(indent=2))
    else:
        _print_proofs(proofs)
    if not proofs.held:
        raise typer.Exit(REFUTED)


def diff(
    old: Annotated[Path, typer.Argument(help="The version in force.")],
    new: Annotated[Path, typer.Argument(help="The version that would follow it.")],
    as_json: AsJson = False,
    html: Annotated[
        Path | None, typer.Option(help="Write the difference as one HTML file, to read or print.")
    ] = None,
    fail_on: Annotated[
        FailOn | None, typer.Option(help="Exit with 1 if anything is relaxed, or changes at all.")
    ] = None,
) -> None:
    """What a new version would change: for which cases, with an example of each, and who approves.

    Exits with 0 whatever the difference is, unless --fail-on says otherwise.
    """
    from adapters.cli.authoring import adoption_of
    from adapters.rendering.difference_page import page
    from domain.guardrail.difference import compare

    before, after = adoption_of(old), adoption_of(new)
    if before.definition.name != after.definition.name:
        names = f"{before.definition.name}, then {after.definition.name}"
        raise Trouble(f"{new}: found {names}; allowed are two versions of one decision type")
    difference = compare(before.guardrail, after.guardrail)
    if html is not None:
        html.write_text(page(difference, str(old), str(new)), encoding="utf-8")
    if as_json:
        print_json(difference.model_dump_json(indent=2))
    else:
        _print_difference(difference)
        if beside := before.definition.differing(after.definition):
            said = f"The decision type itself differs in {', '.join(beside)}"
            out.print(f"[yellow]! {said}, which is not weighed here.[/]", highlight=False)
    if _fails(difference, fail_on):
        raise typer.Exit(REFUTED)


def _fails(difference: "Difference", fail_on: FailOn | None) -> bool:
    if fail_on is FailOn.RELAXED:
        return difference.relaxes
    return fail_on is FailOn.ANY and difference.approver is not None


def _print_proofs(proofs: "Proofs") -> None:
    from adapters.rendering.sentences import dead_text

    for proof in (*proofs.claims, *proofs.built_in):
        mark = "[green]✓ proved[/]" if proof.held else "[bold red]✗ refuted[/]"
        out.print(f"{mark} {escaped(proof.id)}: {escaped(proof.statement)}", highlight=False)
        if proof.counterexample is not None:
            for line in _counterexample(proof):
                out.print(f"    {escaped(line)}", highlight=False, style="yellow")
    for rule in proofs.dead:
        out.print(f"[yellow]! dead[/] {escaped(dead_text(rule))}", highlight=False)
    if not proofs.claims:
        out.print("The policy claims nothing of its own.", style="dim")


def _counterexample(proof: "Proof") -> list[str]:
    from domain.guardrail.whereabouts import facts_text

    example = proof.counterexample
    assert example is not None, "asked of refuted claims only"
    lines = [f"{example.lane} where {facts_text(example.facts)}"]
    if example.changed is not None:
        lines.append(f"{example.then} with {facts_text(example.changed)} instead")
    return lines


def _print_difference(difference: "Difference") -> None:
    from adapters.rendering.sentences import approver_text, summary
    from domain.guardrail.whereabouts import facts_text

    if not difference.edits:
        out.print("Nothing was edited.")
    for edit in difference.edits:
        for sentence in edit.sentences:
            out.print(escaped(sentence), highlight=False, style=_STYLES[edit.bucket])
        if edit.made == "together":
            out.print("    only together with the other edits", style="dim")
        for effect in edit.effects:
            example = f"for example: {facts_text(effect.witness)}"
            out.print(f"    {escaped(example)}", highlight=False, style="dim")
    out.print()
    out.print(f"[bold]All in all:[/] {escaped(summary(difference))}", highlight=False)
    for effect in difference.total:
        out.print(f"  {escaped(effect.text)}", highlight=False, style=_STYLES[effect.bucket])
    for control in difference.weakened:
        out.print(f"  {escaped(control)}", highlight=False, style=_STYLES["relaxed"])
    out.print(f"[bold]Who approves:[/] {approver_text(difference)}", highlight=False)


_STYLES = {"relaxed": "bold red", "tighter": "green", "rerouted": "cyan", "unchanged": "dim"}
