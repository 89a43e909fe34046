"""Verifying: whether the figures that are kept up are those that the log gives, to the last digit.

Every figure of a decision type is computed twice by the same formulas, over all of its life and by
month: from what is kept, and from what folding the log anew gives.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from pydantic import JsonValue

from application.desk import Desk
from application.measuring import declared_of, look_up
from application.metrics.formulas import Report
from application.metrics.periods import whole_days
from application.metrics.window import Window
from application.reading import Sums
from domain.model import Value

FIRST_DAY = datetime(2000, 1, 1, tzinfo=UTC)


class Discrepancy(Value):
    """A figure that is kept otherwise than the log gives it."""

    figure: str
    """Its path in the report, within a month where it is one of a month's."""
    kept: JsonValue
    from_the_log: JsonValue


class VerifiedType(Value):
    """What was compared of a decision type."""

    decision_type: str
    figures: int
    discrepancies: tuple[Discrepancy, ...]


class Verified(Value):
    """What verifying found, as of one moment of the log, while others wrote on."""

    position: int
    """How far the projections stood in the log: both sides are as of there."""
    behind: int
    """By how much they were behind the newest event then."""
    decision_types: tuple[VerifiedType, ...]
    rows_differing: tuple[str, ...]
    """The rows and sums behind the figures that are not what the log gives, by their keys."""

    @property
    def equal(self) -> bool:
        """Whether nothing differs, in no digit."""
        return not self.rows_differing and not any(t.discrepancies for t in self.decision_types)


async def reports_of(
    decision_types: Sequence[str], reader: Sums, desk: Desk, as_of: datetime
) -> dict[str, Report]:
    """Every figure of these decision types, over all of their life and by month."""
    window = Window(since=FIRST_DAY, until=as_of + timedelta(microseconds=1))
    days = whole_days(window, as_of)
    assert days is not None, "it begins at midnight and reaches to now"
    found: dict[str, Report] = {}
    for name in decision_types:
        given, visible = await declared_of(name, desk), frozenset({name})
        found[name] = await look_up(window, days, "month", visible, given, as_of, desk, reader)
    return found


def compared(kept: Mapping[str, Report], folded: Mapping[str, Report]) -> tuple[VerifiedType, ...]:
    """The figures of each decision type that differ in any digit."""
    return tuple(_compared(name, kept[name], folded[name]) for name in sorted(kept))


def _compared(name: str, kept: Report, folded: Report) -> VerifiedType:
    ours, theirs = _figures(kept), _figures(folded)
    return VerifiedType(
        decision_type=name,
        figures=len(theirs),
        discrepancies=tuple(
            Discrepancy(figure=path, kept=ours.get(path), from_the_log=theirs.get(path))
            for path in sorted(ours.keys() | theirs.keys())
            if ours.get(path) != theirs.get(path)
        ),
    )


def _figures(report: Report) -> dict[str, JsonValue]:
    whole = dict(_leaves(report.metrics.model_dump(mode="json"), ""))
    for part in report.slices:
        whole |= _leaves(part.metrics.model_dump(mode="json"), (part.key or "")[:7])
    return whole


def _leaves(value: JsonValue, path: str) -> Iterator[tuple[str, JsonValue]]:
    """Every single value, under its path."""
    match value:
        case dict():
            for name, inner in value.items():
                yield from _leaves(inner, f"{path}.{name}" if path else name)
        case list():
            for place, inner in enumerate(value):
                yield from _leaves(inner, f"{path}.{_named(inner, place)}")
        case _:
            yield path, value


def _named(value: JsonValue, place: int) -> str:
    """A reviewer's figures by the reviewer, a bin's by the bin, the others by their place."""
    if isinstance(value, dict):
        return str(value.get("reviewer", value.get("low", place)))
    return str(place)
