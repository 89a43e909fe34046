"""Sentences on what feedback rests on: the volume that a source system declares, and a baseline."""

from pytest_bdd import given, then, when
from scene import MEASURES, Scene
from vocabulary import expect, sentence

from application.declaring import DeclareVolume, PeriodVolume

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
