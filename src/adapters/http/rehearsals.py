"""Rehearsals: a version put to recorded history, or beside the one in force, before it decides."""

from typing import Annotated, Self
from uuid import UUID

from litestar import Controller, Response, delete, get, post
from litestar.params import FromPath, JSONBody, PathParameter
from pydantic import AwareDatetime

from adapters.http.answers import versioned
from adapters.http.callers import CONDITIONAL
from adapters.http.parts import TheCaller, TheDesk, TheTrials
from adapters.http.spans import Span
from application import rehearsing, shadowing
from application.metrics.window import Window
from application.rehearsal.report import Report, digest_of
from application.rehearsing import Standing, State
from application.shadowing import ShadowView
from domain.model import Value
from domain.policy.aggregate import Policy
from domain.policy.shadow import Shadow

Name = FromPath[str]
Number = Annotated[int, PathParameter(ge=1, le=2**31 - 1)]


class Backtest(Span):
    """What is rehearsed: a window, from, up to and without to; everything until now by default."""


class BacktestView(Value):
    """How far a rehearsal is, and once it is done, what it has shown."""

    id: UUID
    decision_type: str
    version: int
    against: int | None
    window: Window
    asked_by: str
    asked_at: AwareDatetime
    state: State
    """`interrupted`: whoever did it is gone, nothing came of it, ask anew."""
    done: int
    total: int | None
    """How many decisions there are to look at; absent until they are counted."""
    problem: str | None
    report_digest: str | None
    """As the event on the version has it."""
    report: Report | None
    self: str

    @classmethod
    def of(cls, standing: Standing) -> Self:
        """The view of a rehearsal."""
        asked, report = standing.asked, standing.report
        return cls(
            id=standing.id,
            decision_type=asked.decision_type,
            version=asked.version,
            against=asked.against,
            window=Window(since=asked.since, until=asked.until),
            asked_by=asked.actor.id,
            asked_at=asked.at,
            state=standing.now,
            done=standing.done,
            total=standing.total,
            problem=standing.problem,
            report_digest=None if report is None else digest_of(report),
            report=report,
            self=_place(standing),
        )


class ShadowState(Value):
    """A version that is tried beside the one in force, or was."""

    decision_type: str
    shadow: Shadow | None


class Rehearsals(Controller):
    """What a version would have done, and would do."""

    path = "/v1/decision-types/{name:str}/policies/{version:int}"
    tags = ("Decision types",)

    @post("/backtests", status_code=202)
    async def begin(
        self,
        name: Name,
        version: Number,
        data: JSONBody[Backtest],
        desk: TheDesk,
        trials: TheTrials,
        caller: TheCaller,
    ) -> Response[BacktestView]:
        """Put a version to what was recorded in a window. The answer says where the report will be.

        It is compared with the version in force. It changes nothing but the version's history.
        """
        window = data.window(desk.clock.now())
        standing = await rehearsing.begin(
            name, version, window, caller, desk, trials.shelf, trials.runner
        )
        return Response(
            BacktestView.of(standing), status_code=202, headers={"Location": _place(standing)}
        )

    @get("/backtests/{id:uuid}")
    async def look(
        self,
        name: Name,
        version: Number,
        id: FromPath[UUID],
        trials: TheTrials,
        caller: TheCaller,
    ) -> BacktestView:
        """How far it is, and its report once it is done."""
        return BacktestView.of(await rehearsing.look(name, version, id, caller, trials.shelf))

    @delete("/backtests/{id:uuid}", status_code=200)
    async def cancel(
        self,
        name: Name,
        version: Number,
        id: FromPath[UUID],
        desk: TheDesk,
        trials: TheTrials,
        caller: TheCaller,
    ) -> BacktestView:
        """End it. One that is done stays as it is."""
        standing = await rehearsing.cancel(name, version, id, caller, desk, trials.shelf)
        return BacktestView.of(standing)

    @post("/shadow", status_code=200, opt={CONDITIONAL: True})
    async def start_shadow(
        self, name: Name, version: Number, desk: TheDesk, caller: TheCaller
    ) -> Response[ShadowState]:
        """Try a version beside the one in force on what comes in. It has no say in anything.

        It ends by itself when another version is put into force, or either is retired.
        """
        replayed = await desk.repeated(caller) is not None
        return _state(await shadowing.start(name, version, caller, desk), replayed)

    @delete("/shadow", status_code=200, opt={CONDITIONAL: True})
    async def stop_shadow(
        self, name: Name, version: Number, desk: TheDesk, caller: TheCaller
    ) -> Response[ShadowState]:
        """End the trial; its figures stay."""
        replayed = await desk.repeated(caller) is not None
        return _state(await shadowing.stop(name, version, caller, desk), replayed)

    @get("/shadow")
    async def shadow(
        self, name: Name, version: Number, desk: TheDesk, trials: TheTrials, caller: TheCaller
    ) -> ShadowView:
        """What the version would have said of everything since its trial began."""
        return await trials.figures.of(name, version, caller, desk)


def _state(policy: Policy, replayed: bool) -> Response[ShadowState]:
    state = ShadowState(decision_type=policy.decision_type, shadow=policy.shadow)
    return versioned(state, policy.version, replayed=replayed)


def _place(standing: Standing) -> str:
    asked = standing.asked
    path = f"/v1/decision-types/{asked.decision_type}/policies/{asked.version}"
    return f"{path}/backtests/{standing.id}"
