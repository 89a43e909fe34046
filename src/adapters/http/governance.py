"""Governance: what a decision type is, who owns it, how far it may go, and the kill switch."""

from decimal import Decimal
from typing import Any

from litestar import Controller, Request, Response, delete, get, post, put
from litestar.params import FromPath, JSONBody
from pydantic import Field

from adapters.http.answers import Page, versioned
from adapters.http.bodies import Number, OwnerBody
from adapters.http.callers import CONDITIONAL
from adapters.http.cursors import cursor, mark_at
from adapters.http.definitions import definition_of
from adapters.http.histories import Paging
from adapters.http.operations import READS
from adapters.http.parts import AnyEvidence, Asked, TheCaller, TheDesk
from application import governing
from application.desk import Caller, Desk, Governed
from application.governing import Switch
from application.reading import KeyMark
from domain.decision_type.definition import Baseline, DecisionTypeDefinition
from domain.decision_type.events import Drafted
from domain.decision_type.state import DecisionType, StageProposal, Status
from domain.model import Seat, Value
from domain.values import PolicyRef, Stage

Name = FromPath[str]


class DecisionTypeView(Value):
    """A decision type as it is governed now."""

    name: str
    version: int
    title: str
    purpose: str
    status: Status
    stage: Stage
    partial_share: str
    halted: bool
    """Whether the kill switch or the circuit breaker holds automation back."""
    suspended: bool
    breaker_open: bool
    half_open: bool
    """Whether automation has begun again on trial, after the circuit breaker was open."""
    warned: tuple[str, ...]
    """The streams of labels whose evidence has begun to turn."""
    owners: dict[Seat, str]
    vacant_seats: tuple[Seat, ...]
    fallback_owner: str
    policy: PolicyRef | None
    """The policy in force; absent while a command's answer speaks of the decision type alone."""
    proposal: StageProposal | None
    """Another stage that one owner asked for, and a second one has yet to agree to."""
    baseline: Baseline | None
    definition: DecisionTypeDefinition

    @classmethod
    def of(cls, state: DecisionType, policy: PolicyRef | None) -> "DecisionTypeView":
        """The view of a decision type and the policy in force."""
        return cls(
            name=state.name,
            version=state.version,
            title=state.definition.title,
            purpose=state.definition.purpose,
            status=state.status,
            stage=state.stage,
            partial_share=str(state.partial_share),
            halted=state.halted,
            suspended=state.suspended,
            breaker_open=state.breaker_open,
            half_open=state.half_open,
            warned=tuple(sorted(state.warned)),
            owners=state.owners,
            vacant_seats=state.vacant_seats(),
            fallback_owner=state.definition.fallback_owner,
            policy=policy,
            proposal=state.proposal,
            baseline=state.baseline,
            definition=state.definition,
        )


class StageBody(Value):
    """The autonomy stage an owner asks for, or agrees to."""

    stage: Stage
    partial_share: Number = Field(default=Decimal(0))
    """Of stage `partial`: the share that may automate."""


class BaselineBody(Value):
    """A measurement from before go-live."""

    cycle_time_p50_seconds: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    eligible_per_day: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    source: str = Field(min_length=1, max_length=2000)

    def baseline(self) -> Baseline:
        """The same in decimals, as their shortest writing has them."""
        return Baseline(
            cycle_time_p50_seconds=_decimal(self.cycle_time_p50_seconds),
            eligible_per_day=_decimal(self.eligible_per_day),
            source=self.source,
        )


class DecisionTypes(Controller):
    """The kinds of decisions, each with its owners and its policy."""

    path = "/v1/decision-types"
    tags = ("Decision types",)

    @get()
    async def all_types(
        self, asked: Asked[Paging], desk: TheDesk, caller: TheCaller
    ) -> Page[DecisionTypeView]:
        """Every decision type the caller has a seat on, by name."""
        seen = mark_at(asked.cursor, KeyMark)
        names = [name for name in await _names(desk) if caller.seats(name)]
        left = [name for name in names if seen is None or name > seen.key]
        page = left[: asked.limit]
        more = len(left) > len(page)
        return Page[DecisionTypeView](
            items=[_view(await desk.governed_now(name)) for name in page],
            next=cursor(KeyMark(key=page[-1])) if more else None,
        )

    @get("/{name:str}")
    async def read_type(
        self, name: Name, desk: TheDesk, caller: TheCaller
    ) -> Response[DecisionTypeView]:
        """Its owners, stage, whether automation is halted, and the policy in force."""
        governed = await _read(name, desk, caller)
        return versioned(_view(governed), governed.decision_type.version)

    @post("/{name:str}/suspend", status_code=200, opt={CONDITIONAL: True})
    async def suspend(
        self, name: Name, data: JSONBody[Switch], desk: TheDesk, caller: TheCaller
    ) -> Response[DecisionTypeView]:
        """Pull the kill switch: from the answer on, nothing of this type automates anywhere."""
        replayed = await desk.repeated(caller) is not None
        return await _after(await governing.suspend(name, data, caller, desk), replayed, desk)

    @post("/{name:str}/resume", status_code=200, opt={CONDITIONAL: True})
    async def resume(
        self, name: Name, data: JSONBody[Switch], desk: TheDesk, caller: TheCaller
    ) -> Response[DecisionTypeView]:
        """Allow automation again."""
        replayed = await desk.repeated(caller) is not None
        return await _after(await governing.resume(name, data, caller, desk), replayed, desk)

    @put("/{name:str}/owners/{seat:str}", opt={CONDITIONAL: True})
    async def assign_owner(
        self,
        name: Name,
        seat: FromPath[Seat],
        data: JSONBody[OwnerBody],
        desk: TheDesk,
        caller: TheCaller,
    ) -> Response[DecisionTypeView]:
        """Give a seat to a person."""
        replayed = await desk.repeated(caller) is not None
        state = await governing.assign_owner(name, seat, data.person, caller, desk)
        return await _after(state, replayed, desk)

    @delete("/{name:str}/owners/{seat:str}", status_code=200, opt={CONDITIONAL: True})
    async def vacate_owner(
        self, name: Name, seat: FromPath[Seat], desk: TheDesk, caller: TheCaller
    ) -> Response[DecisionTypeView]:
        """Say that a seat is empty."""
        replayed = await desk.repeated(caller) is not None
        state = await governing.vacate_owner(name, seat, caller, desk)
        return await _after(state, replayed, desk)

    @put("/{name:str}", opt={CONDITIONAL: True, READS: DecisionTypeDefinition})
    async def write(
        self, name: Name, request: Request[Any, Any, Any], desk: TheDesk, caller: TheCaller
    ) -> Response[DecisionTypeView]:
        """Write down what the decision is, or change it. The owners it names take their seats."""
        definition = definition_of(await request.json(), name)
        replayed = await desk.repeated(caller) is not None
        state = await governing.write(definition, caller, desk)
        return await _after(state, replayed, desk)

    @post("/{name:str}/activate", status_code=200, opt={CONDITIONAL: True})
    async def activate_type(
        self, name: Name, desk: TheDesk, caller: TheCaller
    ) -> Response[DecisionTypeView]:
        """Go live: four seats filled, and the decision owner not the risk owner."""
        replayed = await desk.repeated(caller) is not None
        return await _after(await governing.activate(name, caller, desk), replayed, desk)

    @post("/{name:str}/stage", status_code=200, opt={CONDITIONAL: True})
    async def set_stage(
        self,
        name: Name,
        data: JSONBody[StageBody],
        desk: TheDesk,
        caller: TheCaller,
        evidence: AnyEvidence,
    ) -> Response[DecisionTypeView]:
        """Ask for another autonomy stage, or agree to what another owner asked for.

        Going further takes evidence: each model certified at the threshold in force, and service
        levels held. Where it is not there, the refusal says how many labels are missing.
        """
        replayed = await desk.repeated(caller) is not None
        asked = data.stage, data.partial_share
        state = await governing.set_stage(name, *asked, caller, desk, evidence)
        return await _after(state, replayed, desk)

    @post("/{name:str}/baseline", status_code=200, opt={CONDITIONAL: True})
    async def register_baseline(
        self, name: Name, data: JSONBody[BaselineBody], desk: TheDesk, caller: TheCaller
    ) -> Response[DecisionTypeView]:
        """Put the measurement from before go-live on record, once and before going live."""
        replayed = await desk.repeated(caller) is not None
        state = await governing.register_baseline(name, data.baseline(), caller, desk)
        return await _after(state, replayed, desk)


def _decimal(number: float | None) -> Decimal | None:
    return None if number is None else Decimal(repr(number))


async def _read(name: str, desk: Desk, caller: Caller) -> Governed:
    governed = await desk.governed_now(name)
    caller.require_any_seat(name)
    return governed


def _view(governed: Governed) -> DecisionTypeView:
    policy = governed.active_policy
    return DecisionTypeView.of(governed.decision_type, policy.ref if policy else None)


async def _after(state: DecisionType, replayed: bool, desk: Desk) -> Response[DecisionTypeView]:
    policy = await desk.policy(state.name)
    active = policy.active if policy else None
    view = DecisionTypeView.of(state, active.ref if active else None)
    return versioned(view, state.version, replayed=replayed)


async def _names(desk: Desk) -> list[str]:
    """The decision types there are, from their first events; there are few of those."""
    names: set[str] = set()
    position = 0
    while drafts := await desk.log.after(position, topics=[Drafted.TOPIC]):
        names |= {p.event.decision_type for p in drafts if isinstance(p.event, Drafted)}
        position = drafts[-1].position
    return sorted(names)
