"""Comparing: where two versions of a policy send the same case to different places. Exactly.

Two outcomes differ in their lane, or in how a case waits there: its queue, its service level, and
whether two people have to agree. Each way of differing is one question after another to the
search: this part decides here, that one decides there.
"""

from collections.abc import Callable, Iterator
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
                    questions = [
                        [*one, *other]
                        for a, one in _reached(self._before, before)
                        for b, other in _reached(self._after, after)
                        if not self._impossible(a if before > after else b, before > after)
                    ]
                    bucket: Bucket = "relaxed" if after < before else "tighter"
                    names = _LANES[before].value, _LANES[after].value
                    yield _Difference(bucket, (before, after), *names, questions)

    def _impossible(self, at: int | None, old: bool) -> bool:
        """What asks for as much in both versions can't have made the difference."""
        return at in self._kept[0 if old else 1]

    def _ways(self) -> Iterator[_Difference]:
        """The same lane, but another queue or another service level."""
        for caution in (1, 2):
            found: dict[tuple[str, str], list[list[Demand]]] = {}
            deciders = list(_deciders(self._after, caution))
            for a, share, one in _deciders(self._before, caution):
                for b, other, two in deciders:
                    if share.way != other.way and not self._both_lasting(a, b):
                        key = _way(share, other), _way(other, share)
                        found.setdefault(key, []).append([*one, *two])
            for (before, after), questions in found.items():
                yield _Difference("rerouted", (caution, caution), before, after, questions)

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
                questions = [
                    [more.where(a, truths), *more.at_most(caution), *rest]
                    for a, truths in asking
                    if truths
                    for _, rest in _reached(less, caution, lambda s: not s.four_eyes)
                ]
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


def _reached(
    view: View, caution: int, allowed: Callable[[Share], bool] = lambda _: True
) -> Iterator[tuple[int | None, list[Demand]]]:
    """The ways to this very lane, with only allowed shares in it: by which part, if by any."""
    within = view.all_but(
        -1, lambda s: s.caution < caution or (s.caution == caution and allowed(s))
    )
    if caution == 0:
        yield None, within
        return
    for at, part in enumerate(view.parts):
        truths = part.where(lambda s: s.caution == caution and allowed(s))
        if truths:
            yield at, [view.where(at, truths), *within]


def _deciders(view: View, caution: int) -> Iterator[tuple[int, Share, list[Demand]]]:
    """The parts that can decide a lane, each with its share and what makes it decide."""
    for at, part in enumerate(view.parts):
        for share in dict.fromkeys(part.shares.values()):
            if share.caution == caution:
                fires = view.where(at, part.where(lambda s: s == share))  # noqa: B023
                yield at, share, [fires, *_behind(view, at, share)]


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
