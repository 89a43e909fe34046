"""The evaluator of semantics `v1`: from known facts to a lane, with every reason.

Frozen: a file of vectors pins it, and `v2` would stand beside it. Everything is evaluated and
nothing short-circuits between rules, so all reasons are given. It is total: a fact that is not of
its declared type counts as missing, and a missing fact never makes the outcome laxer.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from functools import cached_property
from operator import attrgetter
from typing import Literal, NamedTuple

from domain.guardrail.canonical import digest
from domain.guardrail.compiling import (
    Asking,
    Heard,
    Outcome,
    Record,
    outcome_function,
    record_function,
)
from domain.guardrail.conditions import Condition, Judge, Truth, judge
from domain.guardrail.document import AUTOMATE, Guardrail, Limit, Rule, asked_by
from domain.guardrail.facts import Facts, class_of, is_sound
from domain.guardrail.tracing import TracedPart
from domain.guardrail.wording import (
    Checked,
    Explainer,
    ReadyTest,
    Unusables,
    explainer,
    missing_text,
    ready_tests,
    said,
)
from domain.values import Lane

MISSING_INPUT = "MISSING_INPUT"
CANNOT_CHECK = "CANNOT_CHECK."
_NOTHING: Mapping[str, str] = {}


class Contribution(NamedTuple):
    """One reason against automating: who gives it, the lane it asks for and why."""

    id: str
    kind: Literal["required", "limit", "rule"]
    lane: Lane
    reason: str
    text: str
    unknown: bool = False
    queue: str | None = None
    sla: timedelta | None = None
    four_eyes: bool = False


class Verdict(NamedTuple):
    """What the policy says about one case."""

    lane: Lane
    deciding: str
    contributions: tuple[Contribution, ...] = ()
    queue: str | None = None
    sla: timedelta | None = None
    four_eyes: bool = False
    missing: tuple[str, ...] = ()


class TraceLine(NamedTuple):
    """One limit or rule as it went: each test with the value it saw, and what came of it."""

    id: str
    kind: Literal["limit", "rule"]
    tests: tuple[Checked, ...]
    result: Truth


Kind = Literal["required", "limit", "rule"]


class _Blank(NamedTuple):
    """A contribution but for its text, in what stands before that and after it."""

    head: tuple[str, Kind, Lane, str]
    tail: tuple[bool, str | None, timedelta | None, bool]

    def saying(self, text: str) -> Contribution:
        return Contribution._make((*self.head, text, *self.tail))


class _Part(NamedTuple):
    """A limit or rule made ready: what it contributes by its result, `None` for nothing."""

    id: str
    kind: Literal["limit", "rule"]
    condition: Condition
    quiet: bool
    """The result that contributes nothing."""
    blank: Mapping[Truth, _Blank]
    explain: Explainer
    judge: Judge
    tests: tuple[ReadyTest, ...]


class Compiled:
    """A guardrail with everything decided that can be before the facts are known."""

    def __init__(self, guardrail: Guardrail) -> None:
        self.guardrail = guardrail
        asked = guardrail.asked
        self._kinds = _kinds(guardrail, asked)
        self._limit_kinds = _kinds(guardrail, asked_by(limit.require for limit in guardrail.limits))
        self._required = tuple(sorted(n for n in asked if guardrail.facts[n].required))
        self._parts = (
            *(_limit_part(guardrail, limit) for limit in guardrail.limits),
            *(_rule_part(guardrail, rule) for rule in guardrail.rules),
        )
        self._limits = tuple(part.explain for part in self._parts if part.kind == "limit")

    @cached_property
    def _outcome(self) -> Outcome:
        """Written when it is first asked for: a policy on trial is not worth compiling."""
        asking = (
            Asking(part.condition, {result: blank.head[2] for result, blank in part.blank.items()})
            for part in self._parts
        )
        return outcome_function(self.guardrail.facts, self._required, asking)

    @cached_property
    def _record(self) -> Record:
        traced = (
            TracedPart(part.id, part.condition, part.tests, part.quiet) for part in self._parts
        )
        return record_function(self.guardrail.semantics, self.guardrail.facts, traced)

    def verdict(self, facts: Facts, unusable: Unusables = _NOTHING) -> Verdict:
        """The outcome with all its reasons."""
        facts = self.trusted(facts)
        results = ((part.judge(facts), part.quiet) for part in self._parts)
        heard = [(n, result) for n, (result, quiet) in enumerate(results) if result is not quiet]
        return self._verdict(facts, heard, unusable)

    def traced_verdict(self, facts: Facts) -> tuple[Verdict, bytes]:
        """The outcome, and the trace in the spelling that its digest is taken of."""
        facts, heard, spelled = self._recorded(facts)
        return self._verdict(facts, heard, _NOTHING), spelled.encode()

    def _recorded(self, facts: Facts) -> tuple[Facts, Heard, str]:
        recorded = self._record(facts)
        if recorded is None:
            facts = self.trusted(facts)
            recorded = self._record(facts)
            assert recorded is not None, "trusted facts are sound"
        return facts, *recorded

    def _verdict(self, facts: Facts, heard: Heard, unusable: Unusables) -> Verdict:
        missing = tuple([name for name in self._required if facts.get(name) is None])
        if not heard and not missing:
            return _AUTOMATED
        fired = [self._missing(name, unusable) for name in missing]
        for place, result in heard:
            part = self._parts[place]
            text = said(part.explain(facts, result, unusable))
            fired.append(part.blank[result].saying(text))
        return _strictest(fired, missing)

    def lane(self, facts: Facts) -> Lane:
        """The outcome alone, for going over much history: no sentence is made."""
        lane = self._outcome(facts) or self._outcome(self.trusted(facts))
        assert lane is not None, "trusted facts are sound"
        return lane

    def within_limits(self, facts: Facts) -> str:
        """Why nothing stood in the way: each limit with its numbers."""
        facts = _trusted(facts, self._limit_kinds)
        held = dict.fromkeys([said(explain(facts, True, _NOTHING)) for explain in self._limits])
        return " and ".join(held) or _NOTHING_AGAINST

    def trace(self, facts: Facts) -> tuple[TraceLine, ...]:
        """Every limit and rule, every test in it, what it saw and what came of it."""
        facts = self.trusted(facts)
        return tuple(
            TraceLine(
                part.id,
                part.kind,
                tuple(test.asked(facts) for test in part.tests),
                part.judge(facts),
            )
            for part in self._parts
        )

    def spelled(self, facts: Facts) -> bytes:
        """The same in the spelling that its digest is taken of."""
        return self._recorded(facts)[2].encode()

    def trusted(self, facts: Facts) -> Facts:
        """The facts without those that aren't what they were declared to be."""
        return _trusted(facts, self._kinds)

    def _missing(self, name: str, unusable: Unusables) -> Contribution:
        route = self.guardrail.routes.review
        return Contribution(
            f"required:{name}",
            "required",
            Lane.REVIEW,
            MISSING_INPUT,
            missing_text(name, unusable),
            True,
            route.queue,
            route.sla,
        )


def evaluate(guardrail: Guardrail, facts: Facts, unusable: Unusables = _NOTHING) -> Verdict:
    """What a policy says about one case: exactly one lane, and every reason for it.

    `unusable` says why missing facts are missing, for the sentences only.
    """
    return compiled(guardrail).verdict(facts, unusable)


def evaluate_traced(guardrail: Guardrail, facts: Facts) -> tuple[Verdict, str]:
    """The verdict and the digest of its trace, in one go over the policy."""
    verdict, spelled = compiled(guardrail).traced_verdict(facts)
    return verdict, digest(spelled)


def trace(guardrail: Guardrail, facts: Facts) -> tuple[TraceLine, ...]:
    """The full trace of one case."""
    return compiled(guardrail).trace(facts)


def trace_digest(guardrail: Guardrail, facts: Facts) -> str:
    """What identifies the trace of a case; the event keeps it, and replay recomputes it."""
    return digest(compiled(guardrail).spelled(facts))


def within_limits_text(guardrail: Guardrail, facts: Facts) -> str:
    """Why nothing stood in the way: each limit with its numbers."""
    return compiled(guardrail).within_limits(facts)


def compiled(guardrail: Guardrail) -> Compiled:
    """The guardrail made ready; kept as it is written, because a policy is asked many times."""
    ready = _READY.get(guardrail.spelling)
    if ready is None:
        if len(_READY) >= _MOST_READY:
            _READY.clear()
        ready = _READY[guardrail.spelling] = Compiled(guardrail)
    return ready


_READY: dict[str, Compiled] = {}
_MOST_READY = 512


_AUTOMATED = Verdict(Lane.AUTOMATE, AUTOMATE)
_NOTHING_AGAINST = "no limit and no rule speaks against"
_NEVER = timedelta.max
_FOUR_EYES: Callable[[Contribution], bool] = attrgetter("four_eyes")


_Kinds = tuple[tuple[str, type], ...]


def _kinds(guardrail: Guardrail, names: Collection[str]) -> _Kinds:
    return tuple((name, class_of(guardrail.facts[name])) for name in sorted(names))


def _trusted(facts: Facts, kinds: _Kinds) -> Facts:
    for name, kind in kinds:
        value = facts.get(name)
        if value is not None and not is_sound(value, kind):
            return {name: facts[name] for name, kind in kinds if is_sound(facts.get(name), kind)}
    return facts


def _limit_part(guardrail: Guardrail, limit: Limit) -> _Part:
    route = guardrail.routes.of(limit.otherwise)

    def failed(unknown: bool) -> _Blank:
        tail = (unknown, route.queue, route.sla, False)
        return _Blank((limit.id, "limit", limit.otherwise, limit.reason), tail)

    blank: dict[Truth, _Blank] = {False: failed(False), None: failed(True)}
    return _part(limit.id, "limit", limit.require, True, blank)


def _rule_part(guardrail: Guardrail, rule: Rule) -> _Part:
    def says(lane: Lane, reason: str, unknown: bool) -> _Blank:
        route = guardrail.routes.of(lane)
        queue, sla = rule.queue or route.queue, rule.sla or route.sla
        return _Blank((rule.id, "rule", lane, reason), (unknown, queue, sla, rule.four_eyes))

    blank: dict[Truth, _Blank] = {
        True: says(rule.then, rule.reason, False),
        None: says(rule.if_unknown, CANNOT_CHECK + rule.reason, True),
    }
    return _part(rule.id, "rule", rule.when, False, blank)


def _part(
    id: str,
    kind: Literal["limit", "rule"],
    condition: Condition,
    quiet: bool,
    blank: Mapping[Truth, _Blank],
) -> _Part:
    explain, tests = explainer(condition), ready_tests(condition)
    return _Part(id, kind, condition, quiet, blank, explain, judge(condition), tests)


def _strictest(fired: list[Contribution], missing: tuple[str, ...]) -> Verdict:
    """The most careful lane; there the shortest service level decides, then the order.

    A second pair of eyes that anyone asks for at that lane is kept: more rules never relax.
    """
    peers = [part for part in fired if part.lane is Lane.ESCALATE] or fired
    deciding = min(peers, key=lambda part: part.sla or _NEVER) if len(peers) > 1 else peers[0]
    return Verdict(
        deciding.lane,
        deciding.id,
        tuple(fired),
        deciding.queue,
        deciding.sla,
        any(map(_FOUR_EYES, peers)),
        missing,
    )
