"""Replaying the whole log of a database."""

import asyncio
from collections.abc import Callable

from adapters.assembly import codec, working_desk
from adapters.eventstore.glimpses import Glimpses
from adapters.postgres.replays import replay_all
from application.replaying_log import TELLING_TOPICS, LogReplay, Rules, rules

Progress = Callable[[int, int], None]


def replay_log(url: str, progress: Progress = lambda _done, _all: None) -> LogReplay:
    """Re-evaluate every routing there is, on all processors; no key is needed."""
    reader = codec()
    topics = reader.stored_topics(TELLING_TOPICS)
    return replay_all(url, Glimpses(reader), asyncio.run(_rules(url)), topics, progress)


async def _rules(url: str) -> Rules:
    async with working_desk(url) as desk:
        return await rules(desk)
