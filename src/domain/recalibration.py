"""Recalibration: what a model's confidence would have to say to be true, as a versioned map.

A map is a table of whole numbers, in 1/10,000, so that it maps alike on every machine and in every
year. One is adopted only where it helped on labels that it was not fitted on. Routing does not ask
it: an adopted map is on record, beside the model it speaks of.
"""

import json
from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime
from functools import cache, reduce
from hashlib import sha256
from typing import Any, ClassVar, Literal, Self, assert_never
from uuid import UUID, uuid5

from pydantic import AwareDatetime, Field, model_validator

from domain.model import (
    Aggregate,
    Event,
    Forbidden,
    NotFound,
    Seat,
    Stamp,
    Unauthorised,
    Value,
    envelope,
)

RECALIBRATIONS = UUID("6f1c4ed8-6f0b-5f0c-9d5e-0c6f1b1f2a07")
"""Namespace of recalibrations' stream ids."""
UNIT = 10_000
LEAST_HELD_OUT = 100
"""On fewer labels that it was not fitted on, nobody can say that a map helps."""
ADOPTS = (Seat.AI_PRODUCT_OWNER, Seat.RISK_OWNER)

Method = Literal["isotonic", "logistic"]


class Map(Value):
    """From a stated confidence to a truer one, both in 1/10,000; straight between the knots."""

    method: Method
    knots: tuple[tuple[int, int], ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _rises(self) -> Self:
        stated, truer = zip(*self.knots, strict=True)
        within = all(0 <= n <= UNIT for n in (*stated, *truer))
        if not within or sorted(set(stated)) != list(stated) or sorted(truer) != list(truer):
            raise ValueError("knots: from 0 to 10000, and more confidence never becomes less")
        return self

    @property
    def digest(self) -> str:
        """What names this map, whoever holds it."""
        content = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return f"sha256:{sha256(content.encode()).hexdigest()}"

    def applied(self, confidence: int) -> int:
        """The truer confidence, halves up; outside of the knots, that of the nearest."""
        above = bisect_right(self.knots, (confidence, UNIT + 1))
        if above == 0:
            return self.knots[0][1]
        if above == len(self.knots):
            return self.knots[-1][1]
        (x0, y0), (x1, y1) = self.knots[above - 1], self.knots[above]
        return y0 + (2 * (confidence - x0) * (y1 - y0) + (x1 - x0)) // (2 * (x1 - x0))


class Evidence(Value):
    """What a map was fitted on, and what it was worth on the labels held out."""

    since: AwareDatetime
    until: AwareDatetime
    """The window of the decisions' receipt."""
    fitted_on: int
    held_out: int
    labels_digest: str
    """Of all the labels, in the order of the decisions' ids."""
    brier_before: float | None
    brier_after: float | None
    """On the labels held out, weighted by 1 / P(labelled)."""
    improvement_low: float | None
    """The lower end of the 95 % interval of the paired improvement."""
    test: str

    @property
    def helps(self) -> bool:
        """Whether the improvement is more than chance makes of so many labels."""
        low = self.improvement_low
        return self.held_out >= LEAST_HELD_OUT and low is not None and low > 0


class RecalibrationEvent(Event):
    """A fact about the maps of one model version of a decision type."""

    decision_type: str
    model: str
    map_version: int
    digest: str


class Fitted(RecalibrationEvent):
    """A map was fitted to labels, and tried on others."""

    TOPIC: ClassVar[str] = "recalibration.fitted"
    map: Map
    evidence: Evidence


class Adopted(RecalibrationEvent):
    """An owner takes a map for what the model's confidence should say."""

    TOPIC: ClassVar[str] = "recalibration.adopted"


LifeEvent = Fitted | Adopted


class FittedMap(Value):
    """A version of a model's map."""

    version: int
    digest: str
    map: Map
    evidence: Evidence
    fitted_by: str
    fitted_at: datetime


class Recalibrations(Aggregate):
    """The maps of one model version, and the one that is adopted."""

    decision_type: str
    model: str
    maps: dict[int, FittedMap]
    adopted: int | None = None


class NoSuchMap(NotFound):
    """A map is known by its model and version."""

    CODE = "REJ.map_unknown"


class NoHelp(Forbidden):
    """A map is adopted only where it helped on labels that it was not fitted on."""

    CODE = "REJ.map_no_help"


class NotAnAdopter(Unauthorised):
    """The AI product owner or the risk owner adopts a map, in person."""

    CODE = "REJ.map_seat"


@cache
def stream_id(decision_type: str, model: str) -> UUID:
    """The stream of a model version's maps."""
    return uuid5(RECALIBRATIONS, f"{decision_type}/{model}")


def fit(
    state: Recalibrations | None,
    decision_type: str,
    model: str,
    map: Map,
    evidence: Evidence,
    stamp: Stamp,
) -> tuple[LifeEvent, ...]:
    """Put a fitted map on record. The same map on the same labels adds nothing."""
    for known in state.maps.values() if state else ():
        if (known.map, known.evidence.labels_digest) == (map, evidence.labels_digest):
            return ()
    version = state.version if state else 0
    return (
        Fitted(
            **envelope(stream_id(decision_type, model), version + 1, stamp),
            decision_type=decision_type,
            model=model,
            map_version=len(state.maps) + 1 if state else 1,
            digest=map.digest,
            map=map,
            evidence=evidence,
        ),
    )


def adopt(
    state: Recalibrations | None, model: str, version: int, stamp: Stamp
) -> tuple[LifeEvent, ...]:
    """Take a map for what the model's confidence should say, if it was seen to help."""
    if not (stamp.actor.is_person and stamp.actor.seat in ADOPTS):
        raise NotAnAdopter(f"{stamp.actor.id} does not act as AI product owner or risk owner")
    known = state.maps.get(version) if state else None
    if state is None or known is None:
        raise NoSuchMap(f"version: found {version} of {model[:60]}")
    if state.adopted == version:
        return ()
    if not known.evidence.helps:
        raise NoHelp(_why(known.evidence))
    return (
        Adopted(
            **state.next(stamp),
            decision_type=state.decision_type,
            model=state.model,
            map_version=version,
            digest=known.digest,
        ),
    )


def _why(evidence: Evidence) -> str:
    if evidence.held_out < LEAST_HELD_OUT:
        return f"{evidence.held_out} labels were held out, needs {LEAST_HELD_OUT}"
    return (
        f"the improvement on {evidence.held_out} labels held out may be as low as "
        f"{evidence.improvement_low or 0:.6f}, needs more than 0"
    )


def fold(events: Iterable[LifeEvent], state: Recalibrations | None = None) -> Recalibrations | None:
    """The state after these events."""
    return reduce(evolve, events, state)


def evolve(state: Recalibrations | None, event: LifeEvent) -> Recalibrations:
    """Fold one event into the state. Total: recorded history is never refused."""
    if state is None:
        state = Recalibrations(
            id=event.originator_id,
            version=0,
            decision_type=event.decision_type,
            model=event.model,
            maps={},
        )
    return state.after(event, **_changes(state, event))


def _changes(state: Recalibrations, event: LifeEvent) -> dict[str, Any]:
    match event:
        case Fitted():
            fitted = FittedMap(
                version=event.map_version,
                digest=event.digest,
                map=event.map,
                evidence=event.evidence,
                fitted_by=event.actor.id,
                fitted_at=event.timestamp,
            )
            return {"maps": state.maps | {event.map_version: fitted}}
        case Adopted():
            return {"adopted": event.map_version}
        case _:
            assert_never(event)
