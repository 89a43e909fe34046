"""Recalibrating: fitting a map to what proved right, trying it on other labels, adopting it.

Which labels are held out is said by the decisions' ids alone, so that anybody can split them again.
"""

import asyncio
from collections.abc import Callable, Sequence
from hashlib import sha256
from importlib import import_module
from typing import Any, cast

from pydantic import Field

from application.desk import ATTEMPTS, Caller, Contended, Desk, require_held
from application.metrics.calibration import Point, in_units
from application.metrics.comparing import weighted_difference
from application.metrics.facts import DecisionFacts
from application.metrics.window import Window
from application.ports import Overtaken, Repeated
from application.reading import ReliabilityReader
from domain.model import Forbidden, Malformed, Seat, Value
from domain.recalibration import (
    ADOPTS,
    UNIT,
    Evidence,
    LifeEvent,
    Map,
    Method,
    Recalibrations,
    adopt,
    fit,
    fold,
    stream_id,
)

HELD_OUT = 3_000
"""Of 10,000 decisions, by the digests of their ids."""
STEP = 100
"""A logistic curve is told at every so many 1/10,000."""
TEST = (
    "paired difference of squared errors on labels held out (3 in 10, by the SHA-256 of the "
    "decision's id), weighted by 1 / P(labelled): the lower end of its 95 % interval is above 0"
)


Decide = Callable[[Recalibrations | None], tuple[LifeEvent, ...]]


class NothingToFit(Malformed):
    """A map is fitted to right and wrong labels of known probability on stated confidences."""

    CODE = "REJ.map_labels"


class NoFitter(Forbidden):
    """Maps are fitted where scikit-learn is installed: `pip install remit[calibration]`."""

    CODE = "REJ.map_fitter"


class FitMap(Value):
    """Which model's confidence is to be mapped, and how."""

    model: str = Field(min_length=1, max_length=400)
    """As `name@version`."""
    method: Method = "isotonic"


class AdoptMap(Value):
    """Which map is adopted."""

    model: str = Field(min_length=1, max_length=400)
    version: int = Field(ge=1, le=2**31 - 1)


async def fit_map(
    decision_type: str,
    command: FitMap,
    window: Window,
    caller: Caller,
    desk: Desk,
    reader: ReliabilityReader,
) -> Recalibrations:
    """Fit a map to the labels of what was received in a window, and put it on record."""
    state = (await desk.governed(decision_type)).decision_type
    actor = require_held(caller, state, *ADOPTS, Seat.DECISION_OWNER)
    rows = await reader.of_models(decision_type, window, (command.model,))
    fitted, evidence = await asyncio.to_thread(fitted_on, rows, command.method, window)
    stamp = desk.stamp(caller, actor)
    return await _recorded(
        decision_type,
        command.model,
        lambda state: fit(state, decision_type, command.model, fitted, evidence, stamp),
        caller,
        desk,
    )


async def adopt_map(
    decision_type: str, command: AdoptMap, caller: Caller, desk: Desk
) -> Recalibrations:
    """Adopt a map that helped on labels held out."""
    state = (await desk.governed(decision_type)).decision_type
    stamp = desk.stamp(caller, require_held(caller, state, *ADOPTS))
    return await _recorded(
        decision_type,
        command.model,
        lambda state: adopt(state, command.model, command.version, stamp),
        caller,
        desk,
    )


async def maps_of(decision_type: str, model: str, caller: Caller, desk: Desk) -> Recalibrations:
    """The maps of a model version; none yet, if nothing was fitted."""
    caller.require_any_seat(decision_type)
    await desk.governed(decision_type)
    state = await _maps(decision_type, model, desk)
    return state or Recalibrations(
        id=stream_id(decision_type, model),
        version=0,
        decision_type=decision_type,
        model=model,
        maps={},
    )


async def _maps(decision_type: str, model: str, desk: Desk) -> Recalibrations | None:
    events = await desk.log.stream(stream_id(decision_type, model))
    return fold(cast("list[LifeEvent]", list(events)))


async def _recorded(
    decision_type: str, model: str, decide: Decide, caller: Caller, desk: Desk
) -> Recalibrations:
    for _ in range(ATTEMPTS):
        state = await _maps(decision_type, model, desk)
        if await desk.repeated(caller) and state is not None:
            return state
        events = decide(state)
        try:
            if events:
                await desk.record(events, caller)
        except (Overtaken, Repeated):
            continue
        after = fold(events, state)
        assert after is not None, "a map was fitted, or known before"
        return after
    raise Contended(f"gave up after {ATTEMPTS} attempts")


def fitted_on(
    rows: Sequence[DecisionFacts], method: Method, window: Window
) -> tuple[Map, Evidence]:
    """A map fitted to most of the labels, and what it was worth on the others."""
    labelled = [row for row in rows if _counts(row)]
    learning = [_point(row) for row in labelled if not is_held_out(row.key)]
    trying = [_point(row) for row in labelled if is_held_out(row.key)]
    if len({point.right for point in learning}) < 2:
        raise NothingToFit(f"labels: found {len(learning)} to fit to, needs right and wrong ones")
    fitted = Map(method=method, knots=_FITTED[method](learning))
    return fitted, _evidence(fitted, labelled, len(learning), trying, window)


def _evidence(
    fitted: Map,
    labelled: Sequence[DecisionFacts],
    fitted_to: int,
    trying: Sequence[Point],
    window: Window,
) -> Evidence:
    errors = [
        (_error(p.confidence, p), _error(fitted.applied(p.confidence), p), p.weight) for p in trying
    ]
    before = weighted_difference("brier/1", [(b, w) for b, _, w in errors]).value
    after = weighted_difference("brier/1", [(a, w) for _, a, w in errors]).value
    better = weighted_difference("paired_brier/1", [(b - a, w) for b, a, w in errors])
    return Evidence(
        since=window.since,
        until=window.until,
        fitted_on=fitted_to,
        held_out=len(trying),
        labels_digest=_digest(labelled),
        brier_before=before,
        brier_after=after,
        improvement_low=better.low,
        test=TEST,
    )


def is_held_out(key: str) -> bool:
    """Whether a decision's label is for trying maps, and never for fitting one."""
    return int.from_bytes(sha256(key.encode()).digest()[:8], "big") % 10_000 < HELD_OUT


def _counts(row: DecisionFacts) -> bool:
    known = row.label is not None and row.label_probability is not None
    return known and row.confidence is not None and row.end not in (None, "withdrawn")


def _point(row: DecisionFacts) -> Point:
    assert row.confidence is not None, "only labelled confidences come here"
    weight = 1 / float(row.label_probability or 1)
    return Point(in_units(row.confidence), bool(row.label), weight)


def _digest(rows: Sequence[DecisionFacts]) -> str:
    lines = sorted(
        f"{row.key} {row.confidence} {row.label} {row.label_probability}\n" for row in rows
    )
    return f"sha256:{sha256(''.join(lines).encode()).hexdigest()}"


def _error(confidence: int, point: Point) -> float:
    return (confidence / UNIT - point.right) ** 2


def _isotonic(points: Sequence[Point]) -> tuple[tuple[int, int], ...]:
    """The nearest rising step function, told at the ends of its steps."""
    model = _sklearn("sklearn.isotonic").IsotonicRegression(y_min=0, y_max=1)
    model.fit(*_columns(points))
    found = zip(model.X_thresholds_, model.y_thresholds_, strict=True)
    knots = {round(float(x)): min(UNIT, max(0, round(float(y) * UNIT))) for x, y in found}
    return tuple(sorted(knots.items()))


def _logistic(points: Sequence[Point]) -> tuple[tuple[int, int], ...]:
    """Platt's curve on the confidence's log odds, told at every hundredth."""
    from scipy.special import expit, logit  # noqa: PLC0415 - or every command would load scipy

    def odds(confidence: int) -> float:
        return float(logit(min(max(confidence / UNIT, 0.0001), 0.9999)))

    model = _sklearn("sklearn.linear_model").LogisticRegression(C=1e6, max_iter=1_000)
    stated, right, weight = _columns(points)
    model.fit([[odds(x)] for x in stated], right, sample_weight=weight)
    slope, offset = max(0.0, float(model.coef_[0][0])), float(model.intercept_[0])
    at = range(0, UNIT + 1, STEP)
    return tuple((x, round(float(expit(slope * odds(x) + offset)) * UNIT)) for x in at)


def _columns(points: Sequence[Point]) -> tuple[list[int], list[bool], list[float]]:
    return [p.confidence for p in points], [p.right for p in points], [p.weight for p in points]


def _sklearn(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise NoFitter("scikit-learn is not installed here") from None


_FITTED = {"isotonic": _isotonic, "logistic": _logistic}
