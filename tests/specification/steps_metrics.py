"""Sentences on what feedback rests on: the volume that a source system declares, and a baseline."""

from datetime import timedelta

from pytest_bdd import given, then, when
from scene import MEASURES, Scene
from vocabulary import expect, sentence

from adapters.memory.log import MemoryEventLog
from adapters.memory.projections import MemoryProjectionStore
from adapters.memory.reading import MemoryReader
from application.declaring import DeclareVolume, PeriodVolume
from application.metrics.silence import began, missing
from domain.silence import Feed

ORDER_DESK = "order desk"


def _declares(scene: Scene, eligible: int, bypassed: int | None = None) -> None:
    today = scene.clock.now().date().isoformat()
    volume = PeriodVolume(period=today, eligible=eligible, bypassed=bypassed)
    said = DeclareVolume(source=ORDER_DESK, periods=(volume,))
    scene.attempt(lambda: scene.door.declare(scene.identity(ORDER_DESK), scene.type.name, said))


@given(sentence("the source system has declared {eligible:number} cases for today"))
@when(sentence("the source system declares {eligible:number} cases for today"))
def _(scene: Scene, eligible: int) -> None:
    """The system that the cases come from says how many there were, recommended or not."""
    _declares(scene, eligible)


@when(
    sentence(
        "the source system declares {eligible:number} cases for today, "
        "{bypassed:number} of them decided elsewhere"
    )
)
def _(scene: Scene, eligible: int, bypassed: int) -> None:
    """The same, and how many of them were decided outside of this service."""
    _declares(scene, eligible, bypassed)


@when(sentence("{person:person} registers a baseline of {minutes:number} minutes"))
def _(scene: Scene, person: str, minutes: int) -> None:
    """Somebody puts on record how long a case took before, at the median."""
    by = scene.identity(person)
    scene.attempt(lambda: scene.door.baseline(by, scene.type.name, 60 * minutes))


@then(sentence("the {measure:measure} is unknown"))
def _(scene: Scene, measure: str) -> None:
    """Nobody can say, because nobody declared what it is a share of. That is not nought."""
    part, whole = scene.door.measured(scene.identity("x"), scene.type.name, MEASURES[measure])
    expect(whole == 0, "unknown", f"it is {part} of {whole}")


@given(sentence("{duration:duration} have passed"))
def _(scene: Scene, duration: timedelta) -> None:
    """So much time went by."""
    scene.let_pass(duration)


@then(sentence("outcomes are missing"))
def _(scene: Scene) -> None:
    """For a week and more nobody has said what proved right, though something was done."""
    expect(Feed.OUTCOMES in _silent(scene), "missing", "they are not missing")


@then(sentence("outcomes are not missing"))
def _(scene: Scene) -> None:
    """Somebody has said what proved right, or nothing was done that could."""
    expect(Feed.OUTCOMES not in _silent(scene), "not missing", "they are missing")


@then(sentence("the volume is missing"))
def _(scene: Scene) -> None:
    """For a week and more nobody has said how many cases there were, though some came."""
    expect(Feed.VOLUME in _silent(scene), "missing", "it is not missing")


@then(sentence("the volume is not missing"))
def _(scene: Scene) -> None:
    """The source system has said how many cases there were, or none came."""
    expect(Feed.VOLUME not in _silent(scene), "not missing", "it is missing")


def _silent(scene: Scene) -> set[Feed]:
    log = scene.desk.log
    assert isinstance(log, MemoryEventLog)
    reader = MemoryReader(log, MemoryProjectionStore(log))
    as_of = scene.clock.now()
    due = scene.prepare(reader.due(scene.type.name, began(as_of)))
    return {one.feed for one in missing(due, as_of)}
