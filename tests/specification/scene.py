"""The scene a scenario plays in: what is known, who is who, what was decided, what was refused."""

import re
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from doors import Door, Line, Particulars, Refused, Step

from adapters.authoring import AdoptionFile, parse_decision_type, source_digest
from adapters.clock import HeldClock
from application.arbitrating import Arbitrate
from application.desk import Caller, Desk
from application.governing import Adoption, Switch, adopt
from application.halting import Halt
from application.ports import Identity
from application.reviewing import Claim
from application.specifying.vocabulary import UNKNOWN, Outcome, raw_value
from application.timing import strike
from application.views import ClaimView, DecisionView
from domain.decision.reviewing import Choice
from domain.decision.state import Status
from domain.decision_type.definition import DecisionTypeDefinition
from domain.decision_type.events import LifeEvent
from domain.decision_type.state import DecisionType, fold
from domain.model import Seat
from domain.values import Disposition, Lane

ROOT = Path(__file__).parents[2]
SHELVES = (ROOT / "catalogue", ROOT / "docs" / "tutorial")
"""Where decision types are looked for, by the name of their file."""

SUBJECT = "the customer"
OPERATOR = Caller(Identity("the operator", "human", {}))
AUDITOR = Identity("the auditor", "human", {"*": frozenset({"auditor"})})


@cache
def _on_the_shelf(name: str) -> tuple[AdoptionFile, str]:
    """A decision type's file; read once, as hundreds of scenarios ask for it."""
    for shelf in SHELVES:
        file = shelf / f"{name}.yaml"
        if file.exists():
            source = file.read_text(encoding="utf-8")
            return parse_decision_type(source), source
    raise AssertionError(f"there is no {name}.yaml in {', '.join(s.name for s in SHELVES)}")


def source_of(name: str) -> str:
    """A decision type's file as it is written."""
    return _on_the_shelf(name)[1]


def adoption(title: str, **changes: Any) -> Adoption:
    """What adopting the decision type of this title puts into force."""
    file, _ = _on_the_shelf(title.lower().replace(" ", "_"))
    definition = file.definition.model_copy(update=changes)
    return Adoption(definition, file.policy_text, source_digest(file.policy_text), file.guardrail)


@dataclass
class Said:
    """A recommendation as it was made, so that it can be said again."""

    by: str
    words: dict[str, Any]
    key: str


@dataclass
class Scene:
    """One scenario's world. Time stands still in it until a step lets it pass."""

    door: Door
    desk: Desk
    clock: HeldClock
    definition: DecisionTypeDefinition | None = None
    facts: dict[str, str] = field(default_factory=dict)
    people: dict[str, set[Seat]] = field(default_factory=dict)
    everywhere: dict[str, set[Seat]] = field(default_factory=dict)
    """The seats people hold for every decision type there is."""
    said: list[Said] = field(default_factory=list)
    answers: list[DecisionView] = field(default_factory=list)
    """The decisions there are, in the order they were first heard of, as last answered."""
    claims: dict[str, ClaimView] = field(default_factory=dict)
    """What each person claimed last."""
    conflict: UUID | None = None
    lapses_after: timedelta | None = None
    model_version: str = "1"
    refusal: Refused | None = None
    outside: dict[str, Any] = field(default_factory=dict[str, Any])
    """Who is told of what happens, by name: teams and rooms."""
    noticed: bool = False
    """Whether the scenario said anything about the refusal."""
    recorded_before: int = 0

    # Who and what

    @property
    def type(self) -> DecisionTypeDefinition:
        assert self.definition is not None, "no decision type was given: say which one first"
        return self.definition

    def adopts(self, kind: Adoption) -> None:
        """Put a decision type into force, with its owners in their seats."""
        self.door.prepare(adopt(kind, OPERATOR, self.desk))
        self.takes_seats(kind.definition)

    def takes_seats(self, definition: DecisionTypeDefinition) -> None:
        """The owners that a decision type names sit in their seats."""
        self.definition = definition
        self.seats(definition.fallback_owner)
        for seat, person in definition.owners.items():
            self.seats(person).add(seat)

    def folded(self, events: tuple[LifeEvent, ...]) -> DecisionType:
        state = fold(events)
        assert state is not None
        return state

    def seats(self, person: str) -> set[Seat]:
        return self.people.setdefault(person, set())

    def identity(self, id: str) -> Identity:
        """A person with the seats they hold, or a service that makes recommendations."""
        if id in self.everywhere:
            return Identity(id, "human", {"*": frozenset(map(str, self.everywhere[id]))})
        if id in self.people:
            held = frozenset(map(str, self.people[id]))
            return Identity(id, "human", {self.type.name: held} if held else {})
        return Identity(id, "service", {self.type.name: frozenset({"producer"})})

    # What a policy's own sentences ask of a scene

    def concerns(self, title: str) -> None:
        self.adopts(adoption(title))

    def decide(self) -> None:
        facts = dict(self.facts)
        action = facts.pop("action")
        self.facts, kept = facts, self.facts
        self.recommend("assistant", action)
        self.facts = kept

    def outcome(self) -> Outcome:
        decision = self.decision
        due = decision.due_at
        return Outcome(
            lane=lane_of(decision),
            standing=standing(decision),
            rule=decision.policy.rule if decision.policy else "NO_POLICY",
            codes=tuple(reason.code for reason in decision.reasons),
            queue=decision.queue,
            due=None if due is None else due - self.clock.now(),
            four_eyes=decision.four_eyes,
            authority=decision.authority,
            missing=decision.missing,
            because=because(decision),
        )

    def fired(self) -> list[str]:
        trace = self.door.explanation(AUDITOR, self.decision.id).trace
        speaks = {"limit": "false", "rule": "true"}
        return [line.id for line in trace if line.result == speaks[line.kind]]

    # What is recommended

    def recommend(self, by: str, action: str, subject: str = SUBJECT) -> None:
        """Make a recommendation on what is known now, under a name of its own."""
        self.say(Said(by, self.words(action, subject), f"recommendation {len(self.said) + 1}"))

    def words(self, action: str, subject: str) -> dict[str, Any]:
        """What is known now, as a producer would say it."""
        facts = dict(self.facts)
        sure = {name: facts.pop(name) for name in ("confidence", "risk") if name in facts}
        words: dict[str, Any] = {
            "decision_type": self.type.name,
            "subject": subject,
            "recommendation": {"action": action, **sure},
            "model": {"name": "the assistant's model", "version": self.model_version},
            "context": {name: self.value(name, text) for name, text in facts.items()},
        }
        if self.lapses_after:
            words["expires_at"] = (self.clock.now() + self.lapses_after).isoformat()
        return words

    def say(self, said: Said) -> None:
        self.said.append(said)

        def speak() -> DecisionView:
            return self.door.recommend(self.identity(said.by), said.words, said.key)

        answer = self.attempt(speak)
        if answer is None:
            return
        known = [decision.id for decision in self.answers]
        if answer.id in known:
            self.answers[known.index(answer.id)] = answer
        else:
            self.answers.append(answer)

    def last_said(self, by: str) -> Said:
        return next(said for said in reversed(self.said) if said.by == by)

    def know(self, fact: str, value: str) -> None:
        if value == UNKNOWN:
            self.facts.pop(fact, None)
        else:
            self.facts[fact] = value

    def value(self, fact: str, text: str) -> Any:
        """A fact's value as a producer would send it."""
        return raw_value(self.type.context.get(fact), text)

    # What is done about it

    def act(self, by: str, verb: str, body: Particulars) -> None:
        id = self.decision.id
        self.attempt(lambda: self.door.act(self.identity(by), id, verb, body))

    def claim(self, by: str, lease: timedelta) -> None:
        id = self.decision.id
        command = Claim(lease_seconds=int(lease.total_seconds()))
        claimed = self.attempt(lambda: self.door.claim(self.identity(by), id, command))
        if claimed is not None:
            self.claims[by] = claimed

    def claim_next(self, by: str, queue: str) -> None:
        """Take on the next one of a queue: from then on the scenario is about that one."""
        self.claims.pop(by, None)
        claimed = self.attempt(lambda: self.door.claim_next(self.identity(by), queue))
        if claimed is not None:
            self.claims[by] = claimed
            known = [each for each in self.answers if each.id != claimed.decision.id]
            self.answers = [*known, claimed.decision]

    def dispose(
        self,
        by: str,
        disposition: Disposition,
        *,
        action: str | None = None,
        parameters: dict[str, Any] | None = None,
        reason: str | None = None,
        comment: str | None = None,
    ) -> None:
        """Dispose of the decision, on the strength of what this person last claimed."""
        claim = self.claims.get(by)
        choice = Choice(
            disposition=disposition,
            action=action,
            parameters=parameters,
            reason_code=reason,
            comment=comment,
            lease_token=str(claim.lease.token) if claim else "none",
            action_digest=claim.action_digest if claim else "none",
        )
        waits_above = standing(self.decision) == "escalated"
        self.act(by, "resolve" if waits_above else "review", choice)

    def switch(self, by: str, verb: str, command: Switch) -> None:
        self.attempt(lambda: self.door.switch(self.identity(by), self.type.name, verb, command))

    def halt(self, by: str, verb: str, command: Halt) -> None:
        self.attempt(lambda: self.door.halt(self.identity(by), verb, command))

    def drafts(self, by: str, boundary: str, value: str) -> None:
        """Write a version that differs in one boundary from the policy on the shelf."""
        name = self.type.name
        file, _ = _on_the_shelf(name)
        text, changed = re.subn(
            rf"(\b{boundary}:\s*{{value: )[^,}}]+", rf"\g<1>{value}", file.policy_text
        )
        assert changed, f"the policy has no boundary {boundary}"
        self.attempt(lambda: self.door.draft(self.identity(by), name, text))

    def waives(self, by: str) -> None:
        self.attempt(lambda: self.door.waive(self.identity(by), self.type.name))

    def step(self, by: str, step: Step) -> None:
        self.attempt(lambda: self.door.step(self.identity(by), self.type.name, step))

    def state_of(self, version: int) -> str:
        """How far a version of the policy has come."""
        self.unnoticed_refusal()
        state = self.door.versions(AUDITOR, self.type.name)[version]
        return state.replace("_", " ")

    def seat(self, by: str, person: str, seat: Seat) -> None:
        name = self.type.name
        seated = self.attempt(lambda: self.door.seat(self.identity(by), name, seat, person))
        if seated:
            self.seats(person).add(seat)

    def vacate(self, by: str, seat: Seat) -> None:
        name = self.type.name
        self.attempt(lambda: self.door.seat(self.identity(by), name, seat, None))

    def arbitrate(self, by: str, command: Arbitrate) -> None:
        held_in = (decision.conflict for decision in map(self._now, self.answers))
        self.conflict = next(filter(None, held_in), self.conflict)
        conflict = self.conflict
        assert conflict is not None, "there is no conflict to settle"
        self.attempt(lambda: self.door.arbitrate(self.identity(by), conflict, command))

    # What comes of it

    def attempt(self, act: Any) -> Any:
        """Do it, and remember if it is refused: a scenario must say so or it fails."""
        self.unnoticed_refusal()
        self.refusal, self.noticed = None, False
        self.recorded_before = self.recorded
        try:
            return act()
        except Refused as refused:
            self.refusal = refused
            return None

    def unnoticed_refusal(self) -> None:
        """Fail if something was refused and the scenario did not say that it would be."""
        if self.refusal is not None and not self.noticed:
            raise AssertionError(f"it was refused: {self.refusal}")

    @property
    def recorded(self) -> int:
        """How many events there are on record."""
        return len(self.door.prepare(self.desk.log.after(0, limit=100_000)))

    @property
    def decision_id(self) -> UUID:
        """Of the decision the scenario is about."""
        assert self.answers, "there is no decision yet: somebody recommends something first"
        return self.answers[-1].id

    @property
    def decision(self) -> DecisionView:
        """The decision the scenario is about: the last one, as it stands now."""
        self.unnoticed_refusal()
        assert self.answers, "there is no decision yet: somebody recommends something first"
        return self._now(self.answers[-1])

    def _now(self, known: DecisionView) -> DecisionView:
        return self.door.decision(AUDITOR, known.id)

    def trail(self) -> list[Line]:
        return self.door.trail(AUDITOR, self.decision.id)

    def measured(self, measure: str) -> tuple[int, int]:
        """How many of how many, over all decisions so far."""
        self.unnoticed_refusal()
        return self.door.measured(AUDITOR, self.type.name, MEASURES[measure])

    def decision_of(self, producer: str) -> DecisionView:
        """The last decision on what this producer recommended."""
        self.unnoticed_refusal()
        mine = [d.id for d in self.answers if d.producer == producer]
        assert mine, f"{producer} has recommended nothing"
        return self.door.decision(AUDITOR, mine[-1])

    def let_pass(self, time: timedelta) -> None:
        """Let time pass; whoever keeps the clock looks at every decision."""
        self.unnoticed_refusal()
        self.clock.advance(time)
        for known in self.answers:
            self.door.prepare(strike(known.id, self.desk))

    def prepare(self, use_case: Coroutine[Any, Any, Any]) -> Any:
        return self.door.prepare(use_case)


MEASURES = {
    "straight-through rate": ("flow", "straight_through_rate"),
    "exception rate": ("flow", "exception_rate"),
    "escalation rate": ("flow", "escalation_rate"),
    "override rate": ("agreement", "override_rate"),
    "quality overturn rate": ("agreement", "quality_overturn_rate"),
    "coverage": ("adoption", "coverage"),
    "bypass rate": ("adoption", "bypass_rate"),
}

STANDINGS: dict[str, frozenset[Status]] = {
    "held": frozenset({Status.HELD}),
    "reviewed": frozenset(
        {Status.IN_REVIEW, Status.AWAITING_INFORMATION, Status.AWAITING_SECOND_REVIEW}
    ),
    "escalated": frozenset({Status.ESCALATED}),
    **{end.value: frozenset({end}) for end in Status if end.is_end},
}
LANES = {
    "automated": Lane.AUTOMATE,
    "reviewed": Lane.REVIEW,
    "escalated": Lane.ESCALATE,
}


def standing(decision: DecisionView) -> str:
    """Where a decision stands, in the words of a feature."""
    for words, states in STANDINGS.items():
        if decision.state in states:
            return words
    return "automated" if decision.authority == "policy" else "decided by a person"


def lane_of(decision: DecisionView) -> Lane | None:
    """How careful policy is with a decision; held counts as reviewed, if it wasn't routed yet."""
    if standing(decision) == "held":
        return decision.lane or Lane.REVIEW
    return LANES.get(standing(decision))


def because(decision: DecisionView) -> str:
    """What decided, on which values: what a reader wants to know when an expectation fails."""
    rule = decision.policy.rule if decision.policy else "no policy"
    reasons = "; ".join(f"{reason.text} ({reason.code})" for reason in decision.reasons)
    return f"it is {standing(decision)} by rule {rule}: {reasons or 'no reason yet'}"
