"""Governance: who owns a decision type, which policy speaks for it, and the kill switch."""

from typing import Annotated, Any

from litestar import Controller, Response, delete, get, post, put
from litestar.params import FromPath, JSONBody, PathParameter
from pydantic import JsonValue

from adapters.http.answers import Page, versioned
from adapters.http.bodies import OwnerBody, TrialBody
from adapters.http.callers import CONDITIONAL
from adapters.http.cursors import cursor, mark_at
from adapters.http.histories import Paging
from adapters.http.parts import Asked, TheCaller, TheDesk
from application import governing
from application.desk import Caller, Desk, Governed
from application.evaluating import Evaluation, evaluate_version
from application.governing import Switch
from application.reading import KeyMark
from domain.decision_type.definition import DecisionTypeDefinition
from domain.decision_type.events import Drafted
from domain.decision_type.state import DecisionType, Status
from domain.model import Seat, Value
from domain.policy.aggregate import NoSuchVersion, find
from domain.values import PolicyRef, Stage

Name = FromPath[str]
Number = Annotated[int, PathParameter(ge=1, le=2**31 - 1)]


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
    owners: dict[Seat, str]
    vacant_seats: tuple[Seat, ...]
    fallback_owner: str
    policy: PolicyRef | None
    """The policy in force; absent while a command's answer speaks of the decision type alone."""
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
            owners=state.owners,
            vacant_seats=state.vacant_seats(),
            fallback_owner=state.definition.fallback_owner,
            policy=policy,
            definition=state.definition,
        )


class PolicyVersionView(Value):
    """One version of a policy: as its author signed it, and as the service obeys it."""

    decision_type: str
    version: int
    hash: str
    semantics: str
    active: bool
    drafted_by: str
    source: str
    source_hash: str
    guardrail: dict[str, JsonValue]


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

    @get("/{name:str}/policies/{version:int}")
    async def read_policy(
        self, name: Name, version: Number, desk: TheDesk, caller: TheCaller
    ) -> Response[PolicyVersionView]:
        """One version of its policy, as signed and as obeyed."""
        governed = await _read(name, desk, caller)
        if governed.policy is None:
            raise NoSuchVersion(f"version: found {version}, known are none")
        found = find(governed.policy, version)
        obeyed: dict[str, Any] = found.guardrail.model_dump(mode="json")
        view = PolicyVersionView(
            decision_type=name,
            version=version,
            hash=found.digest,
            semantics=found.guardrail.semantics,
            active=governed.policy.active_version == version,
            drafted_by=found.drafted_by,
            source=found.source,
            source_hash=found.source_digest,
            guardrail=obeyed,
        )
        return versioned(view, governed.policy.version)

    @post("/{name:str}/policies/{version:int}/evaluate", status_code=200)
    async def evaluate(
        self,
        name: Name,
        version: Number,
        data: JSONBody[TrialBody],
        desk: TheDesk,
        caller: TheCaller,
    ) -> Evaluation:
        """A dry run: lane, rule, reasons and trace. It records nothing."""
        return await evaluate_version(name, version, data, caller, desk)


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
