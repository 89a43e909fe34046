"""Questions to the projections, asked by whoever has the database: sees all, changes nothing."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pydantic import TypeAdapter, ValidationError

from adapters.cli.common import database
from adapters.settings import Settings
from adapters.trouble import Trouble
from application.metrics.formulas import Report
from application.metrics.slices import GroupBy

FIRST_DAY = datetime(2000, 1, 1, tzinfo=UTC)


def read_metrics(
    settings: Settings,
    decision_type: str | None,
    since: datetime | None,
    until: datetime | None,
    group_by: str | None,
    formulas: Sequence[str] = (),
) -> Report:
    """The metrics of a window, the projections brought up to the log first."""
    from adapters.worker import catch_up

    slicing = _slicing(group_by)
    with database(settings) as url:
        catch_up(url)
        return asyncio.run(_measured(url, settings, decision_type, since, until, slicing, formulas))


def _slicing(word: str | None) -> GroupBy | None:
    try:
        return TypeAdapter(GroupBy | None).validate_python(word)
    except ValidationError as error:
        allowed = ", ".join(str(e["ctx"]["expected"]) for e in error.errors() if "ctx" in e)
        raise Trouble(f"--group-by: found {word}; allowed are {allowed}") from None


async def _measured(
    url: str,
    settings: Settings,
    decision_type: str | None,
    since: datetime | None,
    until: datetime | None,
    group_by: GroupBy | None,
    formulas: Sequence[str],
) -> Report:
    from adapters.assembly import postgres_desk
    from adapters.postgres.reading import PostgresReader
    from application.desk import Caller
    from application.measuring import metrics
    from application.metrics.window import Window
    from application.ports import Identity

    everywhere = Caller(Identity("remit metrics", "human", {"*": frozenset({"auditor"})}))
    soon = datetime.now(UTC) + timedelta(minutes=1)
    start, end = since or FIRST_DAY, until or soon
    if end < start:
        raise Trouble(f"--until: found {end:%Y-%m-%d %H:%M}, needs what is not before --from")
    window = Window(since=start, until=end)
    async with postgres_desk(url, settings) as desk, PostgresReader(url) as reader:
        return await metrics(
            window,
            everywhere,
            desk,
            reader,
            decision_type=decision_type,
            group_by=group_by,
            formulas=formulas,
        )
