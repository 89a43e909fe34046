"""Dead rules: those that could be struck out without changing anything that happens to any case.

A rule is dead when

- its condition can't be true, whatever the facts (`covered_by` is then empty), or
- taking it away changes neither the lane, the queue, the service level nor four-eyes of any case,
  because other limits and rules (`covered_by`) always ask for as much.

What it asks about counts as asked about all the same: a missing required fact stays a reason of its
own. A rule that can't be true may still speak where a fact is missing; it is dead nevertheless,
since it never says what its author wrote, and it covers nothing. Of rules that say the same, the
first counts as alive and the others as dead. That a rule also gives a reason keeps none alive.
"""

from collections.abc import Callable, Iterable, Iterator

from domain.guardrail.document import Guardrail
from domain.guardrail.parts import Share, View
from domain.guardrail.searching import TRUE, Demand, Effort
from domain.model import Value


class DeadRule(Value):
    """A rule that never decides anything, and what covers it; nothing, if it can't be true."""

    id: str
    covered_by: tuple[str, ...] = ()


def dead_rules(guardrail: Guardrail, view: View, effort: Effort) -> tuple[DeadRule, ...]:
    """The dead rules of a policy, in its order."""
    living = list(range(len(view.parts)))
    first = len(view.parts) - len(guardrail.rules)
    found: list[DeadRule] = []
    for at in range(len(view.parts) - 1, first - 1, -1):
        others = [other for other in living if other != at]
        question = _Question(view, at, effort)
        if not question.possible():
            found.append(DeadRule(id=view.parts[at].id))
        elif not question.matters(others):
            covers = tuple(view.parts[other].id for other in question.covers(others))
            found.append(DeadRule(id=view.parts[at].id, covered_by=covers))
        else:
            continue
        living = others
    return tuple(reversed(found))


class _Question:
    """Asks about one part, beside some of the others."""

    def __init__(self, view: View, at: int, effort: Effort) -> None:
        self._view = view
        self._at = at
        self._effort = effort
        self._shares = tuple(
            (share, view.parts[at].where(lambda one, share=share: one == share))  # type: ignore[misc]
            for share in dict.fromkeys(view.parts[at].shares.values())
        )

    def possible(self) -> bool:
        """Whether it can be true at all."""
        return self._found([self._view.where(self._at, TRUE)])

    def matters(self, others: list[int]) -> bool:
        """Whether taking it away changes anything, if there were only these others."""
        return any(
            self._found(demands)
            for share, truths in self._shares
            for demands in self._chances(share, truths, others)
        )

    def covers(self, others: list[int]) -> list[int]:
        """Others that are enough to make it dead: one, if one is, or no more than are needed."""
        alone = next((at for at in others if not self.matters([at])), None)
        if alone is not None:
            return [alone]
        needed = list(others)
        for at in others:
            fewer = [other for other in needed if other != at]
            if not self.matters(fewer):
                needed = fewer
        return needed

    def _chances(self, share: Share, truths: int, others: list[int]) -> Iterator[list[Demand]]:
        """The ways in which it could make a difference where it asks for this share."""
        fires = self._view.where(self._at, truths)
        # It decides, and without it nobody would who asks for as much as urgently.
        yield [fires, *self._without(others, share, lambda _, one: one.urgency > share.urgency)]
        if share.four_eyes:
            yield [fires, *self._without(others, share, lambda _, one: not one.four_eyes)]
        for at in others:
            yield from self._handed_over(share, fires, at, others)

    def _handed_over(
        self, share: Share, fires: Demand, at: int, others: list[int]
    ) -> Iterator[list[Demand]]:
        """It decides, and without it a later one would that is as urgent and has another queue."""
        part = self._view.parts[at]
        truths = part.where(
            lambda one: (
                one.caution == share.caution
                and one.urgency == share.urgency
                and one.queue != share.queue
            )
        )
        if at < self._at or not truths:
            return
        rest = [other for other in others if other != at]
        after = self._without(
            rest,
            share,
            lambda other, one: (
                one.urgency > share.urgency or (one.urgency == share.urgency and other > at)
            ),
        )
        yield [fires, self._view.where(at, truths), *after]

    def _without(
        self, others: list[int], share: Share, allowed: Callable[[int, Share], bool]
    ) -> list[Demand]:
        """No other asks for more, and for as much only those that are allowed."""

        def silent(at: int) -> int:
            return self._view.parts[at].silent_or(
                lambda one: (
                    one.caution < share.caution
                    or (one.caution == share.caution and allowed(at, one))
                )
            )

        return [self._view.where(at, silent(at)) for at in others]

    def _found(self, demands: Iterable[Demand]) -> bool:
        space = self._view.space
        return space.search(space.everything, demands, self._effort) is not None
