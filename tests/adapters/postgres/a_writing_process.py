"""A process that writes, or one that follows, until it is killed; it reports on its output."""

import asyncio
import random
import sys
from threading import Event as Flag

from a_projection import Tallies
from an_event import a_codec, an_id, append, counted

from adapters.postgres.following import follow
from adapters.postgres.log import PostgresEventLog
from adapters.postgres.projections import ProjectionStore


async def write(url: str) -> None:
    """Append from a few tasks with random pauses; print each stream once it is acknowledged."""
    async with PostgresEventLog(url, a_codec()) as log:

        async def submit() -> None:
            while True:
                stream = an_id()
                await log.append(append(counted(stream, 1), counted(stream, 2), key=str(stream)))
                print(stream, flush=True)
                await asyncio.sleep(random.choice([0, 0, 0.002, 0.02]))

        await asyncio.gather(*(submit() for _ in range(6)))


def main(role: str, url: str) -> None:
    if role == "write":
        asyncio.run(write(url))
    else:
        follow(url, ProjectionStore(url, a_codec()), [Tallies()], Flag())


if __name__ == "__main__":
    main(*sys.argv[1:])
