"""Sentences on quality checks and on what a threshold has to prove."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from pytest_bdd import given, then, when
from scene import AUDITOR, Scene, adoption
from vocabulary import expect, sentence

from application.certifying import Asked
from application.evidence.recommending import Recommendation
from application.observing import Outcome, QualityVerdict
from domain.decision.acting import Report
from domain.guardrail.document import Sampling
from domain.model import Seat
from domain.values import Disposition, Lane

GRID = tuple(map(Decimal, ("0.95", "0.90", "0.80")))
A_WHILE = timedelta(minutes=15)


def _recommended(scene: Scene, percent: int) -> Recommendation:
    limit = Decimal(percent) / 100
    asked = Asked(limit=limit, delta=Decimal("0.05"), grid=GRID)
    found = scene.door.certified(AUDITOR, scene.type.name, asked)
    assert found is not None, "no model has recommended anything yet"
    return found


def _another(scene: Scene, producer: str, action: str) -> None:
    scene.recommend(producer, action, f"subject {len(scene.said)}")


@given(sentence("the decision type {title:title}, of which all is checked"))
def _(scene: Scene, title: str) -> None:
    """The decision type is in force, and the lot falls on whatever is automated."""
    kind = adoption(title)
    everything = Sampling(id="all", of=Lane.AUTOMATE, rate=Decimal(1))
    checked = kind.guardrail.model_copy(update={"sampling": (everything,)})
    scene.adopts(replace(kind, guardrail=checked))


@given(
    sentence(
        "{person:person} has upheld {count:number} recommendations of {producer:producer} to "
        "{action:action}"
    )
)
def _(scene: Scene, person: str, count: int, producer: str, action: str) -> None:
    """As many recommendations, one after another, on what is known now: a person reviewed each
    and agreed.
    """
    for _ in range(count):
        _another(scene, producer, action)
        scene.claim(person, A_WHILE)
        scene.dispose(person, Disposition.UPHOLD)


@given(
    sentence(
        "{person:person} has overridden {count:number} recommendations of {producer:producer} to "
        "{action:action} with {other:action}"
    )
)
def _(scene: Scene, person: str, count: int, producer: str, action: str, other: str) -> None:
    """The same, but each time the person chose another action."""
    for _ in range(count):
        _another(scene, producer, action)
        scene.claim(person, A_WHILE)
        scene.dispose(person, Disposition.OVERRIDE, action=other, reason="OVR.BETTER_ACTION")


@given(
    sentence(
        "{count:number} recommendations of {producer:producer} to {action:action} were carried "
        "out, and nobody complained"
    )
)
def _(scene: Scene, count: int, producer: str, action: str) -> None:
    """As many were automated, and all that is known is that they proved right: nobody was asked."""
    for _ in range(count):
        _another(scene, producer, action)
        scene.act(producer, "receipt", Report.model_validate({"status": "delivered"}))
        outcome = Outcome(actual_action=action, observed_at=scene.clock.now())
        scene.act(scene.type.owners[Seat.DECISION_OWNER], "outcome", outcome)


@given(
    sentence(
        "{count:number} recommendations of {producer:producer} to {action:action} were automated, "
        "and {person:person} has confirmed all but {left:number} in the quality check"
    )
)
def _(scene: Scene, count: int, producer: str, action: str, person: str, left: int) -> None:
    """As many were drawn for a check, and a person judged most of them."""
    for nth in range(count):
        _another(scene, producer, action)
        if nth >= left:
            scene.act(person, "quality", QualityVerdict(verdict="confirm"))


@when(sentence("{producer:producer} changes to version {version:number} of its model"))
def _(scene: Scene, producer: str, version: int) -> None:
    """What a producer says from now on comes from this version of its model."""
    assert producer
    scene.model_version = str(version)


@then(
    sentence(
        "at most {percent:number} % being wrong, the threshold {threshold:probability} is "
        "recommended"
    )
)
def _(scene: Scene, percent: int, threshold: Decimal) -> None:
    """The labels so far bear out this confidence, with a probability of 95 %, out of the
    thresholds 0.95, 0.90 and 0.80.
    """
    found = _recommended(scene, percent)
    expect(found.threshold == threshold, f"the threshold {threshold}", found.sentence)


@then(
    sentence(
        "at most {percent:number} % being wrong, no threshold is recommended, and about "
        "{count:number} more labels are needed"
    )
)
def _(scene: Scene, percent: int, count: int) -> None:
    """The labels so far bear out none, and so many more would bear out 0.95 if all were right."""
    found = _recommended(scene, percent)
    wanted = (None, count)
    expect((found.threshold, found.labels_missing) == wanted, f"{count} missing", found.sentence)


@then(sentence("{count:number} labels that came by themselves are set aside"))
def _(scene: Scene, count: int) -> None:
    """So many labels are shown and enter no estimate, as nobody knows with what chance they came."""
    found = _recommended(scene, 5).set_aside
    expect(found == count, f"{count} set aside", f"there are {found}")


@then(sentence("{person:person} sees nothing of the recommendation"))
def _(scene: Scene, person: str) -> None:
    """A person who looks at the decision is shown the case alone."""
    found = scene.door.decision(scene.identity(person), scene.decision.id)
    hidden = (found.recommendation, found.action, found.parameters, found.reasons)
    expect(hidden == (None, None, None, ()), "nothing of it", f"{person} sees {hidden}")
    expect(bool(found.context), "the case to be shown", "it is not")


@then(sentence("{person:person} sees that {action:action} was recommended"))
def _(scene: Scene, person: str, action: str) -> None:
    """A person who looks at the decision is shown what the model said."""
    found = scene.door.decision(scene.identity(person), scene.decision.id).recommendation
    said = found.action if found else "nothing"
    expect(said == action, f"{action} to be seen", f"{person} sees {said}")
