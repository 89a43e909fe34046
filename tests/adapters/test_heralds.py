"""Followers are told by real workers: in order, each event, whoever is killed or misbehaves."""

import asyncio
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web
from aiosmtpd.smtp import SMTP
from reading_contract import LARGE, LOTS, SMALL, Library, a_decision, adopted, on_postgres
from standardwebhooks import Webhook

from adapters.assembly import codec
from adapters.clock import SystemClock
from adapters.eventstore.vault import Vault
from adapters.postgres.followers import PostgresSubscriptions
from adapters.postgres.log import PostgresEventLog
from application.desk import Caller, Desk
from application.governing import adopt
from application.ports import Identity
from application.subscribing import Outlets, Standing, Subscribe, subscribe
from application.telling import impersonal
from tests.adapters.webhooks.receivers import (
    SECRET,
    a_receiver,
    broken,
    elsewhere,
    endless,
    gone,
    hangs_up,
    slow,
    well,
)
from tests.application.office import caller
from tests.application.personal import a_personal_adoption

SOURCE = Path(__file__).parents[2] / "src"
DATA_TEAM = Caller(Identity("data-team", "service", {"*": frozenset({"auditor"})}))
KEY = "0b" * 32
VAULT = Vault(bytes.fromhex(KEY), "kek-1")


@contextmanager
def a_worker(url: str, **settings: str) -> Generator["subprocess.Popen[bytes]"]:
    """`remit work`, killed at the end as nobody would end it."""
    with subprocess.Popen(
        [sys.executable, "-m", "adapters", "work"],
        env=os.environ | {"PYTHONPATH": str(SOURCE), "REMIT_DATABASE_URL": url} | settings,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def endpoints(directory: Path, **urls: str) -> dict[str, str]:
    """The setting that names these receivers."""
    file = directory / "endpoints.json"
    known = {
        name: {"url": url, "secrets": [SECRET], "private": True, "timeout_seconds": 1}
        for name, url in urls.items()
    }
    file.write_text(json.dumps(known))
    return {"REMIT_ENDPOINTS": str(file)}


@asynccontextmanager
async def a_desk(url: str, vault: Vault | None = None) -> AsyncGenerator[Desk]:
    async with PostgresEventLog(url, codec(vault)) as log:
        yield Desk(log, SystemClock(), LOTS)


async def subscribed(
    database: str, name: str, vault: Vault | None = None, **asked: Any
) -> tuple[UUID, str]:
    """A new subscription's id and secret."""
    command = Subscribe.model_validate({"endpoint": name, "types": ("*",), "after": 0} | asked)
    async with a_desk(database, vault) as desk:
        outlets = Outlets(PostgresSubscriptions(database, vault), (name,))
        standing, _ = await subscribe(command, DATA_TEAM, desk, outlets)
    subscription = standing.subscription
    return subscription.id, subscription.secrets[0].text.get_secret_value()


async def standing(url: str, id: UUID) -> Standing:
    found = await PostgresSubscriptions(url, None).find(id)
    assert found is not None
    return found


async def ids(url: str) -> list[str]:
    async with a_desk(url) as desk:
        return [str(p.event.id) for p in await desk.log.after(0, limit=10_000)]


def now(library: Library) -> None:
    """Nothing is due yet: the workers' clock is no other than ours."""
    library.clock.advance(datetime.now(UTC) - library.clock.now())


def heard(asked: Sequence[web.Request]) -> list[str]:
    """What a receiver was told, as a receiver sees it that drops what it has just had."""
    return [id for id, _ in groupby(each.headers["webhook-id"] for each in asked)]


async def until(seconds: float, done: Callable[[], Awaitable[bool]]) -> None:
    end = time.monotonic() + seconds
    while not await done():
        assert time.monotonic() < end, "not everything happened in time"
        await asyncio.sleep(0.1)


def test_workers_that_die_tell_everything_in_order(database_url: str, tmp_path: Path) -> None:
    async def live() -> None:
        async with a_receiver(well) as (url, asked), on_postgres(database_url) as library:
            now(library)
            await adopted(library)
            settings = endpoints(tmp_path, team=url)
            _, secret = await subscribed(database_url, "team")
            dice = random.Random(4711)
            for n in range(5):
                with a_worker(database_url, **settings), a_worker(database_url, **settings):
                    for m in range(20):
                        await a_decision(library, f"{n}-{m}", dice.choice((SMALL, LARGE)))
                    await asyncio.sleep(0.8 + dice.random())
            log = await ids(database_url)

            async def all_told() -> bool:
                return bool(asked) and asked[-1].headers["webhook-id"] == log[-1]

            with a_worker(database_url, **settings):
                await until(60, all_told)
            assert heard(asked) == log
            for each in asked:
                headers = {name.lower(): value for name, value in each.headers.items()}
                Webhook(secret).verify(await each.read(), headers)

    asyncio.run(live())


def test_receivers_that_misbehave_harm_nobody_else(database_url: str, tmp_path: Path) -> None:
    async def live() -> None:
        async with (
            a_receiver(well) as (w, told),
            a_receiver(slow) as (s, _),
            a_receiver(gone) as (g, _),
            a_receiver(broken) as (b, _),
            a_receiver(elsewhere) as (e, sent_on),
            a_receiver(endless) as (n, _),
            a_receiver(hangs_up) as (h, _),
            on_postgres(database_url) as library,
        ):
            urls = {"well": w, "slow": s, "gone": g, "broken": b, "elsewhere": e}
            urls |= {"endless": n, "hangs_up": h}
            settings = endpoints(tmp_path, **urls)
            now(library)
            await adopted(library)
            made = {name: (await subscribed(database_url, name))[0] for name in urls}
            inside, _ = await subscribed(
                database_url, "", endpoint=None, url="https://127.0.0.1/hook"
            )
            for n_ in range(30):
                await a_decision(library, f"s-{n_}", SMALL)
            log = await ids(database_url)
            begun = time.monotonic()

            async def all_told() -> bool:
                return heard(told) == log

            async def all_tried() -> bool:
                found = [await standing(database_url, id) for id in made.values()]
                return all(one.bookmark.problem or one.bookmark.position for one in found)

            with a_worker(database_url, **settings):
                await until(60, all_told)
                took = time.monotonic() - begun
                await until(60, all_tried)
            assert took < 30
            found = {name: await standing(database_url, id) for name, id in made.items()}
            states = {name: one.state for name, one in found.items()}
            assert states == {
                "well": "active",
                "endless": "active",
                "slow": "failing",
                "gone": "stopped",
                "broken": "failing",
                "elsewhere": "failing",
                "hangs_up": "failing",
            }
            assert found["gone"].bookmark.problem == "410 Gone: no more"
            assert found["elsewhere"].bookmark.problem == "302 Found"
            assert {one.path for one in sent_on} == {"/hook"}
            problem = (await standing(database_url, inside)).bookmark.problem
            assert problem is not None
            assert "not a public address" in problem

    asyncio.run(live())


def test_what_is_sealed_leaves_without_what_is_personal(database_url: str, tmp_path: Path) -> None:
    async def live() -> None:
        async with a_receiver(well) as (url, asked), a_desk(database_url, VAULT) as desk:
            await adopt(a_personal_adoption(), caller("operator"), desk)
            _, secret = await subscribed(database_url, "team", VAULT)
            async with on_postgres(database_url) as library:
                personal = replace(library, desk=desk)
                await a_decision(personal, "a", {**SMALL, "name": "Ada Lovelace"})
            log = await desk.log.after(0, limit=1000)

            async def all_told() -> bool:
                return len(heard(asked)) == len(log)

            key = {"REMIT_KEY_ENCRYPTION_KEY": KEY}
            with a_worker(database_url, **endpoints(tmp_path, team=url), **key):
                await until(60, all_told)
            bodies = [await each.read() for each in asked]
            assert b"Ada Lovelace" not in b"".join(bodies)
            said = [json.loads(body) for body in bodies]
            assert [one["id"] for one in said] == [str(p.event.id) for p in log]
            contexts = [one["data"]["context"] for one in said if "context" in one["data"]]
            assert {context["name"] for context in contexts if "amount" in context} >= {None}
            assert impersonal(log[-1].event).id == log[-1].event.id
            headers = {name.lower(): value for name, value in asked[0].headers.items()}
            Webhook(secret).verify(bodies[0], headers)

    asyncio.run(live())


# ── people


class Postbox:
    """Keeps the subjects of what it is handed."""

    def __init__(self) -> None:
        self.subjects: list[str] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        lines = envelope.content.decode().splitlines()
        self.subjects += [line[9:] for line in lines if line.startswith("Subject: ")]
        return "250 OK"


BOARD = """
link: https://remit.example.com
mail: {host: 127.0.0.1, port: %d, security: none, from: remit@example.com}
channels:
  care:  {slack: SLACK_CARE, private: true}
  leads: {mail: [leads@example.com]}
  down:  {slack: SLACK_DOWN, private: true}
tell:
  - {channel: care, of: waiting}
  - {channel: leads, seat: escalation_owner}
  - {channel: down}
"""


@pytest.mark.parametrize("sealed", [False, True])
def test_people_hear_once_what_waits_and_a_dead_channel_stops_nobody(
    database_url: str, tmp_path: Path, sealed: bool
) -> None:
    async def live() -> None:
        box, vault = Postbox(), VAULT if sealed else None
        server = await asyncio.get_running_loop().create_server(
            lambda: SMTP(box, hostname="localhost"), "127.0.0.1", 0
        )
        async with (
            server,
            a_receiver(well) as (slack, asked),
            a_receiver(broken) as (dead, _),
            a_desk(database_url, vault) as desk,
            on_postgres(database_url) as plain,
        ):
            kind = a_personal_adoption() if sealed else None
            library = replace(plain, desk=desk)
            await adopted(library, kind)
            file = tmp_path / "notify.yaml"
            file.write_text(BOARD % server.sockets[0].getsockname()[1])
            settings = {
                "REMIT_NOTIFY": str(file),
                "SLACK_CARE": slack,
                "SLACK_DOWN": dead,
            }
            more = {"name": "Ada Lovelace"} if sealed else {}
            with a_worker(database_url, **settings), a_worker(database_url, **settings):
                await begun(database_url, 3)
                for n in range(5):
                    await a_decision(library, f"w-{n}", {**LARGE, **more})
                    await a_decision(library, f"a-{n}", {**SMALL, **more})
                await a_decision(library, "e", {**SMALL, **more}, confidence="0.30")

                async def all_said() -> bool:
                    return len(asked) >= 6 and bool(box.subjects)

                await until(60, all_said)
                await asyncio.sleep(1.5)
            said = [json.loads(await each.read())["text"] for each in asked]
            assert len(said) == len(set(said)) == 6
            assert sum("waits for review in refunds" in text for text in said) == 5
            assert len(box.subjects) == 1
            assert "was escalated to escalation owner" in box.subjects[0]
            assert "Ada" not in str(said) + str(box.subjects)
            waiting = await desk.log.after(0, limit=1000)
            last = next(p.event for p in reversed(waiting) if p.event.TOPIC.endswith("escalated"))
            assert f"/v1/decisions/{last.originator_id}" in said[-1]

    asyncio.run(live())


async def begun(url: str, count: int) -> None:
    """Wait until so many followers have a bookmark."""
    import psycopg

    async def there() -> bool:
        async with await psycopg.AsyncConnection.connect(url) as connection:
            row = await (await connection.execute("SELECT count(*) FROM followers")).fetchone()
            return row == (count,)

    await until(60, there)
