"""The sentences on the record itself: published, taken away by an auditor, and checked elsewhere."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pytest
from pytest_bdd import given, then, when
from scene import Scene
from vocabulary import sentence

from adapters.audit import verify
from adapters.audit.export import destination, export
from adapters.memory.log import MemoryEventLog
from adapters.signing.keys import SigningKey
from application.audit.entries import Stored, entry
from application.audit.ledger import Published
from application.audit.merkle import Frontier, grow, leaf_hash
from application.audit.notes import Checkpoint
from application.specifying.vocabulary import expect

KEY = SigningKey("remit.test/log", bytes(32))


class Logged(NamedTuple):
    position: int
    hash: bytes


def tree_of(events: list[Stored]) -> Frontier:
    return grow(Frontier(), [leaf_hash(entry(event)) for event in events])[0]


@dataclass(frozen=True)
class Copy:
    """What an auditor takes away: what is stored, what was logged, what was signed."""

    stored: list[Stored]
    recorded: list[Stored]
    published: list[Published]

    @property
    def tree(self) -> Frontier:
        return tree_of(self.recorded)

    def events(self) -> Iterator[Stored]:
        return iter(self.stored)

    def logged(self) -> Iterator[Logged]:
        return (Logged(one.position, leaf_hash(entry(one))) for one in self.recorded)

    def checkpoints(self) -> list[Published]:
        return self.published


@dataclass
class Auditor:
    """Who keeps the checkpoints that were published, and checks copies of the record by them."""

    scene: Scene
    kept: list[Published] = field(default_factory=list[Published])
    copy: Copy | None = None
    changed: int | None = None

    @property
    def recorded(self) -> list[Stored]:
        assert isinstance(self.scene.desk.log, MemoryEventLog)
        return list(self.scene.desk.log.stored())

    def publish(self, events: list[Stored] | None = None) -> Published:
        tree = tree_of(self.recorded if events is None else events)
        note = KEY.signed(Checkpoint(KEY.name, tree.size, tree.root))
        return Published(tree.size, tree.root, note, self.scene.clock.now())

    def take(self, stored: list[Stored]) -> None:
        self.copy = Copy(stored, self.recorded, self.kept)

    def finds(self) -> str:
        """What the script that comes with every copy says; empty where all is well."""
        copy = self.copy or Copy(self.recorded, self.recorded, self.kept)
        with tempfile.TemporaryDirectory() as name:
            out = Path(name)
            with destination(out / "copy") as files:
                export(copy, str(KEY.verifier), files, lambda _done, _all: None)
            for one in self.kept:
                (out / str(one.size)).write_text(one.note, encoding="utf-8")
            given = (str(out / str(one.size)) for one in self.kept)
            with pytest.raises(SystemExit) as ended:
                verify.main(str(out / "copy"), str(KEY.verifier), *given)
        return str(ended.value.code or "")


@pytest.fixture
def auditor(scene: Scene) -> Auditor:
    """Somebody who trusts nobody."""
    return Auditor(scene)


@given("a checkpoint of the record was published")
@when("a checkpoint of the record is published")
def _(auditor: Auditor) -> None:
    """What was recorded until now is signed for, and the signature leaves the house."""
    auditor.kept.append(auditor.publish())


@when("somebody changes what is stored of it")
def _(auditor: Auditor) -> None:
    """Behind the service's back: one event of the decision reads otherwise than it did."""
    events = auditor.recorded
    id = str(auditor.scene.decision.id)
    at = next(n for n, event in enumerate(events) if event.stream == id)
    events[at] = events[at]._replace(payload=events[at].payload + b" ")
    auditor.changed = events[at].position
    auditor.take(events)


@when("somebody removes it from the record")
def _(auditor: Auditor) -> None:
    """Behind the service's back: no event of the decision is there any more."""
    id = str(auditor.scene.decision.id)
    auditor.changed = next(e.position for e in auditor.recorded if e.stream == id)
    auditor.take([event for event in auditor.recorded if event.stream != id])


@when("somebody writes the record anew without it, and signs that")
def _(auditor: Auditor) -> None:
    """The whole history is told again, every hash is right, and the service's own key signs it."""
    id = str(auditor.scene.decision.id)
    kept = [event for event in auditor.recorded if event.stream != id]
    auditor.copy = Copy(kept, kept, [auditor.publish(kept)])


@then("the auditor finds the record unchanged")
def _(auditor: Auditor) -> None:
    """The script that comes with every copy of the record, run without the service, agrees."""
    found = auditor.finds()
    expect(not found, "a record that is as it was signed", found)


@then("the auditor finds where it was changed")
def _(auditor: Auditor) -> None:
    """The same script names the first event that is not as it was recorded."""
    found, wanted = auditor.finds(), f"CHANGED, first bad position: {auditor.changed}"
    expect(found == wanted, wanted, found)


@then("the auditor finds that it is not the record that was published")
def _(auditor: Auditor) -> None:
    """The same script says that another history was signed for before."""
    found = auditor.finds()
    expect("first bad position: after" in found, "another history to be noticed", found)


@then(sentence("{number:number} events are not yet protected"))
def _(auditor: Auditor, number: int) -> None:
    """So many came after the last published checkpoint: a change of them would not be noticed."""
    protected = max((one.size for one in auditor.kept), default=0)
    found = len(auditor.recorded) - protected
    expect(found == number, f"{number} events without protection", f"there are {found}")
