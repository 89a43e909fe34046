"""The vocabulary of policies: every sentence a policy's specification may use, once.

A sentence is a plain function whose docstring says what it means; words in braces are places to
fill in, each of a kind listed in `WORDS`. The service's own features use the same functions, on a
scene that goes through the service instead of asking the policy alone.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from application.specifying.sentences import Table, Vocabulary, shaped
from domain.guardrail.facts import FactType, Number
from domain.model import Value
from domain.values import Lane

UNKNOWN = "unknown"


class Outcome(Value):
    """What came of it, as the sentences of a policy ask about it."""

    lane: Lane | None
    """How careful the policy is; none once the decision has ended."""
    standing: str
    rule: str
    codes: tuple[str, ...]
    queue: str | None
    due: timedelta | None
    four_eyes: bool
    authority: str | None
    missing: tuple[str, ...]
    because: str
    """What decided, on which values."""


class Scene(Protocol):
    """What the sentences of a policy are said about: known facts, and what came of them."""

    def concerns(self, title: str) -> None: ...

    def know(self, fact: str, value: str) -> None: ...

    def recommend(self, by: str, action: str) -> None: ...

    def decide(self) -> None: ...

    def outcome(self) -> Outcome: ...

    def fired(self) -> Sequence[str]:
        """The limits and rules that spoke against automating, by name."""
        ...


class Unclear(Exception):
    """A step that means nothing, or not one thing, or speaks of what the policy does not know."""


class Unmet(AssertionError):
    """What must have come of it has not."""


def expect(holds: bool, expected: str, found: str) -> None:
    """Say what was expected and what was found, or nothing."""
    if not holds:
        raise Unmet(f"expected {expected}; {found}")


# The kinds of words that sentences leave open

_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
_LANES = {
    **{lane.value: lane for lane in Lane},
    "automated": Lane.AUTOMATE,
    "reviewed": Lane.REVIEW,
    "escalated": Lane.ESCALATE,
}


@shaped(r"[A-Z][A-Za-z]*(?: (?!at\b|without\b)[a-z]+)*")
def title(text: str) -> str:
    """The title of a decision type: `Support triage`"""
    return text


@shaped(r"(?:an?|the) [a-z][a-z ]*")
def thing(text: str) -> str:
    """What the decision is about, in your words: `a request`, `an incident`"""
    return text


@shaped(r"(?:the )?[a-z][a-z0-9_]*(?: [a-z0-9_]+)*?")
def fact(text: str) -> str:
    """A fact of the decision type, with or without `the`: `confidence`, `the request type`"""
    return text.removeprefix("the ").replace(" ", "_")


@shaped(r".+")
def value(text: str) -> str:
    """What the fact holds: a number, a word, `yes`, `no`, or `unknown`"""
    return text


@shaped(r"(?!nothing\b)[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
def action(text: str) -> str:
    """A permitted action of the decision type: `clear_alert`"""
    return text


@shaped(r"(?:the|another) [a-z]+")
def producer(text: str) -> str:
    """Who recommends: `the assistant`, `another assistant`"""
    return text.removeprefix("the ")


@shaped(r"\d{1,6} (?:second|minute|hour|day)s?")
def duration(text: str) -> timedelta:
    """A time: `30 minutes`, `4 hours`, `1 day`"""
    number, unit = text.split()
    return timedelta(seconds=int(number) * _UNITS[unit.removesuffix("s")])


@shaped(r"automated?|review(?:ed)?|escalated?|held")
def outcome(text: str) -> str:
    """What the policy says, `automate`, `review`, `escalate`, or where the decision then stands:
    `automated`, `reviewed`, `escalated`, or `held` until a missing fact comes
    """
    return text


@shaped(r"automated?|review(?:ed)?|escalated?")
def lane(text: str) -> Lane:
    """`automated`, `reviewed` or `escalated`, in the order of caution; the policy's own words,
    `automate`, `review` and `escalate`, say the same
    """
    return _LANES[text]


@shaped(r"[A-Za-z][A-Za-z0-9_-]*")
def name(text: str) -> str:
    """The name of a rule, a limit or a queue as the policy gives it: `refund-limit`; an
    exception that decides is named by its code
    """
    return text


@shaped(r"[A-Z][A-Z0-9_]*(?:\.[A-Z0-9_.]+)?|(?:ROUTE\.)?within_limits")
def code(text: str) -> str:
    """A reason or an exception from the policy or the closed list: `RISK_ABOVE_LIMIT`"""
    return text


@shaped(r".+")
def words(text: str) -> str:
    """Free words"""
    return text


WORDS = (title, thing, fact, value, action, producer, duration, outcome, lane, name, code, words)
POLICY = Vocabulary(WORDS)
given, when, then = POLICY.given, POLICY.when, POLICY.then

# The givens: what is known


@given("the decision type {title:title}")
def concerning(scene: Scene, title: str) -> None:
    """This decision type is in force as its file has it: owners, actions, policy."""
    scene.concerns(title)


@given("{thing:thing}, of which we know")
def known(scene: Scene, thing: str, datatable: Table) -> None:  # noqa: ARG001 - it is only said
    """What is known, as a table: a fact and its value on each line."""
    told: set[str] = set()
    for line in datatable:
        expect(len(line) == 2, "a fact and its value on each line", f"found {' | '.join(line)}")
        name = fact(line[0])
        if name in told:
            raise Unclear(f"{name} stands in the table twice")
        told.add(name)
        scene.know(name, line[1])


@given("{fact:fact} is {value:value}")
def being(scene: Scene, fact: str, value: str) -> None:
    """One fact is this; it replaces what was said of the fact before."""
    scene.know(fact, value)


@given("the producer gives no {fact:fact}")
def absent(scene: Scene, fact: str) -> None:
    """The recommendation comes without this fact."""
    scene.know(fact, UNKNOWN)


# When: what is decided on


@when("{producer:producer} recommends {action:action}")
def recommended(scene: Scene, producer: str, action: str) -> None:
    """A producer recommends an action, on what is known now. It is always about the same
    subject.
    """
    scene.recommend(producer, action)


@when("the policy decides")
def decided(scene: Scene) -> None:
    """The action that was given is recommended, on what is known now."""
    scene.decide()


# Then: what must have come of it


@then("the decision is {outcome:outcome}")
def stands(scene: Scene, outcome: str) -> None:
    """The policy says this, or the decision stands here now."""
    found = scene.outcome()
    holds = outcome in (found.lane, found.standing)
    expect(holds, f"it to be {outcome}", found.because)


@then("the decision is at least {lane:lane}")
def careful(scene: Scene, lane: Lane) -> None:
    """The decision gets this much caution, or more; held counts as reviewed."""
    found = scene.outcome()
    holds = found.lane is not None and found.lane.caution >= lane.caution
    expect(holds, f"it to be at least {lane}", found.because)


@then("rule {rule:name} decides")
def deciding(scene: Scene, rule: str) -> None:
    """Of all that spoke, this rule or limit decided. `automate` decides when nothing spoke
    against.
    """
    found = scene.outcome()
    expect(found.rule == rule, f"rule {rule} to decide", found.because)


@then("rule {rule:name} fires")
def fires(scene: Scene, rule: str) -> None:
    """This rule or limit speaks against automating, whether it decides or not."""
    because = scene.outcome().because
    expect(rule in scene.fired(), f"rule {rule} to fire", because)


@then("rule {rule:name} does not fire")
def silent(scene: Scene, rule: str) -> None:
    """This rule or limit does not speak against automating."""
    because = scene.outcome().because
    expect(rule not in scene.fired(), f"rule {rule} not to fire", because)


@then("the reason {code:code} is given")
def given_reason(scene: Scene, code: str) -> None:
    """This is among the reasons: all of them are given, not only the one that decided."""
    found = scene.outcome()
    expect(code in _known(found), f"the reason {code}", found.because)


@then("the reason is not {code:code}")
def other_reason(scene: Scene, code: str) -> None:
    """This is not among the reasons."""
    found = scene.outcome()
    expect(code not in _known(found), f"no reason {code}", found.because)


@then("it waits in the queue {queue:name}")
def waits(scene: Scene, queue: str) -> None:
    """This is where people find it."""
    found = scene.outcome()
    expect(found.queue == queue, f"the queue {queue}", f"it waits in {found.queue or 'none'}")


@then("it is due in {duration:duration}")
def due(scene: Scene, duration: timedelta) -> None:
    """It must be decided this long after now."""
    found = scene.outcome().due
    expect(found == duration, f"it due in {duration}", f"it is due in {found or 'no time'}")


@then("it waits for {facts:words}")
def waiting(scene: Scene, facts: str) -> None:
    """These facts are missing, and nothing happens before they come."""
    wanted = tuple(sorted(fact(each) for each in facts.split(" and ")))
    found = scene.outcome().missing
    shown = ", ".join(found) or "nothing"
    expect(found == wanted, f"{' and '.join(wanted)} to be missing", f"missing is {shown}")


@then("that is on the policy's authority")
def by_policy(scene: Scene) -> None:
    """Written policy allowed it; no person was asked."""
    found = scene.outcome()
    expect(found.authority == "policy", "the policy's authority", found.because)


@then("two people must agree")
def four_eyes(scene: Scene) -> None:
    """The decision asks for four eyes."""
    found = scene.outcome()
    expect(found.four_eyes, "two people to be asked", found.because)


@then("one person is enough")
def two_eyes(scene: Scene) -> None:
    """The decision does not ask for four eyes."""
    found = scene.outcome()
    expect(not found.four_eyes, "one person to be enough", found.because)


def _known(found: Outcome) -> set[str]:
    """The codes of the reasons, with and without their family."""
    return {*found.codes, *(code.partition(".")[2] for code in found.codes)}


def raw_value(declared: FactType | None, text: str) -> bool | str | list[str]:
    """A fact's value as a producer would send it; quotes around it are no part of it."""
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1]
    match declared.type if declared else None:
        case "yes_no" if text in ("yes", "no", "true", "false"):
            return text in ("yes", "true")
        case "tags":
            return [word for part in text.split(",") if (word := part.strip())]
        case "number" if isinstance(declared, Number) and declared.unit:
            return text.removesuffix(declared.unit).rstrip()
        case _:
            return text
