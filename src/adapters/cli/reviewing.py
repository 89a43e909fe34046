"""For reviewers and owners at a terminal: what waits, taking it on, and deciding it.

Whoever has the database acts on a person's word (`--as`), and the record says so.
"""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError

from adapters.cli.common import database, decision_id, escaped, out, print_json, settings, with_desk
from adapters.trouble import Trouble

if TYPE_CHECKING:
    from datetime import datetime

    from application.desk import Answer, Caller, Desk
    from application.projections.review_queue import QueueItem
    from application.reading import Queue
    from application.waiting import Part, Waits
    from domain.decision.state import Decision

NOTHING_FREE = 1
SHOWN = 100

Id = Annotated[str, typer.Argument(help="The decision's id.")]
WordOf = Annotated[str, typer.Option("--as", help="The person on whose word this is done.")]
By = Annotated[str, typer.Option(help="Who is typing, for the record.", envvar="USER")]
OfType = Annotated[
    str | None, typer.Option("--type", help="Only what belongs to this decision type.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, for a machine.")]


def queue(
    name: Annotated[str | None, typer.Argument(help="A queue; without one, all of them.")] = None,
    decision_type: OfType = None,
    lane: Annotated[
        str | None, typer.Option(help="Of a queue, only this lane: automate, review or escalate.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option(help="Of a queue, only what has this reason, like EXC.CONFLICT.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what waits for people, the most urgent first."""
    import asyncio

    from adapters.assembly import clock_of
    from adapters.worker import catch_up

    part = _part(decision_type, lane, reason)
    if name is None and (lane or reason):
        raise Trouble("NAME: found none; --lane and --reason narrow one queue")
    given = settings()
    with database(given) as url:
        catch_up(url)
        if name is None:
            queues = asyncio.run(_queues(url, decision_type, clock_of(given).now()))
            print_json(_array(queues)) if as_json else _show_queues(queues)
        else:
            items = asyncio.run(_waiting(url, name, part))
            print_json(_array(items)) if as_json else _show_items(items)


def claim(
    id: Annotated[str | None, typer.Argument(help="The decision's id.")] = None,
    *,
    word_of: WordOf,
    next_of: Annotated[
        str | None, typer.Option("--next", help="Instead: the most urgent free one of a queue.")
    ] = None,
    decision_type: OfType = None,
    minutes: Annotated[int, typer.Option(min=1, max=480, help="For how long.")] = 15,
    by: By = "operator",
    as_json: AsJson = False,
) -> None:
    """Take a decision on for a while, and see exactly what is to be decided.

    Exits with 1 when nothing in the queue is free.
    """
    from application.views import ClaimView

    if (id is None) == (next_of is None):
        raise Trouble("ID or --next QUEUE: exactly one of them says what is claimed")
    caller = _on_word_of(word_of, by)
    found = (
        with_desk(settings(), lambda desk: _claimed(id, minutes, caller, desk))
        if id is not None
        else _claimed_next(str(next_of), decision_type, minutes, caller)
    )
    if found is None:
        out.print("nothing is free there")
        raise typer.Exit(NOTHING_FREE)
    if as_json:
        print_json(ClaimView.of(found.decision).model_dump_json(indent=2))
    else:
        _show_claim(found.decision, word_of)


def review(
    id: Id,
    disposition: Annotated[
        str, typer.Argument(help="uphold, override, modify, return, request_info or refer.")
    ],
    *,
    word_of: WordOf,
    token: Annotated[str, typer.Option(help="The lease's token, as `claim` printed it.")],
    digest: Annotated[str, typer.Option(help="The digest of the action that was shown.")],
    action: Annotated[str | None, typer.Option(help="The action instead.")] = None,
    parameters: Annotated[str | None, typer.Option(help="Its parameters, as JSON.")] = None,
    reason: Annotated[str | None, typer.Option(help="The reason's code, like OVR.CONTEXT.")] = None,
    comment: Annotated[str | None, typer.Option(help="In your own words.")] = None,
    by: By = "operator",
) -> None:
    """Decide what you have claimed: a review, a second look, or an escalation."""
    from domain.decision.reviewing import Choice

    said = {
        "disposition": disposition,
        "action": action,
        "parameters": _parameters(parameters),
        "reason_code": reason,
        "comment": comment,
        "lease_token": token,
        "action_digest": digest,
    }
    try:
        choice = Choice.model_validate(said)
    except ValidationError:
        raise Trouble(
            f"DISPOSITION: found {disposition}; allowed are uphold, override, modify, return, "
            "request_info and refer"
        ) from None
    caller = _on_word_of(word_of, by)

    async def work(desk: "Desk") -> "Decision":
        from application.reviewing import resolve
        from application.reviewing import review as review_one

        waits = await desk.decision(decision_id(id))
        decide = resolve if waits.level else review_one
        return (await decide(waits.id, choice, caller, desk)).decision

    _say_where(with_desk(settings(), work))


def reconcile(
    id: Id,
    became: Annotated[str, typer.Argument(help="What became of it: delivered or failed.")],
    *,
    word_of: WordOf,
    reference: Annotated[str | None, typer.Option(help="The other system's word for it.")] = None,
    detail: Annotated[str | None, typer.Option(help="How you found out.")] = None,
    by: By = "operator",
) -> None:
    """Say what became of an action that failed or whose outcome nobody knew."""
    from application.delivering import report
    from domain.decision.acting import Report

    if became not in ("delivered", "failed"):
        raise Trouble(f"BECAME: found {became}; allowed are delivered and failed")
    receipt = Report.model_validate({"status": became, "reference": reference, "detail": detail})
    caller = _on_word_of(word_of, by)

    async def work(desk: "Desk") -> "Decision":
        return (await report(decision_id(id), receipt, caller, desk)).decision

    _say_where(with_desk(settings(), work))


def _on_word_of(person: str, by: str) -> "Caller":
    """A person, through whoever types. Owners' seats are checked against the decision type."""
    from application.desk import Caller
    from application.ports import Identity
    from domain.model import OWNER_SEATS, Seat

    seats = frozenset(map(str, (Seat.REVIEWER, *OWNER_SEATS)))
    return Caller(Identity(person, "human", {"*": seats}), via=f"command line by {by}")


async def _claimed(id: str, minutes: int, caller: "Caller", desk: "Desk") -> "Answer | None":
    from application.reviewing import Claim
    from application.reviewing import claim as claim_one

    return await claim_one(decision_id(id), Claim(lease_seconds=minutes * 60), caller, desk)


def _claimed_next(
    name: str, decision_type: str | None, minutes: int, caller: "Caller"
) -> "Answer | None":
    import asyncio

    from adapters.assembly import postgres_desk
    from adapters.postgres.reading import PostgresReader
    from adapters.worker import catch_up
    from application.reviewing import Claim
    from application.waiting import claim_next

    given = settings()

    async def work(url: str) -> "Answer | None":
        async with postgres_desk(url, given) as desk, PostgresReader(url) as reader:
            command = Claim(lease_seconds=minutes * 60)
            return await claim_next(name, command, caller, desk, reader, decision_type)

    with database(given) as url:
        catch_up(url)
        return asyncio.run(work(url))


def _part(decision_type: str | None, lane: str | None, reason: str | None) -> "Part":
    from application.waiting import Part

    said = {"decision_type": decision_type, "lane": lane, "reason": reason}
    try:
        return Part.model_validate(said)
    except ValidationError:
        allowed = "automate, review and escalate"
        raise Trouble(f"--lane: found {lane}; allowed are {allowed}") from None


async def _queues(url: str, decision_type: str | None, now: "datetime") -> "list[Queue]":
    from adapters.postgres.reading import PostgresReader

    visible = None if decision_type is None else frozenset({decision_type})
    async with PostgresReader(url) as reader:
        return list(await reader.queues(visible, now))


async def _waiting(url: str, name: str, part: "Part") -> "list[Waits]":
    from adapters.postgres.reading import PostgresReader
    from application.waiting import waiting

    async with PostgresReader(url) as reader:
        return list((await waiting(name, part, None, SHOWN, _on_word_of("", ""), reader)).items)


def _array(values: "list[Queue] | list[Waits]") -> str:
    return TypeAdapter(list[Any]).dump_json(list(map(_shown, values)), indent=2).decode()


def _shown(value: "Queue | Waits") -> object:
    """Who checks the quality looks afresh: of what is to be checked, the case alone."""
    from application.projections.feedback_row import FeedbackRow

    return value.model_dump(include=OF_A_CHECK) if isinstance(value, FeedbackRow) else value


OF_A_CHECK = {
    "key", "decision_type", "subject", "workflow", "state", "lane", "quality_queue",
    "received_at", "ended_at",
}  # fmt: skip


def _parameters(text: str | None) -> object:
    try:
        return None if text is None else json.loads(text)
    except json.JSONDecodeError:
        raise Trouble(f"--parameters: found {text}; allowed is a JSON object") from None


def _show_queues(queues: "list[Queue]") -> None:
    from rich.table import Table

    table = Table("queue", "waiting", "overdue", "next due")
    for each in queues:
        due = f"{each.next_due_at:%Y-%m-%d %H:%M}" if each.next_due_at else ""
        table.add_row(escaped(each.name), f"{each.waiting:,}", f"{each.overdue:,}", due)
    out.print(table)


def _show_items(items: "list[Waits]") -> None:
    from application.projections.review_queue import QueueItem
    from application.reading import Raised

    for item in items:
        if isinstance(item, QueueItem):
            _show_item(item)
        else:
            row = item.row if isinstance(item, Raised) else item
            out.print(f"{row.key}  {escaped(row.decision_type)}  {escaped(row.subject)}")


def _show_item(item: "QueueItem") -> None:
    due = f"due {item.due_at:%Y-%m-%d %H:%M}" if item.due_at else ""
    held = f", with {escaped(item.holder)}" if item.holder else ""
    out.print(f"[bold]{item.key}[/]  {escaped(item.subject)}  {escaped(item.action)}  {due}{held}")
    for reason in item.reasons:
        out.print(f"  {escaped(reason.text)}", highlight=False, style="dim")


def _show_claim(decision: "Decision", person: str) -> None:
    lease = decision.lease
    assert lease is not None, "it was just claimed"
    recommended = decision.recommendation
    out.print(f"[bold]{escaped(decision.subject)}[/]: {escaped(recommended.action)}?")
    for name, fact in decision.context.items():
        out.print(f"  {escaped(name)}: {escaped(json.dumps(fact))}", highlight=False)
    for reason in decision.routing.reasons if decision.routing else ():
        out.print(f"  {escaped(reason.text)}", highlight=False, style="dim")
    out.print(f"yours until {lease.expires_at:%Y-%m-%d %H:%M:%S %Z}; decide it with", style="dim")
    print_json(
        f"remit review {decision.id} uphold --as {person} "
        f"--token {lease.token} --digest {lease.action_digest}"
    )


def _say_where(decision: "Decision") -> None:
    done = f": {decision.action}" if decision.action else ""
    out.print(f"[green]✓[/] {decision.status.value.replace('_', ' ')}{escaped(done)}")
