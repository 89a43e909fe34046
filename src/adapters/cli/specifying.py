"""For product owners: run a policy's specification, and list the sentences it may use."""

import json
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.cli.auditing import FOUND_WANTING
from adapters.cli.authoring import File, adoption_of
from adapters.cli.common import err, escaped, out, print_json, read_text
from adapters.trouble import Trouble

if TYPE_CHECKING:
    from application.specifying import Floor, SpecificationReport

AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, for a machine.")]


def run(
    policy: File,
    features: Annotated[list[Path], typer.Argument(help="Feature files, checked as one.")],
    as_json: AsJson = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Run again whenever one of the files is saved.")
    ] = False,
    covered: Annotated[
        str, typer.Option(help="The share of limits and rules that examples must fire.")
    ] = "1",
    killed: Annotated[
        str, typer.Option(help="The share of boundary mutants that examples must notice.")
    ] = "0",
) -> None:
    """Run a specification against a policy: what holds, what no example covers, what nobody would
    notice. Exits with 0 if it passed, 1 if it did not, 2 if something can't be read.
    """
    floor = _floor(covered, killed)
    passed = _again(policy, features, floor, as_json=as_json, keep_going=watch)
    if watch:
        _watch(policy, features, floor, as_json=as_json)
    if not passed:
        raise typer.Exit(FOUND_WANTING)


def words(as_json: AsJson = False) -> None:
    """List every sentence that a specification may use, and what fills its places."""
    from application.specifying.sentences import said
    from application.specifying.vocabulary import POLICY

    if as_json:
        sentences = [
            {"kind": each.kind, "sentence": each.shown, "meaning": each.meaning}
            for each in POLICY.sentences
        ]
        places = {word.__name__: said(word) for word in POLICY.words}
        print_json(json.dumps({"sentences": sentences, "words": places}, indent=2))
        return
    for kind in ("given", "when", "then"):
        for each in POLICY.sentences:
            if each.kind == kind:
                out.print(f"[bold]{kind.title()}[/] {escaped(each.shown)}", highlight=False)
                out.print(f"    {escaped(each.meaning)}", highlight=False, style="dim")
    out.print()
    for word in POLICY.words:
        out.print(f"<{word.__name__}>  {escaped(said(word))}", highlight=False)


def _floor(covered: str, killed: str) -> "Floor":
    from application.specifying import Floor

    return Floor(covered=_share("--covered", covered), killed=_share("--killed", killed))


def _share(option: str, text: str) -> Decimal:
    try:
        share = Decimal(text)
    except InvalidOperation:
        share = Decimal("NaN")
    if not share.is_finite() or not 0 <= share <= 1:
        raise Trouble(f"{option}: found {text}; allowed is a number from 0 to 1")
    return share


def _again(
    policy: Path, features: list[Path], floor: "Floor", *, as_json: bool, keep_going: bool
) -> bool:
    """Check once. A watcher goes on when a file can't be read: it will be saved again."""
    from adapters.authoring.problems import AuthoringError

    try:
        report = _checked(policy, features, floor)
    except (Trouble, AuthoringError, OSError) as trouble:
        if not keep_going:
            raise
        err.print(escaped(str(trouble)), highlight=False)
        return False
    if as_json:
        print_json(_json(report))
    else:
        _print(report)
    return report.passed


def _checked(policy: Path, features: list[Path], floor: "Floor") -> "SpecificationReport":
    from application.specifying import check_specification
    from application.specifying.reading import MOST_CHARACTERS

    adoption = adoption_of(policy)
    for feature in features:
        if feature.stat().st_size > 4 * MOST_CHARACTERS:  # that many bytes can be one character's
            size = f"{feature.stat().st_size:,} bytes"
            raise Trouble(f"{feature}: {size}; allowed are {MOST_CHARACTERS:,} characters")
    texts = {str(feature): read_text(feature) for feature in features}
    return check_specification(adoption.definition, adoption.guardrail, texts, floor=floor)


def _json(report: "SpecificationReport") -> str:
    return json.dumps({**report.model_dump(mode="json"), "digest": report.digest}, indent=2)


def _print(report: "SpecificationReport") -> None:
    for failure in report.failures:
        out.print(f"[red]✗[/] {escaped(failure)}", highlight=False)
    for id in report.uncovered:
        out.print(f"[yellow]○[/] no example fires {escaped(id)}", highlight=False)
    for mutant in report.surviving:
        out.print(f"[dim]~ nobody would notice {escaped(mutant)}[/]", highlight=False)
    noticed = report.mutants - len(report.surviving)
    out.print(
        f"{report.scenarios} examples; {report.parts - len(report.uncovered)} of {report.parts} "
        f"limits and rules fired; {noticed} of {report.mutants} mutants noticed"
    )
    if report.untried:
        out.print(f"  {report.untried} of the mutants were too much work to try")
    for why in report.why:
        out.print(f"  {escaped(why)}", highlight=False)
    out.print("[bold green]passed[/]" if report.passed else "[bold red]did not pass[/]")


def _watch(policy: Path, features: list[Path], floor: "Floor", *, as_json: bool) -> None:
    """Run again at every save, until it is interrupted."""
    from watchfiles import watch

    watched = {file.resolve() for file in (policy, *features)}
    folders = {file.parent for file in watched}  # editors replace a file rather than write into it
    err.print("[dim]watching; stop with Ctrl-C[/]")
    for changes in watch(*folders, recursive=False, raise_interrupt=False):
        if watched & {Path(file).resolve() for _, file in changes}:
            _again(policy, features, floor, as_json=as_json, keep_going=True)
