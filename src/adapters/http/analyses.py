"""Analyses: what is proved of a version of a policy, and what it changes against another."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import Annotated, TypeVar

from litestar import Controller, get
from litestar.params import FromPath, PathParameter
from pydantic import Field

from adapters.http.parts import Asked, TheCaller, TheDesk
from application.desk import Caller, Desk, Governed
from application.ports import Busy
from domain.guardrail.difference import Difference, compare
from domain.guardrail.document import Guardrail
from domain.guardrail.proving import Proofs, prove
from domain.model import Value
from domain.policy.aggregate import NoSuchVersion, find

Number = Annotated[int, PathParameter(ge=1, le=2**31 - 1)]
T = TypeVar("T")

_AT_ONCE = ThreadPoolExecutor(max_workers=1, thread_name_prefix="analyses")
_WAITING = BoundedSemaphore(8)
"""An analysis may take seconds of a processor; so one runs at a time, and few may wait for it."""


class Against(Value):
    """What a version is compared with: another, or, if none is named, the one in force."""

    against: int | None = Field(default=None, ge=1, le=2**31 - 1)


class Analyses(Controller):
    """What can be known about a policy before it decides anything."""

    path = "/v1/decision-types/{name:str}/policies/{version:int}"
    tags = ("Decision types",)

    @get("/proofs")
    async def proofs(
        self, name: FromPath[str], version: Number, desk: TheDesk, caller: TheCaller
    ) -> Proofs:
        """Its claims, proved or refuted over every possible case, and its dead rules."""
        governed = await _governed(name, desk, caller)
        guardrail = _version(governed, version)
        declared = governed.decision_type.definition.facts
        return await _analysed(lambda: prove(guardrail, declared=declared))

    @get("/diff")
    async def diff(
        self,
        name: FromPath[str],
        version: Number,
        asked: Asked[Against],
        desk: TheDesk,
        caller: TheCaller,
    ) -> Difference:
        """What it changes for which cases against another version, and who has to approve that."""
        governed = await _governed(name, desk, caller)
        new = _version(governed, version)
        old = _old(governed, asked.against)
        return await _analysed(lambda: compare(old, new))


async def _governed(name: str, desk: Desk, caller: Caller) -> Governed:
    governed = await desk.governed_now(name)
    caller.require_any_seat(name)
    return governed


def _version(governed: Governed, version: int) -> Guardrail:
    if governed.policy is None:
        raise NoSuchVersion(f"version: found {version}, known are none")
    return find(governed.policy, version).guardrail


def _old(governed: Governed, against: int | None) -> Guardrail | None:
    if against is not None:
        return _version(governed, against)
    active = governed.active_policy
    return active.guardrail if active else None


async def _analysed(analysis: Callable[[], T]) -> T:
    """The result of an analysis, worked out beside whatever else is asked."""
    if not _WAITING.acquire(blocking=False):
        raise Busy("too many analyses are waiting; ask again in a moment")
    try:
        return await asyncio.get_running_loop().run_in_executor(_AT_ONCE, analysis)
    finally:
        _WAITING.release()
