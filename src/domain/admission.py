"""The door: what a producer hands over becomes facts, once, and is recorded as such."""

from collections.abc import Mapping
from decimal import Decimal

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


def admit_context(
    context: Mapping[str, JsonValue], definition: DecisionTypeDefinition
) -> dict[str, JsonValue]:
    """The facts of a context as they are recorded, or `InvalidInput` with every problem in it."""
    facts, problems = check_context(context, definition.context)
    if problems:
        raise InvalidInput(tuple(_within_context(p) for p in problems))
    return {name: recorded(value) for name, value in facts.items()}


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
    built_in: dict[str, object] = {
        "confidence": recommendation.confidence,
        "risk": recommendation.risk,
        "action": recommendation.action,
    }
    facts: dict[str, FactValue] = {}
    _take(facts, built_in, BUILT_IN)
    _take(facts, context, definition.context)
    return facts


def _take(
    facts: dict[str, FactValue], raw: Mapping[str, object], declared: Mapping[str, FactType]
) -> None:
    for name, value in raw.items():
        if name in declared and not declared[name].personal:
            known = normalise(name, declared[name], value)
            if not isinstance(known, Unusable):
                facts[name] = known


def recorded(value: FactValue) -> JsonValue:
    """A fact as it stands in an event: numbers as decimal strings, tags as a sorted list."""
    match value:
        case bool():
            return value
        case Decimal():
            return format(value, "f")
        case frozenset():
            return list[JsonValue](sorted(value))
        case str():
            return value
