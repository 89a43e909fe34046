"""Silence: which feedback was due for days on end and did not come.

It is due where there is something to hear of: decisions that were acted on (outcomes), checks that
wait (verdicts), cases that came (volume), before the silence began, and still while it lasts.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from pydantic import AwareDatetime

from application.metrics.periods import midnight
from domain.model import Value
from domain.silence import Feed

DAYS = 7
"""So many whole days of silence are too many."""


OUTCOMES = ("decision.outcome_observed",)
VERDICTS = ("decision.quality_confirmed", "decision.quality_overturned")
VOLUME = ("volume.declared", "volume.corrected")
"""By which events each feed is heard."""


class FeedbackMissing(Value):
    """A feed that is silent though something was due."""

    code: Literal["FEEDBACK_MISSING"] = "FEEDBACK_MISSING"
    feed: Feed
    last_heard: AwareDatetime | None
    days: int = DAYS


class Due(NamedTuple):
    """What there was to hear of, and when something last was heard."""

    acted: bool = False
    """Decisions were acted on before the silence and while it lasts."""
    received: bool = False
    """Cases came before the silence and while it lasts."""
    unjudged: bool = False
    """A check has waited since before."""
    outcomes: datetime | None = None
    verdicts: datetime | None = None
    volume: datetime | None = None

    @property
    def last_heard(self) -> Mapping[Feed, datetime | None]:
        """When something last came by each feed."""
        return {
            Feed.OUTCOMES: self.outcomes,
            Feed.VERDICTS: self.verdicts,
            Feed.VOLUME: self.volume,
        }


def began(as_of: datetime) -> datetime:
    """When a silence that is too long now must have begun."""
    return midnight(as_of.astimezone(UTC)) - timedelta(days=DAYS)


def missing(due: Due, as_of: datetime) -> tuple[FeedbackMissing, ...]:
    """The feeds by which something was due and nothing came since then."""
    awaited = {Feed.OUTCOMES: due.acted, Feed.VERDICTS: due.unjudged, Feed.VOLUME: due.received}
    return tuple(
        FeedbackMissing(feed=feed, last_heard=heard)
        for feed, heard in due.last_heard.items()
        if awaited[feed] and (heard is None or heard < began(as_of))
    )
