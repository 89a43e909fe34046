"""The verdict: what was answered, what is recorded, and what arrived agree, event by event."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from uuid import UUID

from killing.people import Said

from domain.decision import events as d
from domain.decision import timing
from domain.decision.state import Decision, evolve
from domain.decision_type.state import DecisionType
from domain.model import ActorKind, Stamp

History = Sequence[d.LifeEvent]
DISPOSES = (d.Reviewed, d.Overridden, d.SecondReviewed, d.EscalationResolved)
RECEIPTS = (d.ActionDelivered, d.ActionFailed, d.ActionUnknown)


def faults_of_a_life(history: History, kind: DecisionType) -> Iterator[str]:
    """Whatever in a decision's history the rules do not allow."""
    versions = [event.originator_version for event in history]
    if versions != list(range(1, len(versions) + 1)):
        yield f"its versions are {versions}"
    state: Decision | None = None
    for command in _commands(history):
        if state is not None:
            yield from _faults_of_a_step(state, command, kind)
        for event in command:
            state = evolve(state, event)
    assert state is not None, "a history begins"
    if timing.next_moment(state) is not None:
        yield f"at the end it is {state.status}, and time has something to say"
    counts = Counter(type(event) for event in history)
    if counts[d.ActionAuthorised] > 1:
        yield "more than one action was authorised"
    if sum(counts[receipt] for receipt in RECEIPTS) != counts[d.ActionAuthorised]:
        yield "its action did not come to exactly one result"


def _commands(history: History) -> Iterator[list[d.LifeEvent]]:
    """The events of one command were written together, by whoever caused it or on their word."""
    for _, events in groupby(history, key=lambda event: (event.timestamp, event.correlation_id)):
        yield list(events)


def _faults_of_a_step(
    before: Decision, events: list[d.LifeEvent], kind: DecisionType
) -> Iterator[str]:
    first = events[0]
    if not before.is_open and not isinstance(first, d.Reversed):
        yield f"{first.TOPIC} came after its end"
    lease = before.lease
    held = lease if lease is not None and lease.is_live(first.timestamp) else None
    if isinstance(first, d.Claimed) and held is not None and held.holder != first.holder:
        yield f"{first.holder} got it while {held.holder} had it"
    referred = isinstance(first, d.Escalated) and first.cause == "reviewer"
    if isinstance(first, DISPOSES) or referred:
        seen = None if held is None else (held.holder, held.version)
        if seen != (first.actor.id, before.version):
            yield f"{first.actor.id} disposed of it without a lease"
    if first.actor.kind is ActorKind.TIMER and first.actor.id == "timer":
        struck = timing.strike(
            before, kind, Stamp(first.timestamp, first.actor, first.correlation_id)
        )
        if [event.TOPIC for event in struck] != [event.TOPIC for event in events]:
            yield f"time brought {[event.TOPIC for event in events]}, and had {struck} to say"


def faults_of_answers(
    told: Iterable[Said], histories: dict[str, History], commands: dict[str, tuple[str, int]]
) -> Iterator[str]:
    """What was answered 2xx is recorded exactly once, and nothing else is."""
    answered: Counter[tuple[str, str, int]] = Counter()
    for key, said in {said.key: said for said in told if 200 <= said.status < 300}.items():
        decision = said.body.get("decision", said.body)
        if not decision:
            continue  # nothing was free, so nothing was claimed
        found = commands.get(key)
        if found != (decision["id"], decision["version"]):
            yield f"{said.what} {key} was answered {decision['version']}, and {found} is recorded"
        answered[said.what, decision["id"], decision["version"]] += 1
    yield from (
        f"{what} was done once, and answered to two" for what, n in answered.items() if n > 1
    )
    recorded = Counter(_by_people(histories))
    asked = Counter((what, id) for what, id, _ in answered.elements())
    for what, id in (recorded - asked) + (asked - recorded):
        yield f"{what} of {id}: {asked[what, id]} answered, {recorded[what, id]} recorded"


def _by_people(histories: dict[str, History]) -> Iterator[tuple[str, str]]:
    for id, history in histories.items():
        for command in _commands(history):
            match command[0]:
                case d.Recommended():
                    yield "recommend", id
                case d.Claimed():
                    yield "claim", id
                case d.Reviewed() | d.Overridden() | d.SecondReviewed():
                    yield "review", id
                case d.EscalationResolved():
                    yield "resolve", id
                case d.Escalated(cause="reviewer", level=level):
                    yield "review" if level == 1 else "resolve", id
                case _:
                    pass


def faults_of_deliveries(
    histories: dict[str, History], sent: Sequence[UUID], welcomed: frozenset[UUID]
) -> Iterator[str]:
    """Each message was told a result once; what arrived was authorised, and is not said to have failed."""
    authorised = {
        event.id: history
        for history in histories.values()
        for event in history
        if isinstance(event, d.ActionAuthorised)
    }
    yield from (f"{id} arrived, and nobody authorised it" for id in set(sent) - authorised.keys())
    for id, history in authorised.items():
        results = {type(event) for event in history if isinstance(event, RECEIPTS)}
        if d.ActionDelivered in results and id not in welcomed:
            yield f"{id} is said to be delivered, and never arrived"
        if d.ActionFailed in results and id in welcomed:
            yield f"{id} is said to have failed, and arrived"
