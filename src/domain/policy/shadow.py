"""Shadow: a version tried beside the one in force. It ends by itself when either changes."""

from datetime import datetime
from typing import Self

from pydantic import AwareDatetime

from domain.model import Value
from domain.policy.events import ShadowStarted


class Shadow(Value):
    """A trial of one version beside another, from when and from where in the log."""

    version: int
    against: int
    """The version in force when it was started."""
    behind: int
    started_at: AwareDatetime
    started_by: str
    ended_at: AwareDatetime | None = None

    @classmethod
    def started(cls, event: ShadowStarted) -> Self:
        """The trial that an event began."""
        return cls(
            version=event.policy_version,
            against=event.against,
            behind=event.behind,
            started_at=event.timestamp,
            started_by=event.actor.id,
        )

    @property
    def is_running(self) -> bool:
        return self.ended_at is None


def ended(shadow: Shadow | None, at: datetime, version: int | None = None) -> Shadow | None:
    """The trial after something happened to a version; to none in particular, if to whichever."""
    if shadow is None or not shadow.is_running:
        return shadow
    if version not in (None, shadow.version, shadow.against):
        return shadow
    return shadow.model_copy(update={"ended_at": at})
