"""Own time: which databases may be written to under a clock that somebody moves."""

import psycopg

from adapters.trouble import Trouble

MARK_A_NEW_ONE = """
    INSERT INTO own_time SELECT true WHERE NOT EXISTS (SELECT FROM remit_events)
    ON CONFLICT DO NOTHING
"""


class RealTime(Trouble):
    """A record of what really happened can't be continued under a clock that somebody moves."""


def require_own_time(url: str) -> None:
    """Refuse a database whose record began under the real clock; mark one that has none yet."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(MARK_A_NEW_ONE)
        if connection.execute("SELECT FROM own_time").fetchone() is None:
            raise RealTime(
                "REMIT_CLOCK: this database holds what happened by the real clock; one that is "
                "moved by hand is for demos and tests, on a database that began with it"
            )
