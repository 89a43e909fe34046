"""The guardrail document: from an author's YAML to the policy the service obeys."""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import TypeVar

from adapters.authoring.fields import (
    Fields,
    Gathered,
    duration,
    entries,
    items,
    number,
    one_of,
    refuse,
    share,
    text,
    yes_no,
)
from adapters.authoring.nodes import Entries, Node, Place, Scalar, Wrong, read, wrong
from adapters.authoring.problems import AuthoringError
from adapters.authoring.syntax import SyntaxProblem, parse
from adapters.authoring.typing import Scope, personal_asked, typed
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
from domain.guardrail.facts import FactType, Level, Number, did_you_mean
from domain.values import Lane

T = TypeVar("T")
MOST_RULES = 1_000
_CAREFUL = "A policy can only make the outcome stricter; what nothing speaks against is automated."


def parse_guardrail(source: str, facts: Mapping[str, FactType]) -> Guardrail:
    """The policy that a document states, or an `AuthoringError` with everything wrong in it."""
    document = read(source)
    reader = _Document(facts)
    guardrail = reader.gathered.attempt(lambda: reader.guardrail(document))
    if reader.gathered.problems or guardrail is None:
        raise AuthoringError(tuple(reader.gathered.problems), source)
    return guardrail


def source_digest(source: str) -> str:
    """What identifies the very bytes that were signed."""
    return f"sha256:{sha256(source.encode()).hexdigest()}"


class _Document:
    """Reads one document; problems are gathered part by part."""

    def __init__(self, facts: Mapping[str, FactType]) -> None:
        self._facts = facts
        self._boundaries: dict[str, Boundary] = {}
        self._ids: dict[str, int] = {}
        self.gathered = Gathered()

    def guardrail(self, document: Entries) -> Guardrail:
        top = Fields(document, "a guardrail document").only(
            "guardrail",
            "policy",
            "title",
            "boundaries",
            "routes",
            "automate_only_if",
            "rules",
            "sampling",
            "claims",
        )
        if top.text("guardrail") != "v1":
            refuse(top.get("guardrail"), "`guardrail` names the version of the language: v1")
        attempt = self.gathered.attempt
        name = attempt(lambda: top.word("policy", "id"))
        title = attempt(lambda: top.optional("title", text))
        attempt(lambda: self._read_boundaries(top))
        routes = attempt(lambda: self._routes(top))
        limits = self._each(top, "automate_only_if", self._limit)
        rules = self._each(top, "rules", self._rule)
        sampling = self._each(top, "sampling", self._sampling)
        claims = self._each(top, "claims", self._claim)
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
            boundary = self.gathered.attempt(lambda n=name, i=item: _boundary(n, i))  # type: ignore[misc]
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

    def _rule(self, node: Node) -> Rule:
        line = Fields(node, "a rule").only(
            "id",
            "when",
            "unless",
            "then",
            "reason",
            "if_unknown",
            "queue",
            "sla",
            "four_eyes",
            "why",
        )
        unless = line.find("unless")
        return Rule(
            id=self._id(line),
            when=and_unless(
                self._condition(line.get("when"), "when", "rule"),
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
        name = line.word("id", "id")
        place = line.get("id").place
        if name == AUTOMATE:
            raise wrong(place, f"`{AUTOMATE}` is the name of the outcome and can't be an id")
        if name in self._ids:
            raise wrong(place, f"the id {name} is taken, in line {self._ids[name]}")
        self._ids[name] = place.line
        return name

    def _condition(self, node: Node, name: str, guards: str, *, positive: bool = True) -> Condition:
        if not isinstance(node, Scalar):
            refuse(
                node,
                f"`{name}` is a condition in one text",
                "Put quotes around it when it has [ ] or { } at the beginning.",
            )
        scope = Scope(self._facts, self._boundaries, guards)
        try:
            return typed(parse(node.text), scope, positive=positive)
        except SyntaxProblem as problem:
            raise wrong(_inside(node, problem.at), problem.message, problem.hint) from None


def _inside(scalar: Scalar, at: int) -> Place:
    """The place of a character of a condition in its document, as near as YAML lets it be told."""
    if scalar.raw == scalar.text:
        return Place(scalar.place.line, scalar.place.column + at)
    if scalar.raw[1:-1] == scalar.text:
        return Place(scalar.place.line, scalar.place.column + 1 + at)
    return scalar.place


def _boundary(name: str, node: Node) -> Boundary:
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
