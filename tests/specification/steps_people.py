"""The vocabulary of people's part: queues, blind second looks, what was refused, and what is late."""

from datetime import timedelta

from pytest_bdd import given, then, when
from scene import AUDITOR, Scene
from vocabulary import adoption, expect, sentence

from application.sight.second_review import SENTENCE
from domain.values import ExceptionCode

LEASE = timedelta(minutes=15)


@given("whoever looks second looks blind")
def _(scene: Scene) -> None:
    """Whoever looks second is not told what the first one chose, until they have chosen."""
    scene.adopts(adoption(scene.type.title, blind_second_review=True))


@given(sentence("{person:person} has claimed the next one in the queue {queue:name}"))
@when(sentence("{person:person} claims the next one in the queue {queue:name}"))
def _(scene: Scene, person: str, queue: str) -> None:
    """A person takes on the most urgent decision of a queue that is free and that they may."""
    scene.claim_next(person, queue)


@given(sentence("{person:person} has tried to claim it and was refused"))
def _(scene: Scene, person: str) -> None:
    """Somebody tried to take it on, and a rule stood against it."""
    scene.claim(person, LEASE)
    assert scene.refusal is not None, f"expected {person} to be refused; it was allowed"
    scene.noticed = True


@then(sentence("{person:person} has the one for {subject:words}"))
def _(scene: Scene, person: str, subject: str) -> None:
    """What this person claimed last is about this subject."""
    scene.unnoticed_refusal()
    claim = scene.claims.get(person)
    found = claim.decision.subject if claim else "nothing"
    expect(found == subject, f"the one for {subject}", f"it is {found}")


@then(sentence("there is nothing for {person:person} in it"))
def _(scene: Scene, person: str) -> None:
    """Nothing of what waits in the queue is free and for this person."""
    scene.unnoticed_refusal()
    claim = scene.claims.get(person)
    found = claim.decision.subject if claim else "nothing"
    expect(claim is None, "nothing", f"{person} has the one for {found}")


@then(sentence("{person:person} is not told what was chosen"))
def _(scene: Scene, person: str) -> None:
    """The audit trail, as this person may read it, withholds a first choice."""
    told = _told(scene, person)
    expect(SENTENCE in told, "a choice to be withheld", f"it reads {told}")


@then(sentence("{person:person} is told what was chosen"))
def _(scene: Scene, person: str) -> None:
    """The audit trail, as this person may read it, withholds nothing."""
    told = _told(scene, person)
    expect(SENTENCE not in told, "nothing to be withheld", f"it reads {told}")


@then(sentence("{person:person} must answer the exception {code:code}"))
def _(scene: Scene, person: str, code: str) -> None:
    """What was raised over what was done waits for this person."""
    waits = {each.exception: each.placement for each in scene.decision.unsettled}
    place = waits.get(ExceptionCode(code))
    found = place.person if place else None
    expect(found == person, f"{code} to wait for {person}", f"it waits for {found}")


def _told(scene: Scene, person: str) -> list[str]:
    reader = scene.identity(person) if person in scene.people else AUDITOR
    return [line.what for line in scene.door.trail(reader, scene.decision.id)]
