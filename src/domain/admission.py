"""The door: what a producer hands over becomes facts, once, and is recorded as such."""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from pydantic import JsonValue

from domain.decision_type.definition import DecisionTypeDefinition
from domain.guardrail.facts import (
    BUILT_IN,
    Facts,
    FactType,
    Problem,
    Unusable,
    check_context,
    did_you_mean,
    normalise,
)
from domain.model import Malformed
from domain.values import FactValue, Recommendation


class InvalidInput(Malformed):
    """A recommendation must fit its decision type's schema."""

    CODE = "EXC.INVALID_INPUT"

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


class Admitted(NamedTuple):
    """A recommendation that fits: its context as it is recorded, and all facts that decide."""

    context: dict[str, JsonValue]
    facts: Facts
    personal: tuple[str, ...]
    """The facts about a person in the context: they are sealed, and decide nothing."""


def admit(
    recommendation: Recommendation,
    context: Mapping[str, JsonValue],
    definition: DecisionTypeDefinition,
) -> Admitted:
    """Let a recommendation in with its context, or `InvalidInput`.

    The facts are those that `facts_of` finds in what is recorded.
    """
    admit_actions(recommendation, definition)
    known = _known(context, definition)
    facts = _built_in(recommendation) | known
    personal = tuple(sorted(definition.personal & known.keys()))
    for name in personal:
        del facts[name]
    return Admitted(_all_recorded(known), facts, personal)


def admit_context(
    context: Mapping[str, JsonValue], definition: DecisionTypeDefinition
) -> dict[str, JsonValue]:
    """The facts of a context as they are recorded, or `InvalidInput` with every problem in it."""
    return _all_recorded(_known(context, definition))


def _known(
    context: Mapping[str, JsonValue], definition: DecisionTypeDefinition
) -> dict[str, FactValue]:
    facts, problems = check_context(context, definition.context)
    if problems:
        raise InvalidInput(tuple(_within_context(p) for p in problems))
    return facts


def admit_actions(recommendation: Recommendation, definition: DecisionTypeDefinition) -> None:
    """Refuse a recommendation, or an alternative, that is no permitted action."""
    named = [("recommendation.action", recommendation.action)] + [
        (f"recommendation.alternatives.{place}.action", alternative.action)
        for place, alternative in enumerate(recommendation.alternatives)
    ]
    problems = tuple(
        Problem(field, action[:60], _permitted(action, definition))
        for field, action in named
        if action not in definition.actions
    )
    if problems:
        raise InvalidInput(problems)


def _within_context(problem: Problem) -> Problem:
    return problem._replace(field=f"context.{problem.field}")


def _permitted(action: str, definition: DecisionTypeDefinition) -> str:
    names = sorted(definition.actions)
    meant = did_you_mean(action, names)
    shown = ", ".join(names[:8]) + (f", … ({len(names)} in all)" if len(names) > 8 else "")
    return f"{shown}; did you mean {meant}?" if meant else shown


def facts_of(
    recommendation: Recommendation,
    context: Mapping[str, JsonValue],
    definition: DecisionTypeDefinition,
) -> Facts:
    """All facts routing looks at, which personal ones are not: they may be erased.

    What can't be understood is missing, never guessed.
    """
    return _built_in(recommendation) | _usable(context, definition.context)


def _built_in(recommendation: Recommendation) -> dict[str, FactValue]:
    stated = {
        "confidence": recommendation.confidence,
        "risk": recommendation.risk,
        "action": recommendation.action,
    }
    return _usable(stated, BUILT_IN)


def _usable(raw: Mapping[str, object], declared: Mapping[str, FactType]) -> dict[str, FactValue]:
    facts: dict[str, FactValue] = {}
    for name, value in raw.items():
        if name in declared and not declared[name].personal:
            known = normalise(name, declared[name], value)
            if not isinstance(known, Unusable):
                facts[name] = known
    return facts


def _all_recorded(facts: Facts) -> dict[str, JsonValue]:
    return {name: recorded(value) for name, value in facts.items()}


def recorded(value: FactValue) -> JsonValue:
    """A fact as it stands in an event: numbers as decimal strings, tags as a sorted list."""
    match value:
        case str() | bool():
            return value
        case Decimal():
            return format(value, "f")
        case frozenset():
            return list[JsonValue](sorted(value))
