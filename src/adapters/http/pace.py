"""Pace: how many requests one caller may send in a second, counted where each request is let in.

A window begins with the first request after the one before ended, and every count with it. That is
a dictionary and two look-ups, and no store.
"""

from collections.abc import Callable
from time import monotonic

from adapters.http.problems import TooFast

WINDOW = 1.0


class Pace:
    """Counts each caller's requests; the counts begin anew every second."""

    def __init__(self, most: int | None, now: Callable[[], float] = monotonic) -> None:
        self._most = most
        self._now = now
        self._ends = 0.0
        self._counted: dict[str, int] = {}

    def count(self, caller: str) -> None:
        """One more of this caller's, or a refusal."""
        if self._most is None:
            return
        if (now := self._now()) >= self._ends:
            self._ends = now + WINDOW
            self._counted = {}
        count = self._counted[caller] = self._counted.get(caller, 0) + 1
        if count > self._most:
            raise TooFast(f"{caller[:60]}: found more than {self._most} requests in a second")
