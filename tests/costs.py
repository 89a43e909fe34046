"""What the request path costs, counted and not timed: `python -m tests.costs` records it anew.

Work is counted in bytecodes and told as a multiple of a yardstick counted in the same process, so
that machines and versions of Python hardly matter. What happens outside of Python is counted in calls:
how often something is serialised, validated or hashed. `tests/costs.json` is the table of ceilings;
record it anew when a change is worth its cost, and say so in the commit.
"""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from types import FrameType
from typing import Any

from adapters.assembly import codec, memory_desk, read_adoption
from adapters.http.app import create_app
from adapters.identity.api_keys import ApiKeys, issue
from adapters.settings import Settings
from application.desk import Caller, Desk
from application.governing import adopt
from application.ports import Identity
from application.recommending import Recommend, lots_for, recommend
from domain.admission import admit
from domain.decision.events import LifeEvent
from domain.decision.opening import Submission, dispatch, recommended
from domain.decision.state import evolve, fold
from domain.model import Seat
from domain.routing import Case, route

TABLE = Path(__file__).with_name("costs.json")
SLACK = 1.3
"""Between versions of Python: the same source is not the same number of bytecodes."""
STALE = 0.5
SOURCE = str(Path(__file__).parents[1] / "src")
KINDS = {
    "to_json": "serialised",
    "to_python": "serialised",
    "encode": "serialised",
    "dumps": "serialised",
    "validate_json": "validated",
    "validate_python": "validated",
    "validate_strings": "validated",
    "openssl_sha256": "hashed",
    "sha256": "hashed",
}

Act = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Cost:
    """What one act costs."""

    work: float
    """Bytecodes, in yardsticks."""
    calls: int
    """Calls of our own functions."""
    serialised: int
    validated: int
    hashed: int

    def above(self, ceiling: "Cost") -> list[str]:
        """Where it is above a recorded cost by more than the slack."""
        found = [
            f"{name}: {now}, at most {limit} is recorded"
            for name, limit in asdict(ceiling).items()
            if (now := getattr(self, name)) > limit * (SLACK if name in ("work", "calls") else 1)
        ]
        if self.work < ceiling.work * STALE:
            found.append(f"work: {self.work}, far below the recorded {ceiling.work}: record it")
        return found


async def yardstick() -> object:
    """Some bytecodes of the usual kinds."""
    total = 0
    for n in range(20):
        row = {"n": n, "twice": n + n}
        total += row["n"] if n % 2 else row["twice"]
    return total


async def bytecodes(act: Act) -> int:
    """How many are executed in the act."""
    count = 0

    def tracer(frame: FrameType, event: str, _: object) -> Any:
        nonlocal count
        if event == "call":
            frame.f_trace = tracer  # first: Python 3.13 overhears the next line otherwise
            frame.f_trace_opcodes = True
            frame.f_trace_lines = False
        elif event == "opcode":
            count += 1
        return tracer

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        await act()
    finally:
        sys.settrace(before)
    return count


async def calls(act: Act) -> Counter[str]:
    """Of our own functions, and of those that serialise, validate and hash."""
    found = Counter[str]()

    def profiler(frame: FrameType, event: str, what: Any) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(SOURCE):
            found["calls"] += 1
        elif (
            event == "c_call"
            and (kind := KINDS.get(what.__name__))
            and not isinstance(getattr(what, "__self__", None), str)
        ):
            found[kind] += 1

    before = sys.getprofile()
    sys.setprofile(profiler)
    try:
        await act()
    finally:
        sys.setprofile(before)
    return found


async def cost_of(act: Act) -> Cost:
    """The middle of three, once everything is warm: Python 3.12 may begin by counting nothing."""
    await act()
    work = median([await bytecodes(act) for _ in range(3)])
    measure = median([await bytecodes(yardstick) for _ in range(3)])
    counted = await calls(act)
    kinds = {kind: counted[kind] for kind in ("calls", "serialised", "validated", "hashed")}
    return Cost(round(work / measure, 2), **kinds)


def read_table() -> dict[str, Cost]:
    """The recorded costs, by act."""
    return {name: Cost(**cost) for name, cost in json.loads(TABLE.read_text()).items()}


BODY = {
    "decision_type": "refund",
    "recommendation": {"action": "refund", "confidence": 0.95, "risk": 0.1},
    "model": {"name": "assistant", "version": "1"},
    "context": {"amount": 50},
}


async def acts(refund: str) -> dict[str, Act]:
    """Everything that is counted, on a desk in memory."""
    desk = memory_desk()
    await adopt(read_adoption(refund), Caller(Identity("operator", "human")), desk)
    identity = Identity("bot", "service", {"refund": frozenset({Seat.PRODUCER})})
    return await _steps(desk, Caller(identity)) | {"request": _request(desk)}


async def _steps(desk: Desk, caller: Caller) -> dict[str, Act]:
    governed = await desk.governed("refund")
    command = Recommend.model_validate(BODY | {"subject": "claim"})
    definition = governed.decision_type.definition
    admitted = admit(command.recommendation, command.context, definition)
    submission = Submission.model_validate({**dict(command), "context": admitted.context})
    id = desk.new_id()
    stamp = desk.stamp(caller, caller.require("refund", Seat.PRODUCER))
    lots = lots_for(id, governed, desk)
    case = Case(command.recommendation, admitted.facts, lots.partial, "bot")
    ruling = route(case, governed.decision_type, governed.active_policy)

    def opened() -> tuple[LifeEvent, ...]:
        first = recommended(id, submission, stamp)
        decision = evolve(None, first)
        return (first, *dispatch(decision, ruling, governed.decision_type, lots, stamp))

    events = opened()
    written = codec()
    stored = [written.to_stored_event(event) for event in events]
    subjects = map(str, range(10**9))

    async def routing() -> object:
        return route(case, governed.decision_type, governed.active_policy)

    async def opening() -> object:
        return opened()

    async def encoding() -> object:
        return [written.to_stored_event(event) for event in events]

    async def decoding() -> object:
        return [written.to_domain_event(event) for event in stored]

    async def folding() -> object:
        return fold(events)

    async def recommending() -> object:
        said = command.model_copy(update={"subject": f"claim {next(subjects)}"})
        return await recommend(said, caller, desk)

    return {
        "routing": routing,
        "opening": opening,
        "encoding": encoding,
        "decoding": decoding,
        "folding": folding,
        "recommending": recommending,
    }


def _request(desk: Desk) -> Act:
    key, record = issue("bot", "bot", "service", {"refund": frozenset({Seat.PRODUCER})})
    app = create_app(desk, ApiKeys([record]), Settings())
    subjects = map(str, range(10**9))

    async def request() -> object:
        number = next(subjects)
        body = json.dumps(BODY | {"subject": f"case {number}"}).encode()
        return await post(app, "/v1/decisions", body, key, f"key-{number}")

    return request


async def post(app: Any, path: str, body: bytes, api_key: str, key: str) -> None:
    """One request as a server hands it to the application."""
    headers = {
        "content-type": "application/json",
        "content-length": str(len(body)),
        "authorization": f"Bearer {api_key}",
        "idempotency-key": key,
        "host": "service",
    }
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "state": {},
    }
    coming = iter([{"type": "http.request", "body": body, "more_body": False}])
    status = 0

    async def receive() -> dict[str, Any]:
        return next(coming, {"type": "http.disconnect"})

    async def send(message: dict[str, Any]) -> None:
        nonlocal status
        status = message.get("status", status)

    await app(scope, receive, send)
    assert status == 201, status


async def measured(refund: str) -> dict[str, Cost]:
    """What everything costs now."""
    return {name: await cost_of(act) for name, act in (await acts(refund)).items()}


def main() -> None:
    sys.path.append(str(Path(__file__).parent / "adapters"))
    from a_service import REFUND

    costs = asyncio.run(measured(REFUND))
    lines = [f'  "{name}": {json.dumps(asdict(cost))}' for name, cost in costs.items()]
    TABLE.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(TABLE.read_text(), end="")


if __name__ == "__main__":
    main()
