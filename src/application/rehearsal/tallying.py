"""Tallying: what a trial says of many cases, in counts that can be added up."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from application.rehearsal.sorting import Group, Sorter, facts_in
from application.rehearsal.trial import Pair
from domain.values import Lane

MOST_EXAMPLES = 50
"""Decisions listed for each way a lane changes: the first of them. All are counted."""


Recorded = tuple[str, int, str, str]
"""A past case as read in bulk: its id; the hour of its receipt, counted from 1970 (UTC); its facts
in JSON; and what came of it, as `application.rehearsal.outcomes` reads it."""


class Example(NamedTuple):
    """A decision that changes lane."""

    key: str
    pair: Pair
    outcome: str


Change = tuple[Lane, Lane]


@dataclass(slots=True)
class Tally:
    """Counts of cases. Adding up tallies of parts in order gives the tally of the whole."""

    decisions: int = 0
    outcomes: dict[tuple[Pair, str], int] = field(default_factory=dict[tuple[Pair, str], int])
    hours: dict[tuple[Pair, int], int] = field(default_factory=dict[tuple[Pair, int], int])
    missing: dict[str, int] = field(default_factory=dict[str, int])
    examples: dict[Change, list[Example]] = field(default_factory=dict[Change, list[Example]])

    def add(self, other: "Tally") -> None:
        """Take in the tally of the part that follows."""
        self.decisions += other.decisions
        for came_to, count in other.outcomes.items():
            _count(self.outcomes, came_to, count)
        for came_at, count in other.hours.items():
            _count(self.hours, came_at, count)
        for name, count in other.missing.items():
            _count(self.missing, name, count)
        for change, found in other.examples.items():
            kept = self.examples.setdefault(change, [])
            kept.extend(found[: MOST_EXAMPLES - len(kept)])


def tally(cases: Iterable[Recorded], sorter: Sorter) -> Tally:
    """Sort cases, in the order they came in, and count them."""
    whole = Tally()
    outcomes: dict[tuple[Group, str], int] = {}
    hours: dict[int, dict[Group, int]] = {}
    hour, here = None, dict[Group, int]()
    for key, at, text, outcome in cases:
        group = sorter.group(facts_in(text))
        came_to = (group, outcome)
        outcomes[came_to] = outcomes.get(came_to, 0) + 1
        if at != hour:
            hour, here = at, hours.setdefault(at, {})
        here[group] = here.get(group, 0) + 1
        if group.changes:
            _exemplify(whole, key, group.pair, outcome)
    for (group, outcome), count in outcomes.items():
        whole.decisions += count
        _count(whole.outcomes, (group.pair, outcome), count)
        for name in group.missing:
            _count(whole.missing, name, count)
    for hour, groups in hours.items():
        for group, count in groups.items():
            _count(whole.hours, (group.pair, hour), count)
    return whole


Key = TypeVar("Key")


def _count(counts: dict[Key, int], key: Key, count: int) -> None:
    counts[key] = counts.get(key, 0) + count


def _exemplify(whole: Tally, key: str, pair: Pair, outcome: str) -> None:
    kept = whole.examples.setdefault((pair.before.lane, pair.after.lane), [])
    if len(kept) < MOST_EXAMPLES:
        kept.append(Example(key, pair, outcome))
