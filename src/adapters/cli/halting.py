"""For owners: stop automation and let it begin again, and see where the circuit breakers stand.

Exit codes, for CI: 0 done, 1 refused, 2 what was given can't be read or nobody answers.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapters.cli.common import out, print_json
from adapters.cli.doors import Door, door
from adapters.cli.policies import AsJson, By, Key, Reason, Type, Url
from adapters.trouble import Trouble

if TYPE_CHECKING:
    from application.breaker_views import StreamView
    from application.desk import Caller, Desk

All = Annotated[bool, typer.Option("--all", help="Everything.")]
OfType = Annotated[str | None, typer.Option("--type", help="One decision type.")]
OfModel = Annotated[
    str | None, typer.Option("--model", help="What one model recommends, everywhere.")
]
Version = Annotated[
    str | None, typer.Option("--model-version", help="Every version, where not given.")
]
Code = Annotated[str, typer.Option("--reason-code", help="Why, in one code.")]


def halt(
    everything: All = False,
    decision_type: OfType = None,
    model: OfModel = None,
    version: Version = None,
    code: Code = "HALT.KILL_SWITCH",
    reason: Reason = None,
    by: By = "operator",
    url: Url = None,
    key: Key = None,
) -> None:
    """Pull a kill switch: from the answer on, nothing that is meant automates anywhere."""
    scope = _scope(everything, decision_type, model, version)
    _switch(door(by, url, key), scope, {"reason_code": code, "comment": reason}, halts=True)


def resume(
    everything: All = False,
    decision_type: OfType = None,
    model: OfModel = None,
    version: Version = None,
    code: Code = "HALT.CLEARED",
    reason: Reason = None,
    by: By = "operator",
    url: Url = None,
    key: Key = None,
) -> None:
    """Allow automation again. After a circuit breaker was open it is on trial: all is checked."""
    scope = _scope(everything, decision_type, model, version)
    _switch(door(by, url, key), scope, {"reason_code": code, "comment": reason}, halts=False)


@dataclass(frozen=True, slots=True)
class _Scope:
    """A decision type, a model in one version or all, or everything."""

    decision_type: str | None
    model: dict[str, str] | None


def _scope(
    everything: bool, decision_type: str | None, model: str | None, version: str | None
) -> _Scope:
    if sum((everything, decision_type is not None, model is not None)) != 1:
        raise Trouble("--all, --type, --model: one of them says what is meant")
    if version is not None and model is None:
        raise Trouble("--model-version: found without --model")
    if model is None:
        return _Scope(decision_type, None)
    return _Scope(None, {"name": model} | ({"version": version} if version else {}))


def _switch(at: Door, scope: _Scope, why: dict[str, str | None], *, halts: bool) -> None:
    said = {name: text for name, text in why.items() if text is not None}
    _require_sense(said | ({"model": scope.model} if scope.model else {}))
    if scope.decision_type is not None:
        _switch_type(at, scope.decision_type, said, halts=halts)
    else:
        _switch_all(at, said | ({"model": scope.model} if scope.model else {}), halts=halts)


def _require_sense(body: dict[str, Any]) -> None:
    """Refuse what no door would take, before any is opened."""
    from pydantic import ValidationError

    from application.halting import Halt
    from application.wording import problems_of

    try:
        Halt.model_validate(body)
    except ValidationError as error:
        raise Trouble("; ".join(map(str, problems_of(error, Halt, "")))) from None


def _switch_type(at: Door, name: str, body: dict[str, str], *, halts: bool) -> None:
    async def here(caller: "Caller", desk: "Desk") -> str:
        from adapters.http.governance import DecisionTypeView
        from application import governing

        switch = governing.Switch.model_validate(body)
        use_case = governing.suspend if halts else governing.resume
        state = await use_case(name, switch, caller, desk)
        return DecisionTypeView.of(state, None).model_dump_json()

    verb = "suspend" if halts else "resume"
    now = at.ask("POST", f"/v1/decision-types/{name}/{verb}", body, here).content
    stopped = [
        *(["the kill switch is on"] if now["suspended"] else []),
        *(["the circuit breaker is open"] if now["breaker_open"] else []),
    ]
    trial = "; it is on trial: everything automated is checked" if now["half_open"] else ""
    out.print(f"{name}: {', '.join(stopped) or 'nothing is stopped' + trial}", highlight=False)


def _switch_all(at: Door, body: dict[str, Any], *, halts: bool) -> None:
    async def here(caller: "Caller", desk: "Desk") -> str:
        from application import halting

        command = halting.Halt.model_validate(body)
        use_case = halting.pull if halts else halting.lift
        return halting.HaltView.of(await use_case(command, caller, desk)).model_dump_json()

    path = "/v1/halt" if halts else "/v1/halt/lift"
    now = at.ask("POST", path, body, here).content
    models = [" ".join(filter(None, (m["name"], m["version"]))) for m in now["models"]]
    stopped = [*(["everything"] if now["everything"] else []), *(f"the model {m}" for m in models)]
    out.print(f"stopped: {', '.join(stopped) or 'nothing'}", markup=False, highlight=False)


def breakers(
    name: Type, by: By = "operator", url: Url = None, key: Key = None, as_json: AsJson = False
) -> None:
    """Where the circuit breakers of a decision type stand: the evidence, and what stops it."""

    async def here(caller: "Caller", desk: "Desk") -> str:
        from application.breaker_views import breakers_of

        return (await breakers_of(name, caller, desk)).model_dump_json()

    said = door(by, url, key).ask("GET", f"/v1/decision-types/{name}/breakers", None, here)
    if as_json:
        print_json(said.text)
        return
    _print(said.text)


def _print(text: str) -> None:
    from rich.table import Table

    from application.breaker_views import BreakersView

    view = BreakersView.model_validate_json(text)
    state = view.state.replace("_", " ")
    because = f" because of {view.tripped}" if view.tripped else ""
    out.print(f"[bold]{view.decision_type}[/]: {state}{because}", highlight=False)
    table = Table("stream", "wrong", "limit", "evidence", "warns at", "stops at", "last label")
    for stream in view.streams:
        table.add_row(*_cells(stream))
    out.print(table)


def _cells(stream: "StreamView") -> tuple[str, ...]:
    word = " tripped" if stream.tripped else " warned" if stream.warned else ""
    return (
        stream.stream,
        f"{stream.wrong:,} of {stream.n:,}",
        f"{stream.limit:g}",
        f"{stream.evidence:.4g}{word}",
        f"{stream.warns_at:g}",
        f"{stream.trips_at:g}" if stream.stops else "never",
        "" if stream.last_label is None else str(stream.last_label),
    )
