"""The store as the library plugs it in: `PERSISTENCE_MODULE=adapters.postgres.persistence`.

The library looks for exactly one factory class in here, so the stock one stays behind its module.
"""

from eventsourcing import postgres as stock

from adapters.postgres.recorder import GroupCommitProcessRecorder, GroupCommitRecorder


class GroupCommitFactory(stock.PostgresFactory):
    """Builds the library's infrastructure around our recorder."""

    application_recorder_class = GroupCommitRecorder
    process_recorder_class = GroupCommitProcessRecorder
