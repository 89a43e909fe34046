"""What every projection with one row a decision has in common."""

from abc import abstractmethod
from typing import cast, get_args

from application.ports import Positioned
from application.projections import Projection, R
from domain.decision import events as d
from domain.model import Event

TOPICS: tuple[str, ...] = tuple(event.TOPIC for event in get_args(d.LifeEvent))
LIFE = frozenset(TOPICS)


class OfDecisions(Projection[R]):
    """One row a decision, from its first event on for as long as the fold keeps it."""

    topics = TOPICS

    def key(self, event: Event) -> str | None:
        """The decision's id. A rejected attempt belongs to no decision's life."""
        return str(event.originator_id) if event.TOPIC in LIFE else None

    def fold(self, row: R | None, positioned: Positioned) -> R | None:
        """The row after the event; a row that has gone does not come back."""
        event = cast("d.LifeEvent", positioned.event)
        if row is None:
            return self.opened(event) if isinstance(event, d.Recommended) else None
        return self.after(row, event)

    @abstractmethod
    def opened(self, event: d.Recommended) -> R:
        """The row of a decision that has just begun."""

    @abstractmethod
    def after(self, row: R, event: d.LifeEvent) -> R | None:
        """The row after one more event of the decision's life."""
