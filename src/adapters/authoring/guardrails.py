"""The guardrail document: from an author's YAML to the policy the service obeys."""

import re
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import TypeVar

from adapters.authoring.breakers import read_breakers
from adapters.authoring.fields import (
    WHITE,
    Fields,
    Gathered,
    duration,
    entries,
    items,
    look_alike,
    number,
    one_of,
    refuse,
    share,
    text,
    yes_no,
)
from adapters.authoring.nodes import Entries, Node, Place, Scalar, Wrong, read, taken, wrong
from adapters.authoring.problems import AuthoringError
from adapters.authoring.syntax import SyntaxProblem, parse
from adapters.authoring.tables import SHARED, Row, cell_condition, rows
from adapters.authoring.thresholds import read_thresholds
from adapters.authoring.typing import Scope, conjunction, personal_asked, typed
from domain.decision_type.definition import DecisionTypeDefinition
from domain.guardrail.conditions import Condition
from domain.guardrail.document import (
    AUTOMATE,
    AtLeastClaim,
    Boundary,
    Claim,
    Guardrail,
    Limit,
    NeverClaim,
    RaisingClaim,
    Route,
    Routes,
    Rule,
    Sampling,
    and_unless,
    asked_by,
)
from domain.guardrail.facts import FactType, Level, Number, clipped, did_you_mean
from domain.values import Lane

T = TypeVar("T")
MOST_RULES = 1_000
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}", re.ASCII)
_PARTS = (
    "guardrail",
    "policy",
    "title",
    "boundaries",
    "routes",
    "automate_only_if",
    "rules",
    "sampling",
    "claims",
    "thresholds",
    "breakers",
)
_CAREFUL = "A policy can only make the outcome stricter; what nothing speaks against is automated."


def read_guardrail(source: str, definition: DecisionTypeDefinition) -> Guardrail:
    """A policy that comes alone, checked against the decision type it is for."""
    return parse_guardrail(source, definition.facts, frozenset(definition.actions))


def parse_guardrail(
    source: str, facts: Mapping[str, FactType], actions: frozenset[str] | None = None
) -> Guardrail:
    """The policy that a document states, or an `AuthoringError` with everything wrong in it.

    With `actions`, those are all that may be proposed, and a misspelt one is named.
    """
    document = read(source)
    reader = _Document(facts, actions)
    guardrail = reader.gathered.attempt(lambda: reader.guardrail(document))
    if reader.gathered.problems or guardrail is None:
        raise AuthoringError(tuple(reader.gathered.problems), source)
    return guardrail


def unused_boundaries(source: str, definition: DecisionTypeDefinition) -> tuple[str, ...]:
    """The boundaries of a readable document that no condition asks about."""
    reader = _Document(definition.facts, frozenset(definition.actions))
    boundaries = reader.guardrail(read(source)).boundaries
    return tuple(name for name in boundaries if name not in reader.used)


def source_digest(source: str) -> str:
    """What identifies the very bytes that were signed."""
    return f"sha256:{sha256(source.encode()).hexdigest()}"


class _Document:
    """Reads one document; problems are gathered part by part."""

    def __init__(self, facts: Mapping[str, FactType], actions: frozenset[str] | None) -> None:
        self._facts = facts
        self._actions = actions
        self._boundaries: dict[str, Boundary] = {}
        self._ids: dict[str, int] = {}
        self.used: set[str] = set()
        self.gathered = Gathered()

    def guardrail(self, document: Entries) -> Guardrail:
        top = Fields(document, "a guardrail document")
        for part in document.keys:
            self.gathered.attempt(lambda n=part: top.known(n, *_PARTS))  # type: ignore[misc]
        if top.text("guardrail") != "v1":
            refuse(top.get("guardrail"), "`guardrail` names the version of the language: v1")
        attempt = self.gathered.attempt
        name = attempt(lambda: top.word("policy", "id"))
        title = attempt(lambda: top.optional("title", text))
        attempt(lambda: self._read_boundaries(top))
        routes = attempt(lambda: self._routes(top))
        limits = self._each(top, "automate_only_if", self._limit)
        rules = self._rules(top)
        sampling = self._each(top, "sampling", self._sampling)
        claims = self._each(top, "claims", self._claim)
        thresholds = attempt(lambda: top.optional("thresholds", read_thresholds))
        breakers = attempt(lambda: top.optional("breakers", read_breakers))
        if self.gathered.problems:
            raise Wrong(self.gathered.problems.pop())
        if not limits:
            place = document.keys.get("automate_only_if", document.place)
            raise wrong(
                place,
                "a policy needs at least one line under `automate_only_if`",
                "Without a limit, every case that no rule speaks against is automated.",
            )
        used = asked_by((*(x.require for x in limits), *(x.when for x in rules)))
        return Guardrail(
            policy=name or "",
            title=title,
            facts={fact: kind for fact, kind in self._facts.items() if fact in used},
            boundaries=self._boundaries,
            routes=routes or Routes(),
            limits=limits,
            rules=rules,
            sampling=sampling,
            claims=claims,
            thresholds=thresholds,
            breakers=breakers,
        )

    def _each(self, top: Fields, name: str, read_one: Callable[[Node], T]) -> tuple[T, ...]:
        """Every item of a list, each with its own problems."""
        node = top.find(name)
        if node is None:
            return ()
        listed = self.gathered.attempt(lambda: items(node, name)) or []
        if len(listed) > MOST_RULES:
            refuse(
                node,
                f"`{name}` has {len(listed)} lines; at most {MOST_RULES} are read",
                "Split the policy.",
            )
        found = [
            self.gathered.attempt(lambda item=item: read_one(item))  # type: ignore[misc]
            for item in listed
        ]
        return tuple(part for part in found if part is not None)

    def _read_boundaries(self, top: Fields) -> None:
        node = top.find("boundaries")
        for name, item in (entries(node, "`boundaries`").entries if node else {}).items():
            place = node.keys[name] if isinstance(node, Entries) else item.place
            boundary = self.gathered.attempt(lambda n=name, i=item, p=place: _boundary(n, i, p))  # type: ignore[misc]
            if boundary is not None:
                self._boundaries[name] = boundary

    def _routes(self, top: Fields) -> Routes:
        node = top.find("routes")
        if node is None:
            return Routes()
        lanes = Fields(node, "`routes`").only("review", "escalate")
        return Routes(
            review=lanes.optional("review", _route) or Route(),
            escalate=lanes.optional("escalate", _route) or Route(),
        )

    def _limit(self, node: Node) -> Limit:
        line = Fields(node, "a limit").only("id", "require", "reason", "otherwise", "why")
        return Limit(
            id=self._id(line),
            require=self._condition(line.get("require"), "require", "limit"),
            reason=line.word("reason", "reason"),
            otherwise=line.optional("otherwise", _careful) or Lane.REVIEW,
            why=line.optional("why", text),
        )

    def _rules(self, top: Fields) -> tuple[Rule, ...]:
        """The rules, with each table in the place of its rows."""
        rules = tuple(rule for part in self._each(top, "rules", self._rules_of) for rule in part)
        if len(rules) > MOST_RULES:
            said = (
                f"`rules` and their tables make {len(rules)} rules; at most {MOST_RULES} are read"
            )
            refuse(top.get("rules"), said, "Split the policy.")
        return rules

    def _rules_of(self, node: Node) -> tuple[Rule, ...]:
        if isinstance(node, Entries) and "table" in node.entries:
            return self._table(node)
        line = Fields(node, "a rule").only("id", "when", *SHARED)
        name = self._id(line)
        when = self._condition(line.get("when"), "when", "rule")
        return (self._rule(line, name, when),)

    def _table(self, node: Node) -> tuple[Rule, ...]:
        found = [
            self.gathered.attempt(lambda row=row: self._row(row))  # type: ignore[misc]
            for row in rows(node, self._facts)
        ]
        return tuple(rule for rule in found if rule is not None)

    def _row(self, row: Row | Wrong) -> Rule:
        if isinstance(row, Wrong):
            raise row
        name = self._named(row.id, row.rule.place)
        scope = self._scope("rule")
        tests = [cell_condition(fact, cell, scope) for fact, cell in row.tests]
        if row.rule.find("when") is not None:
            tests.append(self._condition(row.rule.get("when"), "when", "rule"))
        return self._rule(row.rule, name, conjunction(tests))

    def _rule(self, line: Fields, name: str, when: Condition) -> Rule:
        unless = line.find("unless")
        return Rule(
            id=name,
            when=and_unless(
                when,
                None
                if unless is None
                else self._condition(unless, "unless", "rule", positive=False),
            ),
            then=_careful(line.get("then"), "then"),
            reason=line.word("reason", "reason"),
            if_unknown=line.optional("if_unknown", _careful) or Lane.REVIEW,
            queue=line.optional("queue", text),
            sla=line.optional("sla", duration),
            four_eyes=line.optional("four_eyes", yes_no) or False,
            why=line.optional("why", text),
        )

    def _sampling(self, node: Node) -> Sampling:
        line = Fields(node, "a sampling line").only("id", "of", "rate", "mode", "queue")
        mode = line.optional("mode", text) or "check-after"
        if mode != "check-after":
            refuse(line.get("mode"), f"`mode` is check-after, not {mode[:40]}")
        return Sampling(
            id=self._id(line),
            of=one_of(line.get("of"), "of", Lane),
            rate=share(line.get("rate"), "rate"),
            queue=line.optional("queue", text),
        )

    def _claim(self, node: Node) -> Claim:
        line = Fields(node, "a claim").only(
            "id", "never", "at_least", "when", "raising", "is", "why"
        )
        name = self._id(line)
        kinds = [kind for kind in ("never", "at_least", "raising") if line.find(kind) is not None]
        if len(kinds) != 1:
            refuse(node, "a claim says one of `never`, `at_least` and `raising`")
        if kinds == ["raising"]:
            line.only("id", "raising", "is", "why")
            return self._raising(line, name)
        line.only("id", kinds[0], "when", "why")
        lane = one_of(line.get(kinds[0]), kinds[0], Lane)
        when = self._condition(line.get("when"), "when", "claim")
        if kinds == ["never"]:
            return NeverClaim(id=name, lane=lane, when=when)
        return AtLeastClaim(id=name, lane=lane, when=when)

    def _raising(self, line: Fields, name: str) -> RaisingClaim:
        fact = line.text("raising")
        kind = self._facts.get(fact)
        if kind is not None and kind.personal:
            refuse(line.get("raising"), *personal_asked(fact))
        if not isinstance(kind, Number | Level):
            meant = did_you_mean(fact, self._facts) if kind is None else None
            refuse(
                line.get("raising"),
                f"`raising` names a number or a level, not {fact[:60]}",
                f"Did you mean {meant}?" if meant else None,
            )
        promise = line.text("is")
        if promise == "never-laxer":
            return RaisingClaim(id=name, fact=fact, promise="never-laxer")
        if promise == "never-stricter":
            return RaisingClaim(id=name, fact=fact, promise="never-stricter")
        said = f"`is` is never-laxer or never-stricter, not {promise[:40]}"
        raise wrong(line.get("is").place, said)

    def _id(self, line: Fields) -> str:
        return self._named(line.word("id", "id"), line.get("id").place)

    def _named(self, name: str, place: Place) -> str:
        """A name that no other line has."""
        if not WHITE["id"].fullmatch(name):
            said = f"`{clipped(name)}` is no id: it has letters, digits, - and _, at most 63"
            raise wrong(place, said, look_alike(name))
        if name == AUTOMATE:
            raise wrong(place, f"`{AUTOMATE}` is the name of the outcome and can't be an id")
        if name in self._ids:
            raise taken(place, f"the id {name} is taken", self._ids[name])
        self._ids[name] = place.line
        return name

    def _scope(self, guards: str) -> Scope:
        return Scope(self._facts, self._boundaries, guards, self._actions, self.used)

    def _condition(self, node: Node, name: str, guards: str, *, positive: bool = True) -> Condition:
        if not isinstance(node, Scalar):
            refuse(
                node,
                f"`{name}` is a condition in one text",
                "Put quotes around it when it has [ ] or { } at the beginning.",
            )
        scope = self._scope(guards)
        try:
            return typed(parse(node.text), scope, positive=positive)
        except SyntaxProblem as problem:
            raise wrong(node.inside(problem.at), problem.message, problem.hint) from None


def _boundary(name: str, node: Node, place: Place) -> Boundary:
    if not NAME.fullmatch(name):
        said = f"`{clipped(name)}` is no name for a boundary: it has letters, digits and _"
        raise wrong(place, said, look_alike(name))
    if isinstance(node, Scalar):
        return Boundary(value=number(node, name))
    line = Fields(node, f"the boundary {name}").only("value", "unit", "why")
    return Boundary(
        value=number(line.get("value"), "value"),
        unit=line.optional("unit", text),
        why=line.optional("why", text),
    )


def _route(node: Node, name: str) -> Route:
    line = Fields(node, f"the route {name}").only("queue", "sla")
    return Route(queue=line.optional("queue", text), sla=line.optional("sla", duration))


def _careful(node: Node, name: str) -> Lane:
    return one_of(node, name, Lane, but=(Lane.AUTOMATE,), why=_CAREFUL)
