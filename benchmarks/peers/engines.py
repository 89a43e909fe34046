"""Other engines a policy could have run on, each asked for the lane of a case, as it likes best.

Each is given the policy in its own language, made from the same conditions and prepared once, and
the cases in its own types. None has a word for the unknown: with a fact missing, each does as it
does.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import cedarpy
import cel
import zen
from cel_expr_python import cel as cpp

from domain.guardrail.cel import condition_for_cel, facts_for_cel, scales
from domain.guardrail.conditions import (
    ORDERED,
    And,
    Compare,
    Condition,
    Contains,
    In,
    Not,
    Or,
    level_results,
)
from domain.guardrail.document import Guardrail
from domain.guardrail.facts import Facts
from domain.values import Lane

Ask = Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Engine:
    """How a case is told to an engine, and how it is asked for the lane."""

    told: Callable[[Facts], Any]
    ask: Ask


@dataclass(frozen=True, slots=True)
class Dialect:
    """How an engine's language says what our conditions say."""

    fact: str
    both: str
    either: str
    negation: str
    within: str
    has: str
    number: Callable[[str, Decimal], str]


Conditions = tuple[list[str], list[str], list[str]]
"""What must hold, and what asks for escalation and for review."""


def engines(guardrail: Guardrail) -> Mapping[str, Engine]:
    """All of them, ready for one policy."""
    return {
        "zen-engine, decision table": zen_table(guardrail),
        "zen-engine, expression": zen_expression(guardrail),
        "cedarpy": cedar(guardrail),
        "common-expression-language (Rust)": rust_cel(guardrail),
        "cel-expr-python (C++)": cpp_cel(guardrail),
    }


def _asking(guardrail: Guardrail, say: Callable[[Condition], str]) -> Conditions:
    required = [say(limit.require) for limit in guardrail.limits]
    escalating = [say(rule.when) for rule in guardrail.rules if rule.then is Lane.ESCALATE]
    reviewing = [say(rule.when) for rule in guardrail.rules if rule.then is Lane.REVIEW]
    return required, escalating, reviewing


def _cel_text(guardrail: Guardrail) -> str:
    known = scales(guardrail)
    limits, escalating, reviewing = _asking(guardrail, lambda c: condition_for_cel(c, known))
    review = " || ".join([*(f"!({limit})" for limit in limits), *reviewing])
    return f'({" || ".join(escalating)}) ? "escalate" : ({review}) ? "review" : "automate"'


def rust_cel(guardrail: Guardrail) -> Engine:
    known, program = scales(guardrail), cel.compile(_cel_text(guardrail))
    return Engine(lambda facts: {"facts": facts_for_cel(facts, known)}, program.execute)


def cpp_cel(guardrail: Guardrail) -> Engine:
    known = scales(guardrail)
    facts_type = cpp.Type.Map(cpp.Type.STRING, cpp.Type.DYN)
    environment = cpp.NewEnv(variables={"facts": facts_type})
    expression = environment.compile(_cel_text(guardrail))
    return Engine(
        lambda facts: {"facts": facts_for_cel(facts, known)},
        lambda told: expression.eval(data=told).value(),
    )


def cedar(guardrail: Guardrail) -> Engine:
    """Two questions: may it be automated, and if not, is a review enough."""
    known = scales(guardrail)
    dialect = Dialect(
        "context.{}",
        " && ",
        " || ",
        "!({})",
        "[{1}].contains({0})",
        "{}.contains({})",
        lambda fact, value: str(facts_for_cel({fact: value}, known)[fact]),
    )
    limits, escalating, reviewing = _asking(guardrail, lambda c: _said(c, dialect))
    careful = [f"!({limit})" for limit in limits] + reviewing
    policies = cedarpy.PolicySet.from_str(
        "permit(principal, action, resource);"
        + "".join(f"forbid(principal, action, resource) when {{ {c} }};" for c in escalating)
        + "".join(
            f'forbid(principal, action == Action::"automate", resource) when {{ {c} }};'
            for c in careful
        )
    )
    entities = cedarpy.Entities.from_json_str("[]")

    def told(facts: Facts) -> list[dict[str, Any]]:
        context = facts_for_cel(facts, known)
        same = {"principal": 'Model::"it"', "resource": 'Case::"it"', "context": context}
        return [same | {"action": f'Action::"{lane}"'} for lane in ("automate", "review")]

    def ask(requests: list[dict[str, Any]]) -> str:
        for request, lane in zip(requests, ("automate", "review"), strict=True):
            if cedarpy.is_authorized(request, policies, entities).allowed:
                return lane
        return "escalate"

    return Engine(told, ask)


_ZEN = Dialect(
    "{}",
    " and ",
    " or ",
    "not ({})",
    "{} in [{}]",
    "{1} in {0}",
    lambda _, value: format(value, "f"),
)


def _plain(facts: Facts) -> dict[str, Any]:
    """Zen takes no decimals from Python; it makes decimals of floats."""
    return {
        name: float(value)
        if isinstance(value, Decimal)
        else sorted(value)
        if isinstance(value, frozenset)
        else value
        for name, value in facts.items()
    }


def zen_expression(guardrail: Guardrail) -> Engine:
    limits, escalating, reviewing = _asking(guardrail, lambda c: _said(c, _ZEN))
    review = " or ".join([*(f"not ({limit})" for limit in limits), *reviewing])
    text = f"({' or '.join(escalating)}) ? 'escalate' : ({review}) ? 'review' : 'automate'"
    return Engine(_plain, zen.compile_expression(text).evaluate)


def zen_table(guardrail: Guardrail) -> Engine:
    """A decision table whose first row that holds decides: the strictest rows stand first."""
    limits, escalating, reviewing = _asking(guardrail, lambda c: _said(c, _ZEN))
    rows = [
        *((condition, "escalate") for condition in escalating),
        *((f"not ({limit})", "review") for limit in limits),
        *((condition, "review") for condition in reviewing),
        ("", "automate"),
    ]
    table = {
        "hitPolicy": "first",
        "inputs": [{"id": "when", "name": "when", "field": ""}],
        "outputs": [{"id": "then", "name": "then", "field": "lane"}],
        "rules": [
            {"_id": str(number), "when": when, "then": f"'{lane}'"}
            for number, (when, lane) in enumerate(rows)
        ],
    }
    at = {"x": 0, "y": 0}
    nodes = [
        {"id": "in", "name": "in", "type": "inputNode", "position": at},
        {
            "id": "table",
            "name": "table",
            "type": "decisionTableNode",
            "position": at,
            "content": table,
        },
        {"id": "out", "name": "out", "type": "outputNode", "position": at},
    ]
    edges = [
        {"id": "1", "sourceId": "in", "targetId": "table", "type": "edge"},
        {"id": "2", "sourceId": "table", "targetId": "out", "type": "edge"},
    ]
    content = {"contentType": "application/vnd.gorules.decision", "nodes": nodes, "edges": edges}
    decision = zen.ZenEngine().create_decision(json.dumps(content))
    return Engine(_plain, lambda told: decision.evaluate(told)["result"]["lane"])


def _said(condition: Condition, dialect: Dialect) -> str:
    match condition:
        case Not(of=inner):
            return dialect.negation.format(_said(inner, dialect))
        case And(of=parts):
            return f"({dialect.both.join(_said(part, dialect) for part in parts)})"
        case Or(of=parts):
            return f"({dialect.either.join(_said(part, dialect) for part in parts)})"
        case Contains(value=tag):
            return dialect.has.format(_name(condition.fact, dialect), _quoted(tag))
        case In(values=values):
            return _one_of(condition.fact, values, dialect)
        case Compare(op=op, order=order) if op in ORDERED and order:
            held = [str(word) for word, holds in level_results(condition).items() if holds]
            return _one_of(condition.fact, held, dialect)
        case Compare(op=op, value=value):
            return (
                f"{_name(condition.fact, dialect)} {op} {_constant(condition.fact, value, dialect)}"
            )
        case _:
            raise ValueError(f"no engine here has {condition.node}")


def _one_of(fact: str, values: Any, dialect: Dialect) -> str:
    listed = ", ".join(_constant(fact, value, dialect) for value in values)
    return dialect.within.format(_name(fact, dialect), listed)


def _name(fact: str, dialect: Dialect) -> str:
    return dialect.fact.format(fact)


def _constant(fact: str, value: object, dialect: Dialect) -> str:
    match value:
        case bool():
            return str(value).lower()
        case Decimal():
            return dialect.number(fact, value)
        case _:
            return _quoted(str(value))


def _quoted(text: str) -> str:
    return json.dumps(text)
