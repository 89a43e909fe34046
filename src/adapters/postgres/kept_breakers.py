"""The breakers as the projection keeps them: where a process begins to fold on from."""

import json
from collections.abc import Mapping

from psycopg import AsyncConnection

from application.projections.breakers import Breakers, BreakersRow
from application.watching import Kept, Rows

KEPT = """
    SELECT coalesce(
            (SELECT notification_id FROM remit_tracking WHERE application_name = %s), 0),
        (SELECT coalesce(json_agg(row_to_json(b)), '[]')::text FROM breakers AS b)
"""


def kept_breakers(url: str) -> Kept:
    """Reads position and rows as of one moment."""

    async def kept() -> tuple[int, Rows]:
        async with await AsyncConnection.connect(url, autocommit=True) as connection:
            found = await (await connection.execute(KEPT, (Breakers.name,))).fetchone()
        assert found is not None, "a row is made of what there is, even of nothing"
        rows: list[Mapping[str, object]] = json.loads(found[1])
        return found[0], {row.key: row for row in map(_row, rows)}

    return kept


def _row(content: Mapping[str, object]) -> BreakersRow:
    return BreakersRow.model_validate_json(json.dumps(content))
