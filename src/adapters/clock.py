"""The time of day, a time that stands still until a test moves it, and one that a demo moves."""

import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from adapters.trouble import Trouble

AHEAD = re.compile(r"\+(\d{1,9})([smhd])")
SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


class BadTime(Trouble):
    """The file that a clock follows says no time."""


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class HeldClock:
    """A clock that someone holds."""

    time: datetime = datetime(2026, 1, 5, 9, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self.time += by


@dataclass
class MovedClock:
    """A clock that follows a file, so that all processes of a demo or a test have the same time.

    The file says how far it is ahead of the machine's, `+2d`, or where it stands still,
    `2026-01-05T09:00:00Z`.
    """

    file: Path
    _read: tuple[int, int] | None = field(default=None, init=False)
    _ahead: timedelta = field(default=timedelta(0), init=False)
    _held: datetime | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        try:
            self._look()
        except OSError as error:
            raise BadTime(f"REMIT_CLOCK: {self.file}: {error.strerror}") from None

    def now(self) -> datetime:
        """What is no time any more, or a file that is gone, leaves the clock as it was."""
        with suppress(OSError, BadTime):
            self._look()
        return self._held or datetime.now(UTC) + self._ahead

    def move(self, to: str) -> None:
        """Have every process that follows the file go by another time, all of it at once."""
        _ahead_or_held(to)
        beside = self.file.with_name(f"{self.file.name}.new")
        beside.write_text(f"{to}\n", encoding="utf-8")
        beside.replace(self.file)
        self._look()

    def _look(self) -> None:
        found = self.file.stat()
        if (seen := (found.st_mtime_ns, found.st_ino)) != self._read:
            said = self.file.read_text(encoding="utf-8", errors="replace")
            self._ahead, self._held = _ahead_or_held(said.strip())
            self._read = seen


def _ahead_or_held(said: str) -> tuple[timedelta, datetime | None]:
    if match := AHEAD.fullmatch(said):
        ahead = timedelta(seconds=int(match[1]) * SECONDS[match[2]])
        if ahead <= timedelta(days=36_500):
            return ahead, None
    try:
        held = datetime.fromisoformat(said)
    except ValueError:
        held = None
    if held is None or held.tzinfo is None:
        raise BadTime(
            f"REMIT_CLOCK: the file says {said[:40]!r}; allowed are +90m, +4h or +2d, at most a "
            "hundred years, and a time with its zone like 2026-01-05T09:00:00Z"
        )
    return timedelta(0), held.astimezone(UTC)
