"""Calibrating: how far a model's confidence can be believed, and whether its work has changed."""

import asyncio
from datetime import datetime

from application.desk import Caller, Desk
from application.metrics.comparing import Comparison, compare
from application.metrics.reliability import Reliability, Seen, models_of
from application.metrics.window import Window
from application.reading import ReliabilityReader
from domain.decision_type.definition import DecisionTypeDefinition
from domain.guardrail.facts import Choice, Level, YesNo
from domain.model import Malformed


class NoSuchSegment(Malformed):
    """A segment is a declared fact that is not about a person and has few values."""

    CODE = "REJ.segment"


async def reliability(
    decision_type: str,
    window: Window,
    caller: Caller,
    desk: Desk,
    reader: ReliabilityReader,
    *,
    model: str | None = None,
    segment: str | None = None,
    reference: Window | None = None,
    as_of: datetime | None = None,
) -> Reliability:
    """Calibration of what ended in a window, and drift of what was received in it against what was
    received in the reference window, by model version and by segment."""
    caller.require_any_seat(decision_type)
    governed = await desk.governed(decision_type)
    if segment is not None:
        _require_segment(governed.decision_type.definition, segment)
    now = await reader.kinds(decision_type, window, segment)
    then = None if reference is None else await reader.kinds(decision_type, reference, segment)
    labels = await reader.labels(decision_type, window, segment)
    seen = Seen(tuple(labels), tuple(now), None if then is None else tuple(then))
    models = await asyncio.to_thread(models_of, seen)
    return Reliability(
        decision_type=decision_type,
        window=window,
        reference=reference,
        segment=segment,
        as_of=as_of or desk.clock.now(),
        models=tuple(one for one in models if model in (None, one.model, one.model.split("@")[0])),
    )


def _require_segment(definition: DecisionTypeDefinition, name: str) -> None:
    allowed = [
        fact
        for fact, kind in sorted(definition.context.items())
        if isinstance(kind, YesNo | Choice | Level) and not kind.personal
    ]
    if name not in allowed:
        said = ", ".join(allowed) or "none: no declared fact has few values"
        raise NoSuchSegment(f"segment: found {name[:60]}, allowed are {said}")


class NotTwoModels(Malformed):
    """Two different model versions are compared, each named in full."""

    CODE = "REJ.models"


async def compare_models(
    decision_type: str,
    champion: str,
    challenger: str,
    window: Window,
    caller: Caller,
    desk: Desk,
    reader: ReliabilityReader,
    as_of: datetime | None = None,
) -> Comparison:
    """Champion and challenger on the same subjects, by the same labels."""
    caller.require_any_seat(decision_type)
    await desk.governed(decision_type)
    for which, name in (("champion", champion), ("challenger", challenger)):
        if "@" not in name:
            raise NotTwoModels(f"{which}: found {name[:60]}, needs name@version")
    if champion == challenger:
        raise NotTwoModels(f"challenger: found {challenger[:60]}, which is the champion")
    rows = await reader.of_models(decision_type, window, (champion, challenger))
    return await asyncio.to_thread(
        compare, rows, decision_type, champion, challenger, window, as_of or desk.clock.now()
    )
