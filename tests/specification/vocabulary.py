"""The vocabulary of the features: every sentence a feature file may use, once.

A sentence is a plain function. Its docstring is what `docs/features.md` says about it; words in
braces are places to fill in, each of a kind listed in `WORDS`. No sentence may overlap another.
Those on what a policy says are the service's own, which its gate runs without these doors.
"""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from doors import Line, Nothing, Step
from pytest_bdd import given, parsers, then, when
from scene import (
    AUDITOR,
    MEASURES,
    OPERATOR,
    STANDINGS,
    Said,
    Scene,
    adoption,
    because,
    standing,
)

from application.arbitrating import Arbitrate
from application.delivering import Reverse
from application.governing import Switch
from application.informing import Inform
from application.observing import Outcome, QualityVerdict, Remark, Reply
from application.specifying import vocabulary as policies
from application.specifying.sentences import Sentence, shaped
from application.specifying.vocabulary import expect, producer
from domain.decision.acting import Report
from domain.decision_type import commands as types
from domain.model import Actor, ActorKind, Seat
from domain.values import Disposition, ExceptionCode, Stage

# The kinds of words that sentences leave open, besides those of policies


@shaped(r"[A-Z][a-z]+(?: [A-Z][a-z]+)?")
def person(text: str) -> str:
    """Somebody's name: `Rae`, `Ana Ferreira`"""
    return text.lower().replace(" ", ".")


@shaped(r"decision owner|AI product owner|risk owner|escalation owner")
def seat(text: str) -> Seat:
    """One of the four owners' seats: `decision owner`, `AI product owner`, `risk owner`,
    `escalation owner`
    """
    return Seat(text.lower().replace(" ", "_"))


@shaped(r"reviewer|quality reviewer")
def role(text: str) -> Seat:
    """`reviewer` or `quality reviewer`"""
    return Seat(text.replace(" ", "_"))


@shaped(r"auditor|administrator")
def office(text: str) -> Seat:
    """`auditor` or `administrator`: who takes no part in decisions"""
    return Seat(text)


@shaped(r"observe|assist|partial|full")
def stage(text: str) -> Stage:
    """How far automation may go: `observe`, `assist`, `partial`, `full`"""
    return Stage(text)


@shaped("|".join(sorted(STANDINGS.keys() - {"held", "reviewed", "escalated"})))
def end(text: str) -> str:
    """How a decision ended: `completed`, `reversed`, `expired`, `withdrawn`, `superseded`"""
    return text


@shaped("|".join(["automated", *STANDINGS]))
def where(text: str) -> str:
    """Where a decision stands: `automated`, `reviewed`, `escalated`, `held`, or how it ended"""
    return text


@shaped(r"delivered|failed|unknown")
def receipt(text: str) -> str:
    """What became of an action: `delivered`, `failed`, `unknown`"""
    return text


@shaped("|".join(MEASURES))
def measure(text: str) -> str:
    """What feedback measures: `straight-through rate`, `override rate`, `exception rate`,
    `escalation rate`, `quality overturn rate`, `coverage`, `bypass rate`
    """
    return text


@shaped(r"draft|proposed|approved|refused|scheduled|in force|superseded|retired")
def progress(text: str) -> str:
    """How far a version of the policy has come: `draft`, `proposed`, `approved`, `refused`,
    `scheduled`, `in force`, `superseded`, `retired`
    """
    return text


@shaped(r"[a-z]+(?:_[a-z]+)+")
def boundary(text: str) -> str:
    """A boundary as the policy names it: `refund_limit`"""
    return text


@shaped(r"\d+")
def number(text: str) -> int:
    """A whole number"""
    return int(text)


@shaped(r"[01]\.\d{1,4}")
def probability(text: str) -> Decimal:
    """A share of one: `0.95`"""
    return Decimal(text)


@shaped(r"closed|open|half open")
def breaker(text: str) -> str:
    """Where a circuit breaker stands: `closed`, `open`, `half open`"""
    return text


WORDS = (
    *policies.WORDS, person, seat, role, office, stage, end, where, receipt, measure, number,
    progress, boundary, probability, breaker,
)  # fmt: skip


def sentence(text: str) -> parsers.cfparse:
    """A sentence with typed places; capitals count, so that a name is no fact."""
    return parsers.cfparse(text, {w.__name__: w for w in WORDS}, case_sensitive=True)


class PolicySentence(parsers.StepParser):
    """A sentence on what a policy says, read as the service's own gate reads it."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(sentence.text)
        self.sentence = sentence

    def parse_arguments(self, name: str) -> dict[str, Any] | None:
        return self.sentence.arguments(name)

    def is_matching(self, name: str) -> bool:
        return self.sentence.arguments(name) is not None


_KINDS = {"given": given, "when": when, "then": then}
for _each in policies.POLICY.sentences:
    _KINDS[_each.kind](PolicySentence(_each))(_each.step)


# Given: the scene


@given(sentence("the decision type {title:title} at stage {stage:stage}"))
def _(scene: Scene, title: str, stage: Stage) -> None:
    """This decision type is in force, with automation allowed only as far as this stage."""
    scene.adopts(adoption(title, stage=stage))


@given(sentence("the decision type {title:title} without a policy"))
def _(scene: Scene, title: str) -> None:
    """The decision type is live, and no policy was ever put into force."""
    kind = adoption(title)
    person = kind.definition.owners[Seat.DECISION_OWNER]
    owner = Actor(kind=ActorKind.HUMAN, id=person, seat=Seat.DECISION_OWNER)
    stamp = scene.desk.stamp(OPERATOR, owner)
    drafted = types.draft(None, kind.definition, stamp)
    live = types.activate(scene.folded(drafted), stamp)
    scene.prepare(scene.desk.record((*drafted, *live), OPERATOR))
    scene.takes_seats(kind.definition)


@given(sentence("the decision type {title:title} without quality checks"))
def _(scene: Scene, title: str) -> None:
    """The decision type is in force, and no lot is drawn: nothing is checked afterwards."""
    kind = adoption(title)
    unchecked = kind.guardrail.model_copy(update={"sampling": ()})
    scene.adopts(replace(kind, guardrail=unchecked))


@given(sentence("the recommendation lapses after {duration:duration}"))
def _(scene: Scene, duration: timedelta) -> None:
    """A recommendation nobody acted upon in this time is of no use any more."""
    scene.lapses_after = duration


@given(sentence("{person:person} is a {role:role}"))
def _(scene: Scene, person: str, role: Seat) -> None:
    """Somebody has this role for the decision type."""
    scene.seats(person).add(role)


@given(sentence("{person:person} and {other:person} are {role:role}s"))
def _(scene: Scene, person: str, other: str, role: Seat) -> None:
    """Two people have this role."""
    scene.seats(person).add(role)
    scene.seats(other).add(role)


@given(sentence("only {person:person} may review"))
def _(scene: Scene, person: str) -> None:
    """The decision type names one person who reviews, and from now on nobody else does."""
    scene.adopts(adoption(scene.type.title, reviewers=(person,)))


@given(sentence("only {person:person} and {other:person} may review"))
def _(scene: Scene, person: str, other: str) -> None:
    """The decision type names two people who review, and from now on nobody else does."""
    scene.adopts(adoption(scene.type.title, reviewers=(person, other)))


@given("nobody may review")
def _(scene: Scene) -> None:
    """Of those whom the decision type names to review, nobody is left."""
    scene.adopts(adoption(scene.type.title, reviewers=()))


@given(sentence("{person:person} is an {office:office}"))
def _(scene: Scene, person: str, office: Seat) -> None:
    """Somebody who reads everything and changes nothing, or who runs the installation."""
    scene.seats(person).add(office)


@given(sentence("{person:person} has an owner's key of {seat:seat}"))
def _(scene: Scene, person: str, seat: Seat) -> None:
    """Somebody holds a key that names an owner's seat, whoever the decision type names for it."""
    scene.seats(person).add(seat)


@given(sentence("{person:person} is nobody in particular"))
def _(scene: Scene, person: str) -> None:
    """Somebody without any role or seat."""
    scene.seats(person)


@given(sentence("{person:person} has left the seat of {seat:seat}"))
@when(sentence("{person:person} leaves the seat of {seat:seat}"))
def _(scene: Scene, person: str, seat: Seat) -> None:
    """An owner's seat becomes empty."""
    scene.vacate(person, seat)


@given(sentence("{person:person} has given {other:person} the seat of {seat:seat}"))
@when(sentence("{person:person} gives {other:person} the seat of {seat:seat}"))
def _(scene: Scene, person: str, other: str, seat: Seat) -> None:
    """Somebody makes somebody, perhaps themselves, an owner of the decision type."""
    scene.seat(person, other, seat)


# When: what people and services do


@given(sentence("{producer:producer} has recommended {action:action}"))
def _(scene: Scene, producer: str, action: str) -> None:
    """A producer recommends an action, on what is known now. It is always about the same
    subject.
    """
    scene.recommend(producer, action)


@given(sentence("{producer:producer} has recommended {action:action} for {subject:words}"))
@when(sentence("{producer:producer} recommends {action:action} for {subject:words}"))
def _(scene: Scene, producer: str, action: str, subject: str) -> None:
    """The same, about a subject with a name of its own."""
    scene.recommend(producer, action, subject)


@given(sentence("{producer:producer} has recommended {action:action} until the lot falls on one"))
def _(scene: Scene, producer: str, action: str) -> None:
    """Recommendations about one subject after another, up to the first drawn for a quality
    check.
    """
    for nth in range(400):
        scene.recommend(producer, action, f"subject {nth}")
        if any("quality check" in line.what for line in scene.trail()):
            return
    raise AssertionError("the lot fell on none of 400")


@when(sentence("{producer:producer} says the same again"))
def _(scene: Scene, producer: str) -> None:
    """The last recommendation arrives a second time, word for word: a repeated message."""
    scene.say(scene.last_said(producer))


@when(sentence("{producer:producer} says it again with {fact:fact} {value:value}"))
def _(scene: Scene, producer: str, fact: str, value: str) -> None:
    """The message arrives a second time, under the same name but with other content."""
    before = scene.last_said(producer)
    said = before.words["recommendation"] | {fact: value}
    scene.say(Said(before.by, before.words | {"recommendation": said}, before.key))


@when(sentence("{producer:producer} supplies that {fact:fact} is {value:value}"))
def _(scene: Scene, producer: str, fact: str, value: str) -> None:
    """What was missing or asked for comes in from the producer."""
    scene.know(fact, value)
    inform = Inform(context={fact: scene.value(fact, value)})
    scene.act(producer, "information", inform)


@when(sentence("{producer:producer} withdraws it"))
def _(scene: Scene, producer: str) -> None:
    """A producer takes the recommendation back."""
    scene.act(producer, "withdraw", Remark())


@given(sentence("{producer:producer} has reported the action {receipt:receipt}"))
@when(sentence("{producer:producer} reports the action {receipt:receipt}"))
def _(scene: Scene, producer: str, receipt: str) -> None:
    """Who carried the action out says what became of it."""
    scene.act(producer, "receipt", Report.model_validate({"status": receipt}))


@when(sentence("{person:person} finds out that the action was {receipt:receipt}"))
def _(scene: Scene, person: str, receipt: str) -> None:
    """A person settles what nobody knew for sure."""
    scene.act(person, "receipt", Report.model_validate({"status": receipt}))


@given(sentence("{person:person} has claimed it"))
@when(sentence("{person:person} claims it"))
def _(scene: Scene, person: str) -> None:
    """A person takes the decision on, for a quarter of an hour."""
    scene.claim(person, timedelta(minutes=15))


@when(sentence("{person:person} claims it for {duration:duration}"))
def _(scene: Scene, person: str, duration: timedelta) -> None:
    """A person takes the decision on for a stated time."""
    scene.claim(person, duration)


@when(sentence("{person:person} releases it"))
def _(scene: Scene, person: str) -> None:
    """A person gives the decision back undecided."""
    scene.act(person, "release", Nothing())


@given(sentence("{person:person} has claimed and upheld it"))
def _(scene: Scene, person: str) -> None:
    """A person took it on and agreed with the recommendation."""
    scene.claim(person, timedelta(minutes=15))
    scene.dispose(person, Disposition.UPHOLD)


@when(sentence("{person:person} upholds it"))
def _(scene: Scene, person: str) -> None:
    """A person agrees: what was recommended is to be done."""
    scene.dispose(person, Disposition.UPHOLD)


@given(sentence("{person:person} has claimed and overridden it with {action:action}"))
def _(scene: Scene, person: str, action: str) -> None:
    """A person took it on and chose another action."""
    scene.claim(person, timedelta(minutes=15))
    scene.dispose(person, Disposition.OVERRIDE, action=action, reason="OVR.BETTER_ACTION")


@when(sentence("{person:person} overrides it with {action:action}, because {reason:words}"))
def _(scene: Scene, person: str, action: str, reason: str) -> None:
    """A person chooses another action, and says why."""
    scene.dispose(
        person, Disposition.OVERRIDE, action=action, reason="OVR.BETTER_ACTION", comment=reason
    )


@when(sentence("{person:person} overrides it with {action:action} without a reason"))
def _(scene: Scene, person: str, action: str) -> None:
    """A person chooses another action and gives no reason."""
    scene.dispose(person, Disposition.OVERRIDE, action=action)


@when(sentence("{person:person} modifies it so that {fact:fact} is {value:value}"))
def _(scene: Scene, person: str, fact: str, value: str) -> None:
    """A person agrees with the action and changes one of its particulars."""
    scene.dispose(person, Disposition.MODIFY, parameters={fact: value})


@when(sentence("{person:person} returns it, because {reason:words}"))
def _(scene: Scene, person: str, reason: str) -> None:
    """A person sends it back to its producer: nothing is done. An escalation is closed this way."""
    scene.dispose(person, Disposition.RETURN, comment=reason)


@when(sentence("{person:person} asks {question:words}"))
def _(scene: Scene, person: str, question: str) -> None:
    """A person asks for more information before deciding."""
    scene.dispose(person, Disposition.REQUEST_INFO, comment=question)


@when(sentence("{person:person} refers it, because {reason:words}"))
def _(scene: Scene, person: str, reason: str) -> None:
    """A person passes it on to the escalation owner."""
    scene.dispose(person, Disposition.REFER, comment=reason)


@given(sentence("{person:person} has reversed it"))
@when(sentence("{person:person} reverses it"))
def _(scene: Scene, person: str) -> None:
    """A person orders the action undone."""
    scene.act(person, "reverse", Reverse(reason_code="REV.MISTAKE"))


@when(sentence("{person:person} confirms it in the quality check"))
def _(scene: Scene, person: str) -> None:
    """A person looks at what was automated and agrees."""
    scene.act(person, "quality", QualityVerdict(verdict="confirm"))


@given(sentence("{person:person} has overturned it in the quality check"))
@when(sentence("{person:person} overturns it in the quality check"))
def _(scene: Scene, person: str) -> None:
    """A person looks at what was automated and disagrees."""
    scene.act(person, "quality", QualityVerdict(verdict="overturn"))


@given(sentence("{person:person} has contested it"))
def _(scene: Scene, person: str) -> None:
    """Somebody has objected to a completed decision."""
    scene.act(person, "contest", Remark())


@when(sentence("{person:person} answers the exception {code:code}, because {reason:words}"))
def _(scene: Scene, person: str, code: str, reason: str) -> None:
    """A person looks at an objection, a quality check's disagreement or a reversal that failed,
    and says why what was done stays as it is.
    """
    said = {"exception": code, "reason_code": "REV.STANDS", "comment": reason}
    scene.act(person, "answer", Reply.model_validate(said))


@when(sentence("{person:person} contests it, because {reason:words}"))
def _(scene: Scene, person: str, reason: str) -> None:
    """Somebody objects to a completed decision."""
    scene.act(person, "contest", Remark(comment=reason))


@given(sentence("{action:action} has proved right"))
@when(sentence("{action:action} proves right"))
def _(scene: Scene, action: str) -> None:
    """Afterwards it turned out which action was right; the decision owner puts it on record."""
    outcome = Outcome(actual_action=action, observed_at=scene.clock.now())
    scene.act(scene.type.owners[Seat.DECISION_OWNER], "outcome", outcome)


@given(sentence("{person:person} has pulled the kill switch"))
@when(sentence("{person:person} pulls the kill switch"))
def _(scene: Scene, person: str) -> None:
    """An owner stops all automation of the decision type, at once."""
    scene.switch(person, "suspend", Switch(reason_code="HALT.KILL_SWITCH"))


@when(sentence("{person:person} lifts the kill switch"))
def _(scene: Scene, person: str) -> None:
    """An owner allows automation again."""
    scene.switch(person, "resume", Switch(reason_code="HALT.CLEARED"))


@given(sentence("{person:person} asks for no specifications"))
def _(scene: Scene, person: str) -> None:
    """The risk owner sets the floor so low that a version needs no specification."""
    scene.waives(person)


@given(sentence("{person:person} has written a version with {boundary:boundary} {value:value}"))
def _(scene: Scene, person: str, boundary: str, value: str) -> None:
    """The next version of the policy, which differs from its file in one boundary."""
    scene.drafts(person, boundary, value)


@given(sentence("{person:person} has proposed version {number:number}"))
def _(scene: Scene, person: str, number: int) -> None:
    """An owner asks that a version be put into force."""
    scene.step(person, Step("propose", number))


@given(sentence("{person:person} has approved version {number:number}"))
@when(sentence("{person:person} approves version {number:number}"))
def _(scene: Scene, person: str, number: int) -> None:
    """Somebody signs a version that somebody else wrote and proposed."""
    scene.step(person, Step("approve", number))


@when(sentence("{person:person} refuses version {number:number}, because {reason:words}"))
def _(scene: Scene, person: str, number: int, reason: str) -> None:
    """Somebody declines to sign a version, or stops one that was to come into force."""
    scene.step(person, Step("refuse", number, reason))


@given(sentence("{person:person} has put version {number:number} into force"))
@when(sentence("{person:person} puts version {number:number} into force"))
def _(scene: Scene, person: str, number: int) -> None:
    """An approved version speaks from now on."""
    scene.step(person, Step("activate", number))


@given(
    sentence("{person:person} has put version {number:number} into force in {duration:duration}")
)
def _(scene: Scene, person: str, number: int, duration: timedelta) -> None:
    """An approved version speaks from a moment to come."""
    scene.step(person, Step("activate", number, at=scene.clock.now() + duration))


@when(sentence("{person:person} rolls back to version {number:number}, because {reason:words}"))
def _(scene: Scene, person: str, number: int, reason: str) -> None:
    """A version that was in force before speaks again."""
    scene.step(person, Step("rollback", number, reason))


@when(sentence("{person:person} retires version {number:number}, because {reason:words}"))
def _(scene: Scene, person: str, number: int, reason: str) -> None:
    """A version is taken out of use for good."""
    scene.step(person, Step("retire", number, reason))


@then(sentence("version {number:number} is {progress:progress}"))
def _(scene: Scene, number: int, progress: str) -> None:
    """This is how far the version has come."""
    found = scene.state_of(number)
    expect(found == progress, f"version {number} is {progress}", f"it is {found}")


@given(sentence("{person:person} has let the recommendation of {producer:producer} go on"))
@when(sentence("{person:person} lets the recommendation of {producer:producer} go on"))
def _(scene: Scene, person: str, producer: str) -> None:
    """A conflict is settled: this recommendation goes on, the others end."""
    winner = scene.decision_of(producer)
    scene.arbitrate(person, Arbitrate(winner=winner.id, reason_code="ESC.ARBITRATED"))


@when(sentence("{person:person} lets none of them go on"))
def _(scene: Scene, person: str) -> None:
    """A conflict is settled: none of the recommendations goes on."""
    scene.arbitrate(person, Arbitrate(reason_code="ESC.ARBITRATED"))


@when(sentence("{duration:duration} pass"))
@when(sentence("{duration:duration} passes"))
def _(scene: Scene, duration: timedelta) -> None:
    """Time goes by, and deadlines in it pass."""
    scene.let_pass(duration)


# Then: what must have come of it


@then(sentence("the decision is {end:end}"))
def _(scene: Scene, end: str) -> None:
    """The decision ended this way."""
    decision = scene.decision
    expect(standing(decision) == end, f"it to be {end}", because(decision))


@then(sentence("the recommendation of {producer:producer} is {where:where}"))
def _(scene: Scene, producer: str, where: str) -> None:
    """The same, about what one of several producers recommended."""
    decision = scene.decision_of(producer)
    expect(standing(decision) == where, f"it to be {where}", because(decision))


@then(sentence('it says why: "{text:words}"'))
def _(scene: Scene, text: str) -> None:
    """One of the reasons reads like this, word for word."""
    decision = scene.decision
    said = [reason.text for reason in decision.reasons]
    expect(text in said, f'"{text}"', because(decision))


@then(sentence("the exception {code:code} is raised"))
def _(scene: Scene, code: str) -> None:
    """The expected path could not go on, for this reason of the closed list."""
    found = [str(exception) for exception in scene.decision.exceptions]
    expect(code in found, f"the exception {code}", f"there is {', '.join(found) or 'none'}")


@then(sentence("the exception {code:code} waits in the queue {queue:name}"))
def _(scene: Scene, code: str, queue: str) -> None:
    """It was raised over what was done, and this is where people find it until it is undone or
    answered.
    """
    waiting = {each.exception: each.placement for each in scene.decision.unsettled}
    place = waiting.get(ExceptionCode(code))
    found = place.queue if place else "no queue"
    expect(found == queue, f"{code} in the queue {queue}", f"it waits in {found}")


@then("no exception waits")
def _(scene: Scene) -> None:
    """Whatever was raised over what was done has been undone or answered."""
    found = ", ".join(each.exception for each in scene.decision.unsettled)
    expect(not found, "no exception to wait", f"there waits {found}")


@then("no exception is raised")
def _(scene: Scene) -> None:
    """Everything went the expected way."""
    found = ", ".join(map(str, scene.decision.exceptions))
    expect(not found, "no exception", f"there is {found}")


@then(sentence("{person:person} answers for it as {seat:seat}"))
def _(scene: Scene, person: str, seat: Seat) -> None:
    """The decision has an owner: a person, in a seat."""
    owner = scene.decision.owner
    found = (owner.person, owner.seat) if owner else None
    expect(found == (person, seat), f"{person} as {seat}", f"it is {found}")


@then(sentence("{action:action} may be carried out"))
def _(scene: Scene, action: str) -> None:
    """This action is authorised, and no other."""
    found = scene.decision.action
    expect(found == action, f"{action} to be authorised", f"{found or 'nothing'} is")


@then("nothing may be carried out")
def _(scene: Scene) -> None:
    """No action is authorised."""
    found = scene.decision.action
    expect(found is None, "nothing to be authorised", f"{found} is")


@then("that is on a person's authority")
def _(scene: Scene) -> None:
    """A person allowed it."""
    found = scene.decision.authority
    expect(found == "person", "a person's authority", f"it is on {found}'s")


@then(sentence("its {fact:fact} is {value:value}"))
def _(scene: Scene, fact: str, value: str) -> None:
    """The authorised action has this particular."""
    found = (scene.decision.parameters or {}).get(fact)
    expect(str(found) == value, f"{fact} {value}", f"it is {found}")


@then("a second person must look")
def _(scene: Scene) -> None:
    """One person has decided, and somebody else has not yet."""
    found = scene.decision.state
    expect(found == "awaiting_second_review", "a second review to be due", f"it is {found}")


@then(sentence('it is refused: "{rule:words}"'))
def _(scene: Scene, rule: str) -> None:
    """What was just tried is not allowed, by this rule."""
    scene.noticed = True
    assert scene.refusal is not None, f'expected a refusal, "{rule}"; it was allowed'
    expect(scene.refusal.rule.rstrip(".") == rule.rstrip("."), f'"{rule}"', f"{scene.refusal}")


@then(sentence('the refusal says: "{words:words}"'))
def _(scene: Scene, words: str) -> None:
    """The refusal explains this case in these words."""
    assert scene.refusal is not None, "nothing was refused"
    found = scene.refusal.case
    expect(words in found, f'"{words}"', f'it says "{found}"')


@then("nothing is recorded")
def _(scene: Scene) -> None:
    """What was just tried left no trace in the record."""
    added = scene.recorded - scene.recorded_before
    expect(added == 0, "nothing new on record", f"there are {added} new events")


@then("only the attempt is recorded")
def _(scene: Scene) -> None:
    """The record shows that somebody tried, and no decision came of it."""
    added = scene.recorded - scene.recorded_before
    expect(added == 1, "one new event on record", f"there are {added} new events")


@then("there is one decision")
def _(scene: Scene) -> None:
    """All that was said led to a single decision."""
    found = len(scene.answers)
    expect(found == 1, "one decision", f"there are {found}")


@then(sentence("there are {count:number} decisions"))
def _(scene: Scene, count: int) -> None:
    """So many decisions came of all that was said."""
    found = len(scene.answers)
    expect(found == count, f"{count} decisions", f"there are {found}")


@then("the audit trail reads")
def _(scene: Scene, datatable: list[list[str]]) -> None:
    """Who did what, in order and complete: a table of both. A line may end in `…` where it goes
    on.
    """
    wanted = [Line(_as_recorded(who), what) for who, what in datatable]
    found = scene.trail()
    same = len(wanted) == len(found) and all(map(_reads, found, wanted))
    shown = "\n".join(f"  | {line.who} | {line.what} |" for line in found)
    expect(same, "the trail of the table", f"it reads\n{shown}")


def _as_recorded(who: str) -> str:
    return person(who) if who[:1].isupper() else producer(who) if who != "the clock" else who


def _reads(found: Line, wanted: Line) -> bool:
    if wanted.what.endswith("…"):
        return found.who == wanted.who and found.what.startswith(wanted.what[:-1].rstrip())
    return found == wanted


@then("replaying it gives the same answer")
def _(scene: Scene) -> None:
    """Every routing of it, evaluated again from what was recorded, says the same."""
    verdict = scene.door.replay(AUDITOR, scene.decision.id)
    expect(verdict == "match", "the replay to match", f"it says {verdict}")


@then("replaying each of them gives the same answer")
def _(scene: Scene) -> None:
    """The same, for every decision of the scenario."""
    for known in scene.answers:
        verdict = scene.door.replay(AUDITOR, known.id)
        expect(verdict == "match", f"the replay of {known.subject} to match", f"it says {verdict}")


@then(sentence("the {measure:measure} is {part:number} of {whole:number}"))
def _(scene: Scene, measure: str, part: int, whole: int) -> None:
    """What feedback measures over all decisions, as a share with both its numbers."""
    found = scene.measured(measure)
    expect(found == (part, whole), f"{part} of {whole}", f"it is {found[0]} of {found[1]}")
