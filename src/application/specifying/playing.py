"""Playing: one example of a specification, run against a policy in process.

A policy is asked as if its decision type might automate: what the kill switch, the stage and empty
seats add is no matter of the policy, and is specified with the service. What the actions add that
can't be undone is, since a policy is written for these actions.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, NamedTuple

from application.explaining import with_facts
from application.specifying.reading import Example, Step
from application.specifying.sentences import KINDS
from application.specifying.vocabulary import POLICY, UNKNOWN, Outcome, Unclear, Unmet, raw_value
from domain.decision_type.definition import DecisionTypeDefinition
from domain.decision_type.state import DecisionType, Status, stream_id
from domain.guardrail.document import AUTOMATE, Guardrail, Limit, Rule
from domain.guardrail.evaluate import CANNOT_CHECK, evaluate
from domain.guardrail.explaining import single_changes
from domain.guardrail.facts import (
    Choice,
    Facts,
    FactType,
    Unusable,
    allowed,
    clipped,
    did_you_mean,
    normalise,
)
from domain.model import OWNER_SEATS
from domain.policy.aggregate import PolicyVersion
from domain.routing import WITHIN_LIMITS, Case, Ruling, route
from domain.values import ExceptionCode, FactValue, Lane, Recommendation, Stage

_CONFIDENCE, _RISK, _ACTION = "confidence", "risk", "action"
_STANDINGS = {Lane.AUTOMATE: "automated", Lane.REVIEW: "reviewed", Lane.ESCALATE: "escalated"}
_REVERSIBILITY = "reversibility"


class Asked(NamedTuple):
    """The policy that examples are played against, and the decision type it is written for."""

    decision_type: DecisionType
    policy: PolicyVersion

    @property
    def definition(self) -> DecisionTypeDefinition:
        return self.decision_type.definition

    @property
    def guardrail(self) -> Guardrail:
        return self.policy.guardrail

    def instead(self, guardrail: Guardrail) -> "Asked":
        """The same with another policy."""
        return Asked(self.decision_type, _version(guardrail))


def asked(definition: DecisionTypeDefinition, guardrail: Guardrail) -> Asked:
    """A policy to be asked as if everybody were there and everything might be automated."""
    present = {seat: definition.owners.get(seat, definition.fallback_owner) for seat in OWNER_SEATS}
    decision_type = DecisionType(
        id=stream_id(definition.name),
        version=0,
        definition=definition.model_copy(update={"reviewers": None}),
        owners=present,
        status=Status.ACTIVE,
        stage=Stage.FULL,
    )
    return Asked(decision_type, _version(guardrail))


def _version(guardrail: Guardrail) -> PolicyVersion:
    return PolicyVersion.model_construct(
        version=0, source="", source_digest="", guardrail=guardrail, digest="", drafted_by=""
    )


def parts_of(guardrail: Guardrail) -> tuple[Limit | Rule, ...]:
    """The limits and rules of a policy."""
    return (*guardrail.limits, *guardrail.rules)


class Ready(NamedTuple):
    """One step, understood: the function it is and what it is called with."""

    step: Step
    call: Callable[..., None]
    places: Mapping[str, Any]


class Play:
    """One example's case: what is known, and what the policy said of it."""

    def __init__(self, policy: Asked, forced: Facts | None = None) -> None:
        self._asked = policy
        self._forced = forced
        self._facts: dict[str, FactValue] = {}
        self._ruling: Ruling | None = None
        self.decided_on: Facts | None = None

    def concerns(self, title: str) -> None:
        known = self._asked.definition.title
        if title != known:
            raise Unclear(f"this is a policy for {known}, not for {clipped(title)}")

    def know(self, fact: str, value: str) -> None:
        declared = self._declared()
        kind = declared.get(fact)
        if kind is None:
            raise Unclear(_unknown("fact", fact, declared))
        if value == UNKNOWN:
            self._facts.pop(fact, None)
            return
        if kind.personal:
            raise Unclear(f"{fact} is about a person, and no policy may ask about it")
        known = normalise(fact, kind, raw_value(kind, value))
        if isinstance(known, Unusable):
            raise Unclear(f"{fact}: found {clipped(value)}; allowed is {allowed(kind)}")
        self._facts[fact] = known

    def recommend(self, by: str, action: str) -> None:  # noqa: ARG002 - whoever it is
        self.know(_ACTION, action)
        self.decide()

    def decide(self) -> None:
        facts: Facts = dict(self._facts) if self._forced is None else self._forced
        if _ACTION not in facts:
            raise Unclear("no action is recommended; say which: Given action is …")
        self.decided_on = facts
        self._ruling = route(_case(facts), self._asked.decision_type, self._asked.policy)

    def outcome(self) -> Outcome:
        ruling = self.ruling()
        standing = "held" if ruling.missing else _STANDINGS[ruling.lane]
        return Outcome(
            lane=ruling.lane,
            standing=standing,
            rule=ruling.rule,
            codes=tuple(reason.code for reason in ruling.reasons),
            queue=self._queue(ruling),
            due=self._due(ruling),
            four_eyes=ruling.four_eyes,
            authority="policy" if ruling.lane is Lane.AUTOMATE else None,
            missing=ruling.missing,
            because=_because(ruling, standing),
        )

    def fired(self) -> Sequence[str]:
        self.ruling()
        assert self.decided_on is not None, "there is a ruling"
        spoke = evaluate(self._asked.guardrail, self.decided_on).contributions
        return [c.id for c in spoke if not c.unknown]

    def ruling(self) -> Ruling:
        if self._ruling is None:
            raise Unclear("nothing was decided yet; say before it: When the policy decides")
        return self._ruling

    def _declared(self) -> dict[str, FactType]:
        definition = self._asked.definition
        return {**definition.facts, _ACTION: Choice(values=tuple(definition.actions))}

    def _queue(self, ruling: Ruling) -> str | None:
        """Where people find it: what the service falls back on included."""
        if ruling.lane is Lane.AUTOMATE:
            return None
        defaults = self._asked.definition.exceptions
        if ruling.missing:
            return defaults[ExceptionCode.MISSING_INPUT].queue
        leading = ruling.exceptions[0] if ruling.exceptions else ExceptionCode.POLICY_ERROR
        return ruling.queue or defaults[leading].queue

    def _due(self, ruling: Ruling) -> timedelta | None:
        levels = self._asked.definition.service_levels
        if ruling.lane is Lane.AUTOMATE:
            return None
        if ruling.missing:
            return self._asked.definition.exceptions[ExceptionCode.MISSING_INPUT].deadline
        default = levels.review if ruling.lane is Lane.REVIEW else levels.escalate
        return ruling.sla or default


class Played(NamedTuple):
    """How an example went: the facts it decided on, and the step that did not hold, if any."""

    decided_on: Facts
    failed: Ready | None = None
    expected: str = ""


def ready(example: Example, policy: Asked) -> tuple[Ready, ...]:
    """The steps of an example, each understood as exactly one sentence, or `Unclear`."""
    whens = sum(step.kind == "when" for step in example.steps)
    if whens != 1:
        raise Unclear(
            f"an example has one When, such as: When the policy decides; found are {whens}"
        )
    understood: list[Ready] = []
    for step in example.steps:
        try:
            understood.append(_understood(step, policy))
        except Unclear as unclear:
            raise Unclear(
                _at(step.line, f"{step.kind.title()} {clipped(step.text)}: {unclear}")
            ) from None
    return tuple(understood)


def play(steps: Iterable[Ready], policy: Asked, forced: Facts | None = None) -> Played:
    """Run an example, on other facts if some are given; a step that means nothing is `Unclear`."""
    scene = Play(policy, forced)
    for each in steps:
        try:
            each.call(scene, **each.places)
        except Unmet as unmet:
            return Played(scene.decided_on or {}, each, str(unmet))
        except Unclear as unclear:
            text = f"{each.step.kind.title()} {clipped(each.step.text)}: {unclear}"
            raise Unclear(_at(each.step.line, text)) from None
    return Played(scene.decided_on or {})


def remedy(steps: Sequence[Ready], played: Played, policy: Asked) -> str | None:
    """The smallest change of a single fact that would have made the example hold."""

    def holds(facts: Facts) -> bool:
        with suppress(Unclear):
            return play(steps, policy, facts).failed is None
        return False

    actions = Choice(values=tuple(policy.definition.actions))
    known = {**policy.guardrail.facts, _ACTION: actions}
    permitted = policy.guardrail.model_copy(update={"facts": known})
    changes = single_changes(permitted, played.decided_on, holds)
    return changes[0].text if changes else None


def _case(facts: Facts) -> Case:
    said = Recommendation.model_construct(action=str(facts[_ACTION]))
    return with_facts(Case(said, {_ACTION: facts[_ACTION]}), facts)


def _understood(step: Step, policy: Asked) -> Ready:
    meanings = POLICY.meanings(step.kind, step.text)
    if not meanings:
        raise Unclear(_no_sentence(step))
    if len(meanings) > 1:
        several = " and ".join(f"`{sentence.shown}`" for sentence, _ in meanings)
        raise Unclear(f"it means more than one thing: {several}")
    sentence, places = meanings[0]
    takes_table = "datatable" in sentence.step.__annotations__
    if takes_table != (step.table is not None):
        raise Unclear("a table must stand under it" if takes_table else "it takes no table")
    _check_names(step, sentence.words, places, policy)
    return Ready(
        step, sentence.step, {**places, **({"datatable": step.table} if takes_table else {})}
    )


def _no_sentence(step: Step) -> str:
    if (elsewhere := _said_elsewhere(step)) is not None:
        return elsewhere
    meant = POLICY.nearest(step.kind, step.text)
    hint = f"; did you mean `{meant.shown}`?" if meant else ""
    return f"no sentence reads like this{hint} (`remit spec words` lists them)"


def _said_elsewhere(step: Step) -> str | None:
    """Whether the sentence is one, but not after this word."""
    kinds = [
        kind
        for kind in KINDS.values()
        if any("value" not in sentence.words for sentence, _ in POLICY.meanings(kind, step.text))
    ]
    return f"this is said after {kinds[0].title()}" if kinds and step.kind not in kinds else None


def _check_names(
    step: Step,
    words: Mapping[str, Callable[..., object]],
    places: Mapping[str, object],
    policy: Asked,
) -> None:
    """A name that the policy doesn't have is a slip of the pen, not an expectation."""
    for place, word in words.items():
        said = str(places[place])
        if place == "fact" and said not in (facts := policy.definition.facts):
            then = "this is said after Then" if POLICY.meanings("then", step.text) else None
            raise Unclear(then or _unknown("fact", said, facts))
        if place == "rule" and said not in (known := _rules(policy.guardrail)):
            raise Unclear(_unknown("limit or rule", said, known))
        if word.__name__ == "code" and said not in (known := _codes(policy.guardrail)):
            raise Unclear(_unknown("reason", said, known))


def _rules(guardrail: Guardrail) -> list[str]:
    return [*(part.id for part in parts_of(guardrail)), AUTOMATE, _REVERSIBILITY, *ExceptionCode]


def _codes(guardrail: Guardrail) -> list[str]:
    reasons = [part.reason for part in parts_of(guardrail)]
    plain = [
        *reasons,
        *(CANNOT_CHECK + rule.reason for rule in guardrail.rules),
        _REVERSIBILITY.upper(),
        *map(str, ExceptionCode),
    ]
    families = [f"ROUTE.{code}" for code in plain] + [code.reason_code for code in ExceptionCode]
    return [*plain, *families, WITHIN_LIMITS, WITHIN_LIMITS.partition(".")[2]]


def _unknown(what: str, said: str, known: Iterable[str]) -> str:
    names = list(known)
    meant = did_you_mean(said, names)
    hint = f"did you mean {meant}?" if meant else f"there are {', '.join(names[:12])}"
    return f"there is no {what} {clipped(said)}; {hint}"


def _because(ruling: Ruling, standing: str) -> str:
    """What decided, on which values: what a reader wants to know when an expectation fails."""
    reasons = "; ".join(f"{reason.text} ({reason.code})" for reason in ruling.reasons)
    return f"it is {standing} by rule {ruling.rule}: {reasons}"


def _at(line: int, text: str) -> str:
    return f"line {line}: {text}"
