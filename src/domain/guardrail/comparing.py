"""Comparing: where two versions of a policy send the same case to different places. Exactly.

Two outcomes differ in their lane, or in how a case waits there: its queue, its service level, and
whether two people have to agree. Each way of differing is one question after another to the
search: this part decides here, that one decides there.
"""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Literal, NamedTuple

from pydantic import JsonValue, computed_field

from domain.guardrail.conditions import facts_of
from domain.guardrail.document import Guardrail
from domain.guardrail.evaluate import Verdict, evaluate
from domain.guardrail.parts import Share, View, time_text
from domain.guardrail.proving import plain
from domain.guardrail.searching import Box, Demand, Effort
from domain.guardrail.space import Space
from domain.guardrail.whereabouts import region_texts
from domain.model import Value
from domain.values import Lane

Bucket = Literal["relaxed", "tighter", "rerouted", "unchanged"]
_LANES = (Lane.AUTOMATE, Lane.REVIEW, Lane.ESCALATE)
_LONGEST = 12
VIEWING, BUILDING = 10, 10
"""What it takes to see a rule in a space, and to put demands together, in tests looked at."""


class Effect(Value):
    """One way in which some cases fare differently, where, and a case that does."""

    bucket: Bucket
    lane_before: Lane
    lane_after: Lane
    before: str
    after: str
    regions: tuple[str, ...]
    """Where: outside of any of these, no case fares so. None: it may be anywhere."""
    given: tuple[str, ...]
    """The same of facts that the edit is not about."""
    witness: dict[str, JsonValue]
    """A case that fares so, as both evaluators say; a fact that isn't named is missing."""
    four_eyes_lost: bool = False

    @computed_field  # type: ignore[prop-decorator]
    @property
    def text(self) -> str:
        """The effect in a line: what, from where to where, in which cases."""
        lane = f"{self.lane_after}, " if self.bucket == "rerouted" else ""
        where = " and ".join(self.regions) or "other limits and rules leave it to this"
        return f"{self.bucket.upper()} {lane}{self.before} → {self.after} where {where}"


class _Difference(NamedTuple):
    """A kind of difference, and the questions whose answers are its cases."""

    bucket: Bucket
    lanes: tuple[int, int]
    before: str
    after: str
    questions: list[list[Demand]]
    four_eyes_lost: bool = False


class Comparison:
    """Two policies in one space."""

    def __init__(self, old: Guardrail, new: Guardrail, space: Space, effort: Effort) -> None:
        self._old, self._new = old, new
        self._space = space
        self._effort = effort
        effort.spend(VIEWING * (len(old.rules) + len(new.rules)))
        self._before, self._after = View.of(old, space), View.of(new, space)
        self._lasting = _lasting(self._before, self._after)
        self._in_order = [i for _, i in sorted(self._lasting)] == sorted(
            i for _, i in self._lasting
        )
        self._kept = tuple(frozenset(side) for side in zip(*self._lasting, strict=True)) or (
            frozenset[int](),
            frozenset[int](),
        )

    def effects(self, facts: frozenset[str]) -> tuple[Effect, ...]:
        """Every way in which some case fares differently; `facts` are what the edit is about."""
        return tuple(self._effects(facts))

    def _effects(self, facts: frozenset[str]) -> Iterator[Effect]:
        for difference in (*self._lanes(), *self._ways(), *self._four_eyes()):
            found = self._region(difference.questions)
            if found is not None:
                yield self._effect(difference, *found, facts)

    def _lanes(self) -> Iterator[_Difference]:
        for before in range(3):
            for after in range(3):
                if before != after:
                    ones, others = _reached(self._before, before), _reached(self._after, after)
                    if before > after:
                        ones = self._touched(ones, 0)
                    else:
                        others = self._touched(others, 1)
                    questions = self._questions(ones, others)
                    bucket: Bucket = "relaxed" if after < before else "tighter"
                    names = _LANES[before].value, _LANES[after].value
                    yield _Difference(bucket, (before, after), *names, questions)

    def _touched(self, reached: "Reached", side: int) -> "Reached":
        """What asks for as much in both versions can't have made the difference."""
        kept = self._kept[side]
        return reached._replace(by=[each for each in reached.by if each[0] not in kept])

    def _questions(self, ones: "Reached", others: "Reached") -> list[list[Demand]]:
        """Each way of the one with each of the other; putting them together takes effort, too."""
        length = len(ones.within) + len(others.within)
        self._effort.spend(len(ones.by) * len(others.by) * length // BUILDING)
        return [
            [*one, *ones.within, *other, *others.within]
            for _, one in ones.by
            for _, other in others.by
        ]

    def _ways(self) -> Iterator[_Difference]:
        """The same lane, but another queue or another service level."""
        for caution in (1, 2):
            found: dict[tuple[str, str], list[list[Demand]]] = {}
            for (a, share), (b, other) in self._other_ways(caution):
                self._effort.spend((len(self._before.parts) + len(self._after.parts)) // BUILDING)
                one, two = _decides(self._before, a, share), _decides(self._after, b, other)
                key = _way(share, other), _way(other, share)
                found.setdefault(key, []).append([*one, *two])
            for (before, after), questions in found.items():
                yield _Difference("rerouted", (caution, caution), before, after, questions)

    def _other_ways(self, caution: int) -> Iterator[tuple["Decider", "Decider"]]:
        """What can decide a lane in the one version, and wait otherwise in the other."""
        ones, others = _deciders(self._before, caution), _deciders(self._after, caution)
        for way, theirs in ones.items():
            for another, decide in others.items():
                if way != another:
                    pairs = product(theirs, decide)
                    yield from (p for p in pairs if not self._both_lasting(p[0][0], p[1][0]))

    def _both_lasting(self, a: int, b: int) -> bool:
        """Where neither was touched nor their order, what decides in both is one and the same."""
        return self._in_order and a in self._kept[0] and b in self._kept[1]

    def _four_eyes(self) -> Iterator[_Difference]:
        """The same lane, but two people have to agree in one version only."""
        views = (self._before, self._after)
        for caution in (1, 2):
            for lost, more, less in ((True, *views), (False, *views[::-1])):
                kept = self._kept[0 if lost else 1]
                asking = [
                    (at, part.where(lambda s: s.caution == caution and s.four_eyes))  # noqa: B023
                    for at, part in enumerate(more.parts)
                    if at not in kept
                ]
                asked = Reached(
                    [(a, [more.where(a, truths)]) for a, truths in asking if truths],
                    more.at_most(caution),
                )
                without = _reached(less, caution, lambda s: not s.four_eyes)
                questions = self._questions(asked, without)
                says = ("four eyes", "two eyes") if lost else ("two eyes", "four eyes")
                lanes = (caution, caution)
                yield _Difference("rerouted", lanes, *says, questions, four_eyes_lost=lost)

    def _region(self, questions: list[list[Demand]]) -> tuple[Box, Box] | None:
        """A box of the cases that any question finds, and the cells that such cases lie in."""
        feasible: list[list[Demand]] = []
        first: Box | None = None
        covered = [0] * len(self._space.variables)
        for demands in questions:
            box = self._space.search(self._space.everything, demands, self._effort)
            if box is not None:
                feasible.append(demands)
                first = first or box
                covered = [c | b for c, b in zip(covered, box, strict=True)]
        if first is None:
            return None
        for number in range(len(covered)):
            for demands in feasible:
                self._cover(number, demands, covered)
        return first, tuple(covered)

    def _cover(self, number: int, demands: list[Demand], covered: list[int]) -> None:
        """Find every cell of a variable in which a question has an answer."""
        every = self._space.variables[number].every
        while left := every & ~covered[number]:
            start = self._space.limited(self._space.everything, {number: left})
            box = self._space.search(start, demands, self._effort)
            if box is None:
                return
            for other, cells in enumerate(box):
                covered[other] |= cells

    def _effect(
        self, difference: _Difference, box: Box, covered: Box, facts: frozenset[str]
    ) -> Effect:
        case = self._space.case(box)
        verdicts = evaluate(self._old, case), evaluate(self._new, case)
        _confirm(difference, *verdicts)
        told = region_texts(self._space, covered)
        return Effect(
            bucket=difference.bucket,
            lane_before=verdicts[0].lane,
            lane_after=verdicts[1].lane,
            before=difference.before,
            after=difference.after,
            regions=tuple(text for fact, text in told if fact in facts),
            given=tuple(text for fact, text in told if fact not in facts),
            witness=plain(case),
            four_eyes_lost=difference.four_eyes_lost,
        )


def _confirm(difference: _Difference, before: Verdict, after: Verdict) -> None:
    """The evaluators have the last word about a witness."""
    lanes = before.lane.caution, after.lane.caution
    assert lanes == difference.lanes, "a witness goes where the search says"
    one = before.queue, before.sla, before.four_eyes
    other = after.queue, after.sla, after.four_eyes
    assert lanes[0] != lanes[1] or one != other, "a rerouted witness waits in another way"


def _lasting(before: View, after: View) -> list[tuple[int, int]]:
    """The parts that are the same in both versions, by their places."""
    unseen = before.unseen ^ after.unseen
    places = {part.id: at for at, part in enumerate(after.parts)}
    return [
        (at, places[part.id])
        for at, part in enumerate(before.parts)
        if part.id in places
        and part == after.parts[places[part.id]]
        and not (unseen and facts_of(part.condition) & unseen)
    ]


class Reached(NamedTuple):
    """The ways to a lane: by which part, if by any, and what all the others may say then."""

    by: list[tuple[int | None, list[Demand]]]
    within: list[Demand]


def _reached(
    view: View, caution: int, allowed: Callable[[Share], bool] = lambda _: True
) -> Reached:
    """The ways to this very lane, with only allowed shares in it."""
    within = view.all_but(
        -1, lambda s: s.caution < caution or (s.caution == caution and allowed(s))
    )
    if caution == 0:
        return Reached([(None, [])], within)
    by: list[tuple[int | None, list[Demand]]] = []
    for at, part in enumerate(view.parts):
        truths = part.where(lambda s: s.caution == caution and allowed(s))
        if truths:
            by.append((at, [view.where(at, truths)]))
    return Reached(by, within)


Decider = tuple[int, Share]
"""A part that can decide a lane, by its place, and the share with which it does."""


def _deciders(view: View, caution: int) -> dict[object, list[Decider]]:
    """What can decide a lane, by the way in which cases wait then."""
    found: dict[object, list[Decider]] = {}
    for at, part in enumerate(view.parts):
        for share in dict.fromkeys(part.shares.values()):
            if share.caution == caution:
                found.setdefault(share.way, []).append((at, share))
    return found


def _decides(view: View, at: int, share: Share) -> list[Demand]:
    """What makes a part decide."""
    fires = view.where(at, view.parts[at].where(lambda s: s == share))
    return [fires, *_behind(view, at, share)]


def _behind(view: View, at: int, share: Share) -> Iterator[Demand]:
    """Every other part is laxer, or as strict and comes after this one."""
    for other, part in enumerate(view.parts):
        if other != at:
            yield view.where(
                other,
                part.silent_or(
                    lambda s: (
                        s.caution < share.caution
                        or (
                            s.caution == share.caution and (s.urgency, other) > (share.urgency, at)  # noqa: B023
                        )
                    )
                ),
            )


def _way(share: Share, other: Share) -> str:
    """What of a way to wait is not as in the other."""
    told: list[str] = []
    if share.queue != other.queue:
        told.append(f"queue {share.queue or 'none'}")
    if share.sla != other.sla:
        told.append(f"within {time_text(share.sla)}")
    return ", ".join(told)
