"""Volumes: what source systems declared, as it stands: one row a period of a decision type."""

from datetime import date
from typing import ClassVar, get_args

from pydantic import AwareDatetime

from application.metrics.intake import DeclaredVolume
from application.metrics.periods import A_DAY, period_window
from application.ports import Positioned
from application.projections import Projection, Row
from domain.model import Event
from domain.volume import LifeEvent, VolumeEvent


class VolumeRow(DeclaredVolume, Row):
    """A declared period, and who declared it last."""

    first_day: date
    last_day: date
    source: str
    declared_at: AwareDatetime
    declared_by: str
    corrections: int = 0
    """How often it was declared anew. What was said before stays in the log."""


class Volumes(Projection[VolumeRow]):
    """One row a period, for ever; a correction takes the number's place."""

    name: ClassVar[str] = "volumes"
    topics = tuple(event.TOPIC for event in get_args(LifeEvent))
    Row = VolumeRow

    def key(self, event: Event) -> str | None:
        """The decision type and the period."""
        return f"{event.decision_type}/{event.period}" if isinstance(event, VolumeEvent) else None

    def fold(self, row: VolumeRow | None, positioned: Positioned) -> VolumeRow | None:
        """The row after one more declaration."""
        event = positioned.event
        if not isinstance(event, VolumeEvent):
            return row
        period = period_window(event.period)
        return VolumeRow(
            key=f"{event.decision_type}/{event.period}",
            decision_type=event.decision_type,
            period=event.period,
            first_day=period.since.date(),
            last_day=(period.until - A_DAY).date(),
            eligible=event.eligible,
            bypassed=event.bypassed,
            source=event.source,
            declared_at=event.timestamp,
            declared_by=event.actor.id,
            corrections=0 if row is None else row.corrections + 1,
        )
