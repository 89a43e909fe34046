"""History: what was recorded, to be put to a policy on trial. An adapter knows where it lies."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from application.rehearsal.tallying import Tally
from application.rehearsal.trial import Scope, Trial

Heard = Callable[[int, int], bool]
"""Told how many decisions are done, of how many; answers whether to end it."""


class Cancelled(Exception):
    """Whoever asked for it does not want it any more."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted, and how far in the log the history went."""

    tally: Tally
    position: int


class History(Protocol):
    """What was recorded. Counting takes a while: never where requests are answered."""

    def count(
        self, trial: Trial, scope: Scope, heard: Heard = lambda _done, _total: False
    ) -> Counted:
        """Put all of a scope to the trial; raises `Cancelled` where it was ended."""
        ...
