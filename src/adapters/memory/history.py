"""Recorded history in memory, put to a policy on trial."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from adapters.memory.log import MemoryEventLog
from adapters.memory.projections import MemoryProjectionStore
from application.metrics.populations import is_disposed, is_overridden
from application.projections.feedback import Feedback
from application.projections.feedback_row import FeedbackRow
from application.projections.past_cases import PastCase, PastCases
from application.rehearsal.history import Cancelled, Counted, Heard
from application.rehearsal.outcomes import written
from application.rehearsal.sorting import Sorter
from application.rehearsal.tallying import Recorded, tally
from application.rehearsal.trial import Scope, Trial

HOUR = timedelta(hours=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class MemoryHistory:
    """What the rows in memory say, brought up to date first."""

    def __init__(self, log: MemoryEventLog, store: MemoryProjectionStore) -> None:
        self._log = log
        self._store = store

    def count(
        self, trial: Trial, scope: Scope, heard: Heard = lambda _done, _total: False
    ) -> Counted:
        """Put all of a scope to the trial."""
        self._store.catch_up(PastCases())
        self._store.catch_up(Feedback())
        reached = self._store.position(PastCases())
        up_to = reached if scope.up_to is None else min(scope.up_to, reached)
        cases = list(self._cases(trial.definition.name, scope, up_to))
        if heard(0, len(cases)):
            raise Cancelled
        counted = tally(cases, Sorter(trial))
        heard(len(cases), len(cases))
        return Counted(counted, up_to)

    def _cases(self, name: str, scope: Scope, up_to: int) -> Iterator[Recorded]:
        feedback = self._store.rows(Feedback())
        cases = self._store.rows(PastCases()).values()
        for case in sorted(cases, key=lambda case: (case.received_at, case.key)):
            known = feedback.get(case.key)
            if _lies_in(case, name, scope, up_to) and not (known and known.is_test):
                hour = (case.received_at - EPOCH) // HOUR
                yield case.key, hour, case.facts, _outcome(known)


def _lies_in(case: PastCase, name: str, scope: Scope, up_to: int) -> bool:
    return (
        case.decision_type == name
        and scope.since <= case.received_at < scope.until
        and scope.behind < case.position <= up_to
    )


def _outcome(row: FeedbackRow | None) -> str:
    if row is None:
        return written(None, None, None, None, None, None)
    overridden = is_overridden(row) if is_disposed(row) else None
    probability = row.label_probability
    return written(row.lane, row.sampled, row.sampling_rate, row.label, probability, overridden)
