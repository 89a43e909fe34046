"""For auditors and owners: a decision's trail, replay, metrics."""

from typing import TYPE_CHECKING, Annotated

import typer

from adapters.cli.common import (
    database,
    decision_id,
    err,
    escaped,
    out,
    print_json,
    settings,
    with_desk,
)
from adapters.trouble import Trouble

if TYPE_CHECKING:
    from application.desk import Desk
    from application.replaying import DecisionReplay, Replay
    from application.replaying_log import LogReplay

AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, for a machine.")]
FOUND_WANTING = 1


def trail(
    id: Annotated[str, typer.Argument(help="The decision's id.")], as_json: AsJson = False
) -> None:
    """Tell one decision's history, a sentence an event, with what was refused beside it."""
    import json

    from application.recounting import tell

    async def work(desk: "Desk") -> None:
        lines, _ = await tell(decision_id(id), None, desk)
        if as_json:
            print_json(json.dumps([line.model_dump(mode="json") for line in lines], indent=2))
            return
        for line in lines:
            seat = f" ({line.seat.replace('_', ' ')})" if line.seat else ""
            out.print(
                f"[dim]{line.at:%Y-%m-%d %H:%M:%S}[/] [bold]{escaped(line.who)}[/]{seat} "
                f"{escaped(line.what)}",
                highlight=False,
            )
            if line.explanation:
                out.print(f"  [dim]{escaped(line.explanation)}[/]", highlight=False)

    with_desk(settings(), work)


def explain(
    id: Annotated[str, typer.Argument(help="The decision's id.")], as_json: AsJson = False
) -> None:
    """Say why a decision was routed so, and which single fact would have had it automated."""
    from adapters.cli.explaining import print_explanation
    from application.explaining import explain as explain_one

    found = with_desk(settings(), lambda desk: explain_one(decision_id(id), desk))
    if as_json:
        print_json(found.model_dump_json(indent=2))
        return
    under = f"policy version {found.policy_version}" if found.policy_version else "no policy"
    out.print(f"event {found.version}, under {under}:")
    print_explanation(found)


def replay(
    id: Annotated[str | None, typer.Argument(help="The decision's id.")] = None,
    all: Annotated[bool, typer.Option("--all", help="Every decision in the log.")] = False,
    as_json: AsJson = False,
) -> None:
    """Evaluate the routing again from what was recorded: match, or what drifted and why.

    Exits with 1 when something drifted.
    """
    from application.replaying import replay as replay_one

    if (id is None) is not all:
        raise Trouble("ID or --all: give one of the two")
    if all:
        verdict = _whole_log(quiet=as_json)
        _report_log(verdict, as_json=as_json)
        drift = not verdict.sound
    else:
        one = with_desk(settings(), lambda desk: replay_one(decision_id(id or ""), desk))
        _report_one(one, as_json=as_json)
        drift = one.verdict == "drift"
    if drift:
        raise typer.Exit(FOUND_WANTING)


def _whole_log(*, quiet: bool) -> "LogReplay":
    from rich.progress import Progress

    from adapters.replaying import replay_log

    with database(settings()) as url, Progress(console=err, transient=True, disable=quiet) as bar:
        task = bar.add_task("replaying", total=None)
        return replay_log(url, lambda at, end: bar.update(task, completed=at, total=end))


def _report_log(verdict: "LogReplay", *, as_json: bool) -> None:
    if as_json:
        print_json(verdict.model_dump_json(indent=2))
        return
    out.print(
        f"{verdict.decisions:,} decisions, {verdict.routings:,} routings: "
        f"[bold green]{verdict.matches:,} match[/], {verdict.routings - verdict.matches:,} drift"
    )
    for cause, number in verdict.causes.items():
        out.print(f"  because of the {cause}: {number:,}")
    for lost in verdict.unreadable[:20]:
        what = f"version {lost.version} of {lost.stream} ({escaped(lost.type)})"
        out.print(f"  can't be read any more: {what}", highlight=False)
    for one in verdict.drifted[:20]:
        _report_drift(one)


def _report_one(verdict: "DecisionReplay", *, as_json: bool) -> None:
    if as_json:
        print_json(verdict.model_dump_json(indent=2))
        return
    for one in verdict.routings:
        under = f"policy version {one.policy_version}" if one.policy_version else "no policy"
        out.print(
            f"event {one.version}: {one.lane} by {escaped(one.rule)} under {under}: "
            f"[bold]{one.verdict}[/]"
        )
        _report_drift(one)
    out.print(f"[bold]{verdict.verdict}[/]")


def _report_drift(one: "Replay") -> None:
    for d in one.differences:
        out.print(
            f"  {one.decision_id} {d.field}: recorded {escaped(d.recorded)}, replayed "
            f"{escaped(d.replayed)} ({d.cause})",
            highlight=False,
        )
