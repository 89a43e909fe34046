"""The report of a rehearsal: what would have been done, what that changes, what nobody knows."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from json import dumps
from typing import TypeVar

from pydantic import AwareDatetime

from application.metrics.intervals import Proportion, proportion
from application.metrics.window import Window
from application.rehearsal.outcomes import Evidence, evidence, read
from application.rehearsal.tallying import Example, Tally
from application.rehearsal.trial import Pair, Said, Scope, Trial
from domain.guardrail.canonical import digest
from domain.model import Value
from domain.values import Lane

COMPARED = (
    "Both policies are asked about every decision as it came in, on the facts recorded then. They "
    "are asked what routing would say at full stage, with nothing halted and every seat filled. So "
    "what differs is the policy's doing: kill switch, breaker, stage, lots, rosters, conflicts and "
    "information that came later are left out of both, and so is the organisation's policy."
)
LIMITS = (
    "The counts are exact for this history. They say nothing certain about other cases or \
later months; the intervals of the rates speak of chance alone, not of change.",
    "Whether an action was right is known only where somebody looked: all that were reviewed, \
and the sampled share of what was automated. Not overridden never counts as right by itself.",
    "Where nobody had a chance to look there is no estimate: the bounds assume the best and \
the worst of those. Outcomes that came by themselves (complaints) are in no estimate.",
    "Reviewers saw these cases under the load and the queues of their time, and some outcomes \
depend on the action that was taken. Under this policy both could have been different.",
)
FIRST_HOUR = datetime(1970, 1, 1, tzinfo=UTC)


class LaneCount(Value):
    """How many decisions go from one lane to another, or stay."""

    before: Lane
    after: Lane
    decisions: int


class HumanOutcome(Value):
    """What people said of a decision, where they did."""

    right: bool | None
    overridden: bool | None


class ChangedDecision(Value):
    """A decision that changes lane, and which rule makes it."""

    decision: str
    rule_before: str
    rule: str
    human_outcome: HumanOutcome | None


class Change(Value):
    """All decisions that go from one lane to another."""

    before: Lane
    after: Lane
    decisions: int
    rules: dict[str, int]
    """How many by the rule that decides now; by the one that decided before, where none does."""
    first: tuple[ChangedDecision, ...]


class Load(Value):
    """What waits in one queue under one service level."""

    lane: Lane
    queue: str
    service_level: timedelta
    four_eyes: bool
    held: bool
    """Waiting for missing input, not for a review."""
    decisions: int
    decisions_before: int
    by_hour_of_day: tuple[int, ...]
    """How many came in at each hour of the day (UTC), over the whole window."""
    busiest_hour: AwareDatetime | None
    busiest: int


class Report(Value):
    """What a rehearsal has shown."""

    decision_type: str
    version: int | None
    digest: str
    against: int | None
    against_digest: str | None
    window: Window
    position: int
    """How far in the log the history went that was looked at."""
    decisions: int
    straight_through_rate: Proportion
    straight_through_rate_before: Proportion
    lanes: tuple[LaneCount, ...]
    changed: int
    relaxed: int
    tightened: int
    rerouted: int
    """The same lane, but another queue, service level or number of eyes."""
    changes: tuple[Change, ...]
    rules: dict[str, int]
    """How many decisions each rule decides."""
    loads: tuple[Load, ...]
    missing: dict[str, int]
    """How many decisions lack a fact that the policy asks about."""
    would_be_automated: Evidence
    compared: str = COMPARED
    limits: tuple[str, ...] = LIMITS

    @property
    def automated(self) -> int:
        return self.straight_through_rate.numerator

    @property
    def automated_before(self) -> int:
        return self.straight_through_rate_before.numerator


def digest_of(report: Report) -> str:
    """What identifies a report: equal reports say the same."""
    content = report.model_dump(mode="json")
    return digest(dumps(content, sort_keys=True, separators=(",", ":")).encode())


def report_of(trial: Trial, scope: Scope, position: int, counted: Tally) -> Report:
    """The report of what was counted."""
    pairs = _by_pair(counted)
    lanes = _summed(pairs, lambda pair: (pair.before.lane, pair.after.lane))
    total = counted.decisions
    return Report(
        decision_type=trial.definition.name,
        version=trial.version,
        digest=trial.guardrail.digest,
        against=trial.against_version,
        against_digest=trial.against.digest if trial.against else None,
        window=Window(since=scope.since, until=scope.until),
        position=position,
        decisions=total,
        straight_through_rate=proportion(
            "rehearsal_straight_through_rate/1", _automated(pairs, lambda p: p.after), total
        ),
        straight_through_rate_before=proportion(
            "rehearsal_straight_through_rate/1", _automated(pairs, lambda p: p.before), total
        ),
        lanes=tuple(
            LaneCount(before=b, after=a, decisions=lanes[b, a])
            for b, a in sorted(lanes, key=_by_caution)
        ),
        changed=sum(n for p, n in pairs.items() if p.changes),
        relaxed=sum(n for p, n in pairs.items() if _caution(p.after) < _caution(p.before)),
        tightened=sum(n for p, n in pairs.items() if _caution(p.after) > _caution(p.before)),
        rerouted=sum(n for p, n in pairs.items() if p.reroutes),
        changes=_changes(counted, pairs),
        rules=_sorted(_summed(pairs, lambda pair: pair.after.rule)),
        loads=_loads(counted, pairs),
        missing=_sorted(counted.missing),
        would_be_automated=evidence(_outcomes(counted)),
    )


Pairs = dict[Pair, int]


def _by_pair(counted: Tally) -> Pairs:
    pairs: defaultdict[Pair, int] = defaultdict(int)
    for (pair, _), count in counted.outcomes.items():
        pairs[pair] += count
    return dict(pairs)


def _automated(pairs: Pairs, said: Callable[[Pair], Said]) -> int:
    return sum(n for pair, n in pairs.items() if said(pair).lane is Lane.AUTOMATE)


def _caution(said: Said) -> int:
    return said.lane.caution


def _by_caution(change: tuple[Lane, Lane]) -> tuple[int, int]:
    return change[0].caution, change[1].caution


K = TypeVar("K")


def _summed(pairs: Pairs, key: Callable[[Pair], K]) -> dict[K, int]:
    sums: defaultdict[K, int] = defaultdict(int)
    for pair, count in pairs.items():
        sums[key(pair)] += count
    return dict(sums)


def _sorted(counts: dict[str, int]) -> dict[str, int]:
    """The most frequent first."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _outcomes(counted: Tally) -> dict[str, int]:
    """The outcomes of what would be automated."""
    sums: defaultdict[str, int] = defaultdict(int)
    for (pair, outcome), count in counted.outcomes.items():
        if pair.after.lane is Lane.AUTOMATE:
            sums[outcome] += count
    return dict(sums)


def _changes(counted: Tally, pairs: Pairs) -> tuple[Change, ...]:
    found = sorted(counted.examples, key=_by_caution)
    return tuple(_change(*change, pairs, counted.examples[change]) for change in found)


def _change(before: Lane, after: Lane, pairs: Pairs, first: Iterable[Example]) -> Change:
    these = {p: n for p, n in pairs.items() if (p.before.lane, p.after.lane) == (before, after)}
    return Change(
        before=before,
        after=after,
        decisions=sum(these.values()),
        rules=_sorted(_summed(these, _telling)),
        first=tuple(_changed(example) for example in first),
    )


def _telling(pair: Pair) -> str:
    """The rule that tells why: where nothing decides any more, the one that did."""
    return pair.before.rule if pair.after.lane is Lane.AUTOMATE else pair.after.rule


def _changed(example: Example) -> ChangedDecision:
    outcome = read(example.outcome)
    known = outcome.label is not None or outcome.overridden is not None
    return ChangedDecision(
        decision=example.key,
        rule_before=example.pair.before.rule,
        rule=example.pair.after.rule,
        human_outcome=(
            HumanOutcome(right=outcome.label, overridden=outcome.overridden) if known else None
        ),
    )


Place = tuple[Lane, str, timedelta, bool, bool]


def _place(said: Said) -> Place | None:
    if said.queue is None or said.service_level is None:
        return None
    return said.lane, said.queue, said.service_level, said.four_eyes, said.held


def _loads(counted: Tally, pairs: Pairs) -> tuple[Load, ...]:
    hours: defaultdict[Place, defaultdict[int, int]] = defaultdict(lambda: defaultdict(int))
    for (pair, hour), count in counted.hours.items():
        if (place := _place(pair.after)) is not None:
            hours[place][hour] += count
    before: dict[Place | None, int] = _summed(pairs, lambda pair: _place(pair.before))
    places = sorted({*hours, *(place for place in before if place is not None)})
    return tuple(_load(place, hours.get(place, {}), before.get(place, 0)) for place in places)


def _load(place: Place, hours: dict[int, int], before: int) -> Load:
    lane, queue, service_level, four_eyes, held = place
    of_day = [0] * 24
    for hour, count in hours.items():
        of_day[hour % 24] += count
    busiest = min(hours, key=lambda hour: (-hours[hour], hour), default=None)
    return Load(
        lane=lane,
        queue=queue,
        service_level=service_level,
        four_eyes=four_eyes,
        held=held,
        decisions=sum(hours.values()),
        decisions_before=before,
        by_hour_of_day=tuple(of_day),
        busiest_hour=None if busiest is None else FIRST_HOUR + timedelta(hours=busiest),
        busiest=0 if busiest is None else hours[busiest],
    )
