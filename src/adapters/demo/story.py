"""The demo's story: set up, play the real cases, and show what came of them."""

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from adapters.assembly import postgres_desk, read_adoption
from adapters.demo import report
from adapters.demo.cases import CATALOGUE, RealCase, a_share_of, real_cases
from adapters.demo.cast import AUDITOR, QUALITY_REVIEWER, Cast, cast_for
from adapters.demo.playing import Played, Player, play_all
from adapters.demo.service import Service, free_port, running, until_ready
from adapters.identity.api_keys import write
from adapters.postgres.embedded import embedded
from adapters.postgres.migrations import migrate
from adapters.postgres.reading import PostgresReader
from adapters.settings import Settings
from application.desk import Caller
from application.governing import Adoption, adopt
from application.ports import Identity
from application.reading import caught_up
from application.replaying_log import LogReplay, replay_log

SERVICES = 2
"""Two processes of the service share the log, as they would in an installation."""
CATCHES_UP_WITHIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the demo plays: its own directory, database, port and keys."""

    directory: Path
    url: str
    ports: tuple[int, ...]
    cast: Cast
    adoptions: list[Adoption]
    settings: Settings

    def log(self, port: int) -> Path:
        """Where the service on a port writes what it has to say."""
        return self.directory / f"service-{port}.log"

    def environment(self, port: int) -> dict[str, str]:
        """What a process is started with."""
        return {
            "REMIT_DATABASE_URL": self.url,
            "REMIT_API_KEYS": str(self.directory / "api_keys.json"),
            "REMIT_LOT_KEY": self.settings.lot_key.get_secret_value(),
            "REMIT_PORT": str(port),
            "REMIT_LOG_LEVEL": "WARNING",
        }


def tell(directory: Path, *, limit: int | None = None, stay: bool = False) -> None:
    """Tell the whole story; with `stay`, leave the service running until Ctrl-C."""
    console = Console()
    started = time.monotonic()
    with ExitStack() as open_things:
        # A run of its own each time: yesterday's decisions would be in today's figures.
        run = directory.resolve() / f"run-{secrets.token_hex(4)}"
        run.mkdir(parents=True)
        with console.status("starting an embedded PostgreSQL"):
            url = open_things.enter_context(embedded(run / "postgres", keep=stay))
            migrate(url)
        stage = _stage(run, url)
        services = [
            open_things.enter_context(
                running(stage.environment(port), stage.log(port), "serve", "--no-work")
            )
            for port in stage.ports
        ]
        working = running(stage.environment(0), run / "worker.log", "work")
        open_things.enter_context(working)
        asyncio.run(_adopt(stage, console))  # while the processes start
        cases = real_cases([adoption.definition.name for adoption in stage.adoptions])
        asyncio.run(_played(stage, services, a_share_of(cases, limit), console))
        console.print(f"[dim]{time.monotonic() - started:.0f} s in all; files in {run}[/]")
        if stay:
            _stay(stage, console)


def _stage(run: Path, url: str) -> Stage:
    adoptions = [
        read_adoption(path.read_text(encoding="utf-8")) for path in sorted(CATALOGUE.glob("*.yaml"))
    ]
    cast = cast_for([adoption.definition for adoption in adoptions])
    write(run / "api_keys.json", cast.records)
    settings = Settings.model_validate({"lot_key": secrets.token_hex(16)})
    ports = tuple(free_port() for _ in range(SERVICES))
    return Stage(run, url, ports, cast, adoptions, settings)


async def _adopt(stage: Stage, console: Console) -> None:
    caller = Caller(Identity("remit demo", "human"))
    async with postgres_desk(stage.url, stage.settings) as desk:
        for adoption in stage.adoptions:
            governed = await adopt(adoption, caller, desk)
            definition = governed.decision_type.definition
            console.print(
                f"[green]✓[/] adopted [bold]{definition.name}[/]: {len(definition.actions)} "
                f"actions, policy {adoption.guardrail.digest[:19]}…, "
                f"decision owner {definition.owners['decision_owner']}",  # type: ignore[index]
                highlight=False,
            )


async def _played(
    stage: Stage, services: list[Service], cases: list[RealCase], console: Console
) -> None:
    async with AsyncExitStack() as sessions:
        players: list[Player] = []
        played = Played()
        with console.status("starting the service"):
            for port, process in zip(stage.ports, services, strict=True):
                session = aiohttp.ClientSession(f"http://127.0.0.1:{port}")
                await sessions.enter_async_context(session)
                await until_ready(session, process, stage.log(port))
                players.append(Player(session, stage.cast, played))
        await _with_progress(players, cases, console)
        with console.status("checking quality, replaying every decision"):
            judged, verdict = await asyncio.gather(
                _check_quality(stage, players[0], cases), _replay(stage)
            )
        await _show(stage, players[0], judged, verdict, console)


async def _with_progress(players: list[Player], cases: list[RealCase], console: Console) -> None:
    columns = (
        TextColumn("recommendations"),
        BarColumn(),
        MofNCompleteColumn(),
        report.Rate(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("", total=len(cases))
        advance: Callable[[], None] = lambda: bar.advance(task)  # noqa: E731
        await play_all(players, cases, advance)


async def _check_quality(stage: Stage, player: Player, cases: list[RealCase]) -> int:
    """A person checks what the lot fell on against what proved right, blind to the model's word."""
    actual = {(case.decision_type, case.body["subject"]): case.was_right for case in cases}
    judged = 0
    async with PostgresReader(stage.url) as reader:
        await caught_up(reader, CATCHES_UP_WITHIN)
        async for item in _everything_in("quality", player):
            right = actual[item["decision_type"], item["subject"]]
            verdict = {"verdict": "confirm" if right else "overturn"}
            path = f"/v1/decisions/{item['decision_id']}/quality"
            await player.post(path, QUALITY_REVIEWER, verdict)
            judged += 1
        await caught_up(reader, CATCHES_UP_WITHIN)
    return judged


async def _everything_in(queue: str, player: Player) -> AsyncGenerator[dict[str, Any]]:
    """What waits in a queue, page by page."""
    here = f"/v1/queues/{queue}?limit=100"
    page = await player.get(here, QUALITY_REVIEWER)
    while True:
        for item in page["items"]:
            yield item
        if page["next"] is None:
            return
        page = await player.get(f"{here}&cursor={page['next']}", QUALITY_REVIEWER)


async def _show(
    stage: Stage, player: Player, judged: int, verdict: LogReplay, console: Console
) -> None:
    played = player.played
    names = [adoption.definition.name for adoption in stage.adoptions]
    metrics = {name: await _metrics(player, name) for name in names}
    whole = await _metrics(player, None)
    report.show(
        console,
        report.lanes_table({name: played.lanes[name] for name in names}),
        report.rates_table({name: {**m["flow"], **m["agreement"]} for name, m in metrics.items()}),
        report.times_table({name: m["time"] for name, m in metrics.items()}),
        report.exceptions_table(whole["flow"]["exception_rate_by_code"]),
        *(
            report.reliability_diagram(m["calibration"], f"Reliability: {name}")
            for name, m in metrics.items()
        ),
    )
    console.print(f"{judged:,} automated decisions were checked by a person afterwards")
    console.print(report.replay_text(verdict))
    if played.example is not None:
        trail = await player.get(f"/v1/decisions/{played.example}/trail", AUDITOR)
        title = f"One decision, told: {played.example}"
        report.show(console, report.trail_panel(trail["items"], title))


async def _metrics(player: Player, name: str | None) -> dict[str, Any]:
    path = "/v1/metrics" if name is None else f"/v1/metrics?decision_type={name}"
    answer: dict[str, Any] = (await player.get(path, AUDITOR))["metrics"]
    return answer


async def _replay(stage: Stage) -> LogReplay:
    async with postgres_desk(stage.url, stage.settings) as desk:
        return await replay_log(desk)


def _stay(stage: Stage, console: Console) -> None:
    console.print(
        f"\nThe service stays at [bold]http://127.0.0.1:{stage.ports[0]}[/] until Ctrl-C. "
        f"Keys, shown this once, for this demo only:"
    )
    for person, key in stage.cast.keys.items():
        console.print(f"  {person}: {key}", highlight=False)
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        console.print("stopping")
