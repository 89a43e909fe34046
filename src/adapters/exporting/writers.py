"""What all writers of exports have in common."""

from datetime import UTC, datetime
from typing import Protocol

from application.exporting.histories import History


class Writer(Protocol):
    """Writes one decision after the other into a file."""

    def add(self, history: History) -> None:
        """Write one decision's life."""
        ...

    def end(self) -> None:
        """Write what comes last."""
        ...


def moment(at: datetime) -> str:
    """A moment in UTC, to the microsecond."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
