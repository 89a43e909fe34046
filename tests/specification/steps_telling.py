"""Sentences on who is told of what happens: other systems that subscribe, and people in rooms.

A part of the vocabulary; see there.
"""

from dataclasses import dataclass, field
from typing import cast
from uuid import UUID

from pytest_bdd import given, parsers, then, when
from scene import Scene
from vocabulary import WORDS

from application.delivering import Attempt
from application.following import Follower, Turn
from application.notifying import Channel, Notice, Occasion, Wish
from application.specifying.sentences import shaped
from application.specifying.vocabulary import expect
from application.subscribing import Subscribe, Subscription
from application.telling import Subscriber
from domain.values import Receipt

WELL = Attempt(Receipt.DELIVERED, "200 OK")
DOWN = Attempt(Receipt.FAILED, "503 Service Unavailable")
GONE = Attempt(Receipt.FAILED, "410 Gone", final=True)


@shaped(r"the [a-z]+ team's system")
def system(text: str) -> str:
    """A system of others that hears of what happens: `the data team's system`"""
    return text


@shaped(r"the [a-z]+ room")
def room(text: str) -> str:
    """Where people work together, a channel or a mailbox: `the refunds room`"""
    return text


@shaped(r"[a-z_]+(?:\.[a-z_]*)?\*?")
def event(text: str) -> str:
    """A kind of event, or how it begins and `*`: `decision.recommended`, `decision.*`"""
    return text


OCCASIONS = {
    "waiting decisions": Occasion.WAITING,
    "near deadlines": Occasion.DEADLINE_NEAR,
    "missed deadlines": Occasion.DEADLINE_MISSED,
    "exceptions": Occasion.RAISED,
    "halts": Occasion.HALTED,
}


@shaped("|".join(OCCASIONS))
def occasion(text: str) -> Occasion:
    """What a room wants to hear of: `waiting decisions`, `near deadlines`, `missed deadlines`,
    `exceptions`, `halts`
    """
    return OCCASIONS[text]


TELLING = (system, room, event, occasion)


def sentence(text: str) -> parsers.cfparse:
    """A sentence with these words beside the others."""
    return parsers.cfparse(text, {w.__name__: w for w in (*WORDS, *TELLING)}, case_sensitive=True)


@dataclass
class System:
    """Someone else's system, and how its receiver is."""

    maker: str
    id: UUID
    answer: Attempt = WELL
    asked: list[tuple[UUID, int]] = field(default_factory=list[tuple[UUID, int]])
    """Each message, and how many signatures it had."""
    confirmed: list[UUID] = field(default_factory=list[UUID])

    async def send(self, to: Subscription, id: UUID, body: bytes) -> Attempt:
        self.asked.append((id, len(to.secrets)))
        if self.answer is WELL:
            self.confirmed.append(id)
        return self.answer


@dataclass
class Room:
    """Where people are told, and whether anybody can be."""

    wishes: list[Wish] = field(default_factory=list[Wish])
    answer: Attempt = WELL
    said: list[str] = field(default_factory=list[str])

    async def notify(self, notice: Notice) -> Attempt:
        if self.answer is WELL:
            self.said.append(notice.text)
        return self.answer


def _tell(scene: Scene, name: str) -> None:
    """What a worker does, as soon as there is something to tell and it is not to wait."""
    scene.unnoticed_refusal()
    one, followers = scene.outside[name], scene.door.followers

    async def turn() -> None:
        follower: Follower | None
        if isinstance(one, System):
            found = await followers.find(one.id)
            follower = Subscriber(found.subscription, one) if found else None
            key = str(one.id)
        else:
            follower, key = Channel(one.wishes, one, scene.desk), name
        due = await followers.due(scene.clock.now(), await scene.desk.log.newest())
        async with followers.hold(key) as at:
            if follower is not None and at is not None and key in due:
                desk = scene.desk
                await Turn(key, follower, followers, desk.log, desk.clock).go_on(at)

    scene.prepare(turn())


def _system(scene: Scene, name: str) -> System:
    _tell(scene, name)
    return cast("System", scene.outside[name])


def _subscribe(scene: Scene, person: str, system: str, event: str) -> None:
    command = Subscribe(url="https://example.com/hook", types=(event,))
    made = scene.attempt(lambda: scene.door.subscribe(scene.identity(person), command))
    if made is not None:
        scene.outside[system] = System(person, made)


@given(sentence("{person:person} has subscribed {system:system} to {event:event}"))
@when(sentence("{person:person} subscribes {system:system} to {event:event}"))
def _(scene: Scene, person: str, system: str, event: str) -> None:
    """Somebody has another system told of such events from now on."""
    _subscribe(scene, person, system, event)


@given(sentence("{system:system} is down"))
@when(sentence("{system:system} goes down"))
def _(scene: Scene, system: str) -> None:
    """Whatever it is told, it confirms nothing."""
    _tell(scene, system)
    scene.outside[system].answer = DOWN


@when(sentence("{system:system} is up again"))
def _(scene: Scene, system: str) -> None:
    """It confirms again what it is told."""
    _tell(scene, system)
    scene.outside[system].answer = WELL


@given(sentence("{system:system} says that it is gone"))
def _(scene: Scene, system: str) -> None:
    """It answers for good that it wants nothing any more."""
    _tell(scene, system)
    scene.outside[system].answer = GONE


@when(sentence("{person:person} renews the secret of {system:system}"))
def _(scene: Scene, person: str, system: str) -> None:
    """Messages are signed with a new secret, and with the old one for a day."""
    id = _system(scene, system).id
    scene.attempt(lambda: scene.door.rotate(scene.identity(person), id))


@when(sentence("{person:person} resumes {system:system}"))
def _(scene: Scene, person: str, system: str) -> None:
    """Somebody has a subscription go on that was stopped."""
    one = _system(scene, system)
    one.answer = WELL
    scene.attempt(lambda: scene.door.resume(scene.identity(person), one.id))


@then(sentence("{system:system} has heard of"))
def _(scene: Scene, system: str, datatable: list[list[str]]) -> None:
    """What it was told and has confirmed, in order and complete: a table of kinds of events."""
    confirmed = _system(scene, system).confirmed
    log = scene.prepare(scene.desk.log.after(0, limit=100_000))
    kinds = {each.event.id: each.event.TOPIC for each in log}
    found = [kinds[id] for id in confirmed]
    expect(found == [line[0] for line in datatable], "the events of the table", f"it heard {found}")


@then(sentence("{system:system} has heard of nothing"))
def _(scene: Scene, system: str) -> None:
    """It has confirmed nothing so far."""
    expect(not _system(scene, system).confirmed, "nothing", "it heard of something")


@then(sentence('the subscription of {system:system} has stopped: "{text:words}"'))
def _(scene: Scene, system: str, text: str) -> None:
    """It is told nothing more until somebody resumes it; who asks is told why."""
    one = _system(scene, system)
    found = scene.door.subscription(scene.identity(one.maker), one.id)
    expect(found == ("stopped", text), f"stopped: {text}", f"it is {found[0]}: {found[1]}")


@then(sentence('the subscription of {system:system} is failing: "{text:words}"'))
def _(scene: Scene, system: str, text: str) -> None:
    """It is tried again after a while; who asks is told what is wrong."""
    one = _system(scene, system)
    found = scene.door.subscription(scene.identity(one.maker), one.id)
    expect(found == ("failing", text), f"failing: {text}", f"it is {found[0]}: {found[1]}")


@then(sentence("the last message to {system:system} has {count:number} signatures"))
def _(scene: Scene, system: str, count: int) -> None:
    """Whoever knows one of so many secrets can tell that it is from here."""
    found = _system(scene, system).asked[-1][1]
    expect(found == count, f"{count} signatures", f"it has {found}")


# People


@given(sentence("{room:room} wants to hear of {occasion:occasion}"))
def _(scene: Scene, room: str, occasion: Occasion) -> None:
    """People in a room are told of such things, whatever they are about, from now on."""
    found = scene.outside.setdefault(room, Room())
    found.wishes.append(Wish(channel=room, of=frozenset({occasion})))
    scene.prepare(scene.door.followers.begin(room, scene.prepare(scene.desk.log.newest())))


@given(sentence("{room:room} can't be reached"))
def _(scene: Scene, room: str) -> None:
    """Whatever is said there, nobody hears it."""
    scene.outside[room].answer = DOWN


@when(sentence("{room:room} can be reached again"))
def _(scene: Scene, room: str) -> None:
    """It is heard again what is said there."""
    _tell(scene, room)
    scene.outside[room].answer = WELL


@then(sentence('{room:room} has heard that "{text:words}"'))
def _(scene: Scene, room: str, text: str) -> None:
    """Something that was said there ends, or goes on, like this."""
    _tell(scene, room)
    said = scene.outside[room].said
    expect(any(text in one for one in said), text, f"they heard {said}")


@then(sentence("{room:room} has heard {count:number} things"))
def _(scene: Scene, room: str, count: int) -> None:
    """So much was said there so far."""
    _tell(scene, room)
    said = scene.outside[room].said
    expect(len(said) == count, f"{count} things", f"they heard {said}")
