"""Sentences on what stops automation: circuit breakers, and kill switches beyond a decision type's.

A part of the vocabulary; see there.
"""

from uuid import uuid4

from pytest_bdd import given, then, when
from scene import AUDITOR, Scene
from vocabulary import sentence

from application.desk import Caller
from application.governing import Switch
from application.halting import Halt
from application.observing import QualityVerdict, judge
from application.specifying.vocabulary import expect
from application.submitting import hand_over
from application.watching import WATCHES, look_at_all
from domain.halting import Model
from domain.model import Seat
from domain.values import Stage

EVERYTHING = Halt(reason_code="HALT.KILL_SWITCH")
THE_MODEL = EVERYTHING.model_copy(update={"model": Model(name="the assistant's model")})
ANOTHER = EVERYTHING.model_copy(update={"model": Model(name="another model")})


async def _checked(scene: Scene, person: str, verdict: str, count: int) -> None:
    """Recommendations until the lot fell on so many, each judged as soon as it was drawn; then a
    worker looks, as it does all the time.
    """
    said = QualityVerdict.model_validate({"verdict": verdict})
    bot, judge_ = Caller(scene.identity("assistant")), Caller(scene.identity(person))
    judged = 0
    for _ in range(1_000):
        if judged == count:
            return await look_at_all(scene.desk, Caller(WATCHES), {})
        words = scene.words("refund", f"case {uuid4()}")
        decision = (await hand_over(words, bot, scene.desk)).decision
        if decision.quality and decision.quality.sampled:
            await judge(decision.id, said, judge_, scene.desk)
            judged += 1
    raise AssertionError(f"the lot fell on {judged}, not on {count}")


@given(sentence("{person:person} has overturned {count:number} of what the assistant did"))
def _(scene: Scene, person: str, count: int) -> None:
    """So many automated refunds were drawn for a quality check, one after another, and a person
    disagreed with each.
    """
    scene.prepare(_checked(scene, person, "overturn", count))


@given(sentence("{person:person} has confirmed {count:number} of what the assistant did"))
def _(scene: Scene, person: str, count: int) -> None:
    """The same, and the person agreed with each."""
    scene.prepare(_checked(scene, person, "confirm", count))


@given(sentence("{person:person} has let automation begin again"))
@when(sentence("{person:person} lets automation begin again"))
def _(scene: Scene, person: str) -> None:
    """After the circuit breaker was open: an owner's decision, and a trial."""
    scene.switch(person, "resume", Switch(reason_code="HALT.CLEARED"))


@given(sentence("{person:person} is an owner of all decisions"))
def _(scene: Scene, person: str) -> None:
    """A person holds an owner's seat for every decision type there is."""
    scene.everywhere[person] = {Seat.ESCALATION_OWNER}


@given(sentence("{person:person} is a risk owner of all decisions"))
def _(scene: Scene, person: str) -> None:
    """A person holds the risk owner's seat for every decision type there is."""
    scene.everywhere[person] = {Seat.RISK_OWNER}


@given(sentence("{person:person} has stopped everything"))
@when(sentence("{person:person} stops everything"))
def _(scene: Scene, person: str) -> None:
    """An owner stops all automation of all decision types, at once."""
    scene.halt(person, "halt", EVERYTHING)


@given(sentence("{person:person} has stopped the model that the assistant uses"))
def _(scene: Scene, person: str) -> None:
    """An owner stops all automation of what one model recommends, whatever it is about."""
    scene.halt(person, "halt", THE_MODEL)


@given(sentence("{person:person} has stopped another model"))
def _(scene: Scene, person: str) -> None:
    """The same, of a model that nobody here uses."""
    scene.halt(person, "halt", ANOTHER)


@when(sentence("{person:person} lets the model go on"))
def _(scene: Scene, person: str) -> None:
    """An owner allows automation of what the assistant's model recommends again."""
    scene.halt(person, "lift", THE_MODEL)


@given(sentence("{person:person} has proposed the stage {stage:stage}"))
@when(sentence("{person:person} proposes the stage {stage:stage}"))
def _(scene: Scene, person: str, stage: Stage) -> None:
    """An owner asks how far automation may go, or agrees to what another owner asked for."""
    scene.attempt(lambda: scene.door.stage(scene.identity(person), scene.type.name, stage))


@then(sentence("the stage is {stage:stage}"))
def _(scene: Scene, stage: Stage) -> None:
    """How far automation may go now."""
    scene.unnoticed_refusal()
    state = scene.prepare(scene.desk.decision_type(scene.type.name))
    expect(state.stage is stage, f"the stage is {stage}", f"it is {state.stage}")


@then(sentence("the circuit breaker is {state:breaker}"))
def _(scene: Scene, state: str) -> None:
    """Where the decision type's circuit breaker stands."""
    scene.unnoticed_refusal()
    found, _ = scene.door.breaker(AUDITOR, scene.type.name)
    expect(found == state, f"the circuit breaker is {state}", f"it is {found}")


@then("the circuit breaker has warned")
def _(scene: Scene) -> None:
    """The evidence has begun to turn: more is checked from now on."""
    _, warned = scene.door.breaker(AUDITOR, scene.type.name)
    expect(warned, "it has warned", "it has not")


@then("it is drawn for a quality check")
def _(scene: Scene) -> None:
    """A person will look at it afterwards."""
    drawn = any("quality check" in line.what for line in scene.trail())
    expect(drawn, "it is drawn for a quality check", "it is not")
