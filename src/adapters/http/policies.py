"""Policies: the versions of a decision type's policy, from the first draft to the last day."""

from typing import Annotated, Any

from litestar import Controller, Request, Response, get, post, put
from litestar.params import FromPath, JSONBody, PathParameter
from pydantic import Field, JsonValue

from adapters.http.answers import Page, versioned
from adapters.http.authored import GHERKIN, YAML, text_of
from adapters.http.bodies import Moment, TrialBody
from adapters.http.bodies import Number as Share
from adapters.http.callers import CONDITIONAL
from adapters.http.operations import TEXTS
from adapters.http.parts import TheCaller, TheDesk
from application import policy_life
from application.desk import Desk
from application.evaluating import Evaluation, evaluate_version
from application.policy_views import VersionView, view, views
from domain.model import Seat, Value
from domain.policy.aggregate import NoSuchVersion, Policy, find
from domain.policy.gate import Check, Floor

Name = FromPath[str]
Number = Annotated[int, PathParameter(ge=1, le=2**31 - 1)]
Reason = Annotated[str | None, Field(max_length=2000)]


class Written(Value):
    """A draft: the number it got, and the digest of what it means."""

    version: int
    hash: str
    drafted_by: str


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
    specification: str | None
    life: VersionView


class Proposing(Value):
    """Why a version should come into force."""

    reason: Reason = None
    acknowledged: tuple[str, ...] = Field(default=(), max_length=1000)
    """Rules that do nothing, which the proposer knows of."""


class Saying(Value):
    """Why."""

    reason: Reason = None


class Activating(Value):
    """When a version comes into force: at once, unless a moment is named."""

    at: Moment | None = None
    reason: Reason = None


class FloorBody(Value):
    """What specifications have to show, as shares; by default, an example for everything."""

    required: bool = True
    covered: Share = Field(default=Floor().covered)
    killed: Share = Field(default=Floor().killed)
    reason: Reason = None


class FloorView(Value):
    """What specifications have to show."""

    decision_type: str
    floor: Floor


class GateView(Value):
    """What a version is asked before it comes into force, and how it answers now."""

    decision_type: str
    version: int
    passed: bool
    relaxes: bool
    approver: Seat | None
    """Who would have to approve; nobody, if it means the same as what is in force."""
    checks: tuple[Check, ...]
    digest: str


class Policies(Controller):
    """The versions of a decision type's policy."""

    path = "/v1/decision-types/{name:str}"
    tags = ("Policies",)

    @post("/policies", opt={CONDITIONAL: True, TEXTS: YAML})
    async def draft(
        self, name: Name, request: Request[Any, Any, Any], desk: TheDesk, caller: TheCaller
    ) -> Response[Written]:
        """Write the next version: the policy's document as YAML, or as JSON."""
        source = await text_of(request, "source", YAML)
        replayed = await _repeated(desk, caller)
        policy = await policy_life.draft(name, source, caller, desk)
        newest = policy.versions[max(policy.versions)]
        said = Written(version=newest.version, hash=newest.digest, drafted_by=newest.drafted_by)
        answer = versioned(said, policy.version, replayed=replayed)
        answer.status_code = 201
        return answer

    @get("/policies")
    async def history(self, name: Name, desk: TheDesk, caller: TheCaller) -> Page[VersionView]:
        """Every version, the newest first, with who did what to it, when and why."""
        policy, events = await policy_life.history(name, caller, desk)
        return Page[VersionView](items=views(policy, events) if policy else [])

    @get("/policies/{version:int}")
    async def read_version(
        self, name: Name, version: Number, desk: TheDesk, caller: TheCaller
    ) -> Response[PolicyVersionView]:
        """One version, as signed and as obeyed."""
        policy, events = await policy_life.history(name, caller, desk)
        if policy is None:
            raise NoSuchVersion(f"version: found {version}, known are none")
        found = find(policy, version)
        obeyed: dict[str, Any] = found.guardrail.model_dump(mode="json")
        told = PolicyVersionView(
            decision_type=name,
            version=version,
            hash=found.digest,
            semantics=found.guardrail.semantics,
            active=policy.active_version == version,
            drafted_by=found.drafted_by,
            source=found.source,
            source_hash=found.source_digest,
            guardrail=obeyed,
            specification=found.specification,
            life=next(one for one in views(policy, events) if one.version == version),
        )
        return versioned(told, policy.version)

    @put("/policies/floor", opt={CONDITIONAL: True})
    async def set_floor(
        self, name: Name, data: JSONBody[FloorBody], desk: TheDesk, caller: TheCaller
    ) -> Response[FloorView]:
        """Say what specifications have to show before a version comes into force."""
        replayed = await _repeated(desk, caller)
        floor = Floor(required=data.required, covered=data.covered, killed=data.killed)
        policy = await policy_life.set_floor(name, floor, data.reason, caller, desk)
        told = FloorView(decision_type=name, floor=policy.floor or floor)
        return versioned(told, policy.version, replayed=replayed)

    @put("/policies/{version:int}/specification", opt={CONDITIONAL: True, TEXTS: GHERKIN})
    async def specify(
        self,
        name: Name,
        version: Number,
        request: Request[Any, Any, Any],
        desk: TheDesk,
        caller: TheCaller,
    ) -> Response[VersionView]:
        """Write down what a version must do, as Gherkin text. It is run when it is proposed."""
        text = await text_of(request, "specification", GHERKIN)
        replayed = await _repeated(desk, caller)
        policy = await policy_life.specify(name, version, text, caller, desk)
        return _told(policy, version, replayed)

    @get("/policies/{version:int}/gate")
    async def gate(self, name: Name, version: Number, desk: TheDesk, caller: TheCaller) -> GateView:
        """What it would be asked now, and how it answers. It records nothing."""
        found = await policy_life.look(name, version, (), caller, desk)
        return GateView(
            decision_type=name,
            version=version,
            passed=found.gate.passed,
            relaxes=found.difference.relaxes,
            approver=found.difference.approver,
            checks=found.gate.checks,
            digest=found.gate.digest,
        )

    @post("/policies/{version:int}/propose", status_code=200, opt={CONDITIONAL: True})
    async def propose(
        self,
        name: Name,
        version: Number,
        desk: TheDesk,
        caller: TheCaller,
        data: JSONBody[Proposing | None] = None,
    ) -> Response[VersionView]:
        """Ask that a version be put into force. It has to pass everything that is asked of it."""
        replayed = await _repeated(desk, caller)
        said = data or Proposing()
        policy = await policy_life.propose(
            name, version, said.acknowledged, said.reason, caller, desk
        )
        return _told(policy, version, replayed)

    @post("/policies/{version:int}/approve", status_code=200, opt={CONDITIONAL: True})
    async def approve(
        self,
        name: Name,
        version: Number,
        desk: TheDesk,
        caller: TheCaller,
        data: JSONBody[Saying | None] = None,
    ) -> Response[VersionView]:
        """Sign a version that somebody else wrote and proposed."""
        replayed = await _repeated(desk, caller)
        policy = await policy_life.approve(name, version, _why(data), caller, desk)
        return _told(policy, version, replayed)

    @post("/policies/{version:int}/refuse", status_code=200, opt={CONDITIONAL: True})
    async def refuse(
        self,
        name: Name,
        version: Number,
        desk: TheDesk,
        caller: TheCaller,
        data: JSONBody[Saying | None] = None,
    ) -> Response[VersionView]:
        """Decline to sign a version, or stop one that was to come into force."""
        replayed = await _repeated(desk, caller)
        policy = await policy_life.refuse(name, version, _why(data), caller, desk)
        return _told(policy, version, replayed)

    @post("/policies/{version:int}/activate", status_code=200, opt={CONDITIONAL: True})
    async def activate(
        self,
        name: Name,
        version: Number,
        desk: TheDesk,
        caller: TheCaller,
        data: JSONBody[Activating | None] = None,
    ) -> Response[VersionView]:
        """Put an approved version into force, at once or at a moment to come."""
        said = data or Activating()
        replayed = await _repeated(desk, caller)
        policy = await policy_life.activate(name, version, said.at, said.reason, caller, desk)
        return _told(policy, version, replayed)

    @post("/policies/{version:int}/rollback", status_code=200, opt={CONDITIONAL: True})
    async def roll_back(
        self,
        name: Name,
        version: Number,
        desk: TheDesk,
        caller: TheCaller,
        data: JSONBody[Saying | None] = None,
    ) -> Response[VersionView]:
        """Put a version into force again that was in force before."""
        replayed = await _repeated(desk, caller)
        policy = await policy_life.roll_back(name, version, _why(data), caller, desk)
        return _told(policy, version, replayed)

    @post("/policies/{version:int}/retire", status_code=200, opt={CONDITIONAL: True})
    async def retire(
        self,
        name: Name,
        version: Number,
        desk: TheDesk,
        caller: TheCaller,
        data: JSONBody[Saying | None] = None,
    ) -> Response[VersionView]:
        """Take a version out of use for good. If it is in force, everything escalates after."""
        replayed = await _repeated(desk, caller)
        policy = await policy_life.retire(name, version, _why(data), caller, desk)
        return _told(policy, version, replayed)

    @post("/policies/{version:int}/evaluate", status_code=200)
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


def _why(said: Saying | None) -> str | None:
    return said.reason if said else None


async def _repeated(desk: Desk, caller: TheCaller) -> bool:
    return await desk.repeated(caller) is not None


def _told(policy: Policy, version: int, replayed: bool) -> Response[VersionView]:
    return versioned(view(policy, version), policy.version, replayed=replayed)
