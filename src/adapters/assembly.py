"""Assembly: the only file where ports meet adapters."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from adapters.authoring import parse_decision_type, source_digest
from adapters.clock import SystemClock
from adapters.eventstore.codec import Codec
from adapters.eventstore.upcasts import UPCASTS
from adapters.identity.api_keys import ApiKeys
from adapters.memory.log import MemoryEventLog
from adapters.postgres.log import PostgresEventLog
from adapters.settings import BadSettings, Settings
from application.desk import Desk
from application.governing import Adoption
from application.lots import LotDrawer
from application.ports import Clock
from domain.registry import EVENTS

SHORTEST_LOT_KEY = 16


def codec() -> Codec:
    """The codec of every event there is."""
    return Codec(EVENTS, UPCASTS)


def api_keys(settings: Settings) -> ApiKeys:
    """The keys that open the door; a service that lets nobody in does not start."""
    if settings.api_keys is None:
        raise BadSettings(
            "REMIT_API_KEYS: names no key file, so nobody could be let in; "
            "make one with `remit keys issue`"
        )
    return ApiKeys.read(settings.api_keys)


def read_adoption(source: str) -> Adoption:
    """A catalogue file as the application understands it; raises `AuthoringError`."""
    file = parse_decision_type(source)
    return Adoption(
        file.definition, file.policy_text, source_digest(file.policy_text), file.guardrail
    )


def lot_drawer(settings: Settings) -> LotDrawer:
    """The drawer of lots, or a refusal to draw them with a secret anyone could guess."""
    key = settings.lot_key.get_secret_value()
    if len(key) < SHORTEST_LOT_KEY:
        raise BadSettings(
            f"REMIT_LOT_KEY: found {len(key)} characters, needs {SHORTEST_LOT_KEY} or more: "
            "lots decide who is checked, so nobody may be able to guess them"
        )
    return LotDrawer(key.encode(), settings.lot_key_id)


@asynccontextmanager
async def postgres_desk(
    url: str, settings: Settings, clock: Clock | None = None
) -> AsyncGenerator[Desk]:
    """A desk on PostgreSQL; what it accepted is written before it closes."""
    log = PostgresEventLog(url, codec(), capacity=settings.queue_capacity)
    async with log:
        yield Desk(log, clock or SystemClock(), lot_drawer(settings))


def memory_desk(clock: Clock | None = None) -> Desk:
    """A desk that forgets everything when the process ends."""
    drawer = LotDrawer(b"lots for a desk in memory", "memory")
    return Desk(MemoryEventLog(codec()), clock or SystemClock(), drawer)
