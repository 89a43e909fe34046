"""For owners: the life of a policy's versions, in the database or at a service by its URL.

Exit codes, for CI: 0 done, 1 refused, 2 what was given can't be read or nobody answers.
"""

import json
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapters.cli.authoring import adoption_of
from adapters.cli.common import escaped, out, print_json, read_text
from adapters.cli.doors import Door, Said, door
from adapters.trouble import Trouble

if TYPE_CHECKING:
    from application.desk import Caller, Desk
    from application.policy_views import VersionView
    from domain.policy.aggregate import Policy

Type = Annotated[str, typer.Argument(help="A decision type's name, such as support_triage.")]
Version = Annotated[int, typer.Argument(min=1, help="The version's number.")]
By = Annotated[
    str, typer.Option(help="Who acts, for the record: the owner of a seat.", envvar="USER")
]
Url = Annotated[str | None, typer.Option(help="A service, instead of the database.")]
Key = Annotated[
    str | None, typer.Option(help="The API key at the service.", envvar="REMIT_API_KEY")
]
Reason = Annotated[str | None, typer.Option(help="Why, for the record.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, for a machine.")]
Acknowledged = Annotated[
    list[str] | None,
    typer.Option("--acknowledge", help="A rule that does nothing, and you know (repeatable)."),
]
At = Annotated[
    str | None, typer.Option(help="When: RFC 3339 with an offset; at once, where not given.")
]


def history(
    name: Type, by: By = "operator", url: Url = None, key: Key = None, as_json: AsJson = False
) -> None:
    """Every version of a policy: how far it came, and who did what to it, when and why."""
    said = door(by, url, key).ask(
        "GET", f"/v1/decision-types/{name}/policies", None, lambda c, d: _history(name, c, d)
    )
    if as_json:
        print_json(said.text)
        return
    from application.policy_views import VersionView

    for item in said.content["items"]:
        _print(VersionView.model_validate_json(said.part(item)), steps=True)


async def _history(name: str, caller: "Caller", desk: "Desk") -> str:
    from adapters.http.answers import Page
    from application import policy_life
    from application.policy_views import VersionView, views

    policy, events = await policy_life.history(name, caller, desk)
    page = Page[VersionView](items=views(policy, events) if policy else [])
    return page.model_dump_json()


def draft(
    name: Type,
    file: Annotated[
        Path, typer.Argument(help="The decision type's file, or the policy's document alone.")
    ],
    by: By = "operator",
    url: Url = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Write the next version of a policy. It changes nothing yet."""
    source = _policy_text(file, name)

    async def here(caller: "Caller", desk: "Desk") -> str:
        from application import policy_life
        from application.policy_views import view

        policy = await policy_life.draft(name, source, caller, desk)
        return view(policy, max(policy.versions)).model_dump_json()

    path = f"/v1/decision-types/{name}/policies"
    said = door(by, url, key).ask("POST", path, source, here)
    if as_json:
        print_json(said.text)
    else:
        out.print(f"[green]✓[/] {name} version {said.content['version']}: drafted")
        out.print(f"  {said.content['hash']}", highlight=False)


def specify(
    name: Type,
    version: Version,
    file: Annotated[Path, typer.Argument(help="The specification (Gherkin).")],
    by: By = "operator",
    url: Url = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Write down what a version must do. It is run when the version is proposed."""
    text = read_text(file)

    async def here(caller: "Caller", desk: "Desk") -> "Policy":
        from application import policy_life

        return await policy_life.specify(name, version, text, caller, desk)

    path = f"/v1/decision-types/{name}/policies/{version}/specification"
    _told(door(by, url, key).ask("PUT", path, text, _viewed(here, version)), as_json)


def propose(
    name: Type,
    version: Version,
    by: By = "operator",
    url: Url = None,
    key: Key = None,
    reason: Reason = None,
    acknowledge: Acknowledged = None,
    as_json: AsJson = False,
) -> None:
    """Ask that a version be put into force. It has to pass everything that is asked of it."""
    known = tuple(acknowledge or ())

    async def here(caller: "Caller", desk: "Desk") -> "Policy":
        from application import policy_life

        return await policy_life.propose(name, version, known, reason, caller, desk)

    body = {"reason": reason, "acknowledged": list(known)}
    _step(door(by, url, key), name, version, "propose", body, here, as_json)


def activate(
    name: Type,
    version: Version,
    by: By = "operator",
    url: Url = None,
    key: Key = None,
    at: At = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Put an approved version into force, at once or at a moment to come."""
    moment = _moment(at)

    async def here(caller: "Caller", desk: "Desk") -> "Policy":
        from application import policy_life

        return await policy_life.activate(name, version, moment, reason, caller, desk)

    _step(
        door(by, url, key), name, version, "activate", {"reason": reason, "at": at}, here, as_json
    )


def floor(
    name: Type,
    by: By = "operator",
    url: Url = None,
    key: Key = None,
    covered: Annotated[
        float, typer.Option(min=0, max=1, help="Share of limits and rules with an example.")
    ] = 1.0,
    killed: Annotated[
        float, typer.Option(min=0, max=1, help="Share of one-step changes that are noticed.")
    ] = 0.0,
    required: Annotated[
        bool, typer.Option(help="Whether a version needs a specification at all.")
    ] = True,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Say what specifications have to show from now on. That is the risk owner's to do."""
    from domain.policy.gate import Floor

    wanted = Floor(required=required, covered=Decimal(repr(covered)), killed=Decimal(repr(killed)))

    async def here(caller: "Caller", desk: "Desk") -> str:
        from application import policy_life

        policy = await policy_life.set_floor(name, wanted, reason, caller, desk)
        now = policy.floor or wanted
        return json.dumps({"decision_type": name, "floor": now.model_dump(mode="json")})

    body = {"required": required, "covered": covered, "killed": killed, "reason": reason}
    path = f"/v1/decision-types/{name}/policies/floor"
    said = door(by, url, key).ask("PUT", path, body, here)
    if as_json:
        print_json(said.text)
    else:
        out.print(f"[green]✓[/] {name}: {said.content['floor']}", highlight=False)


def _moment(at: str | None) -> datetime | None:
    from pydantic import TypeAdapter, ValidationError

    from adapters.http.bodies import Moment
    from adapters.trouble import Trouble
    from application.wording import MOMENT

    try:
        return TypeAdapter[datetime | None](Moment | None).validate_python(at)
    except ValidationError:
        raise Trouble(f"--at: found {at!r}; allowed is {MOMENT}") from None


def _simple(verb: str, use_case: str, sentence: str) -> Callable[..., None]:
    """A command that takes a version and a reason."""

    def command(
        name: Type,
        version: Version,
        by: By = "operator",
        url: Url = None,
        key: Key = None,
        reason: Reason = None,
        as_json: AsJson = False,
    ) -> None:
        async def here(caller: "Caller", desk: "Desk") -> "Policy":
            from application import policy_life

            done: Policy = await getattr(policy_life, use_case)(name, version, reason, caller, desk)
            return done

        _step(door(by, url, key), name, version, verb, {"reason": reason}, here, as_json)

    command.__doc__ = sentence
    return command


approve = _simple("approve", "approve", "Sign a version that somebody else wrote and proposed.")
refuse = _simple("refuse", "refuse", "Decline to sign a version, or stop one that was to come.")
rollback = _simple("rollback", "roll_back", "Put a version into force again that was before.")
retire = _simple("retire", "retire", "Take a version out of use for good.")

Here = Callable[["Caller", "Desk"], Awaitable["Policy"]]


def _step(
    at: Door, name: str, version: int, verb: str, body: dict[str, Any], here: Here, as_json: bool
) -> None:
    path = f"/v1/decision-types/{name}/policies/{version}/{verb}"
    said = {key: value for key, value in body.items() if value is not None}
    _told(at.ask("POST", path, said, _viewed(here, version)), as_json)


def _viewed(here: Here, version: int) -> "Callable[[Caller, Desk], Awaitable[str]]":
    async def viewed(caller: "Caller", desk: "Desk") -> str:
        from application.policy_views import view

        return view(await here(caller, desk), version).model_dump_json()

    return viewed


def _policy_text(file: Path, name: str) -> str:
    """The policy to be signed: of a decision type's file only that, word for word."""
    text = read_text(file)
    if not re.search(r"^decision_type:", text, re.MULTILINE):
        return text
    adoption = adoption_of(file)
    if adoption.definition.name != name:
        raise Trouble(f"{file}: it is the file of {adoption.definition.name}, not of {name}")
    return adoption.policy_source


def _told(said: Said, as_json: bool) -> None:
    from application.policy_views import VersionView

    if as_json:
        print_json(said.text)
    else:
        _print(VersionView.model_validate_json(said.text), steps=False)


def _print(told: "VersionView", *, steps: bool) -> None:
    state = told.state.replace("_", " ")
    since = f" from {told.effective_at.isoformat()}" if told.effective_at else ""
    out.print(f"[bold]{told.decision_type} version {told.version}[/]: {state}{since}")
    if told.state == "proposed":
        needed = told.approver.spoken if told.approver else "nobody"
        out.print(f"  to be approved by: {needed}")
    for check in told.checks:
        mark = "[green]✓[/]" if check.passed else "[red]✗[/]"
        out.print(f"  {mark} {check.question}: {escaped(check.text)}", highlight=False)
    for step in told.steps if steps else ():
        seat = f", {step.seat.spoken}" if step.seat else ""
        via = f", {step.via}" if step.via else ""
        why = f": {step.reason}" if step.reason else ""
        line = (
            f"  {step.at:%Y-%m-%d %H:%M} {step.what.replace('_', ' ')} by {step.by}{seat}{via}{why}"
        )
        out.print(escaped(line), highlight=False, style="dim")
