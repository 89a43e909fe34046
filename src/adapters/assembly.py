"""Assembly: the only file where ports meet adapters."""

import os
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from os import urandom
from uuid import UUID

from pydantic import SecretStr

from adapters.authoring import (
    AuthoringError,
    parse_decision_type,
    parse_guardrail,
    parse_noticeboard,
    source_digest,
)
from adapters.clock import MovedClock, SystemClock
from adapters.eventstore.codec import Codec
from adapters.eventstore.upcasts import UPCASTS
from adapters.eventstore.vault import KEY_BYTES, Vault, wrapped_by
from adapters.identity.api_keys import ApiKeys
from adapters.identity.dev_issuer import DevIssuer
from adapters.identity.doors import Doors, Tokens
from adapters.identity.issuer_keys import FetchedKeys, NotHad, require_safe
from adapters.identity.tokens import ALGORITHMS, Expected, IssuerKeys
from adapters.memory.log import MemoryEventLog
from adapters.postgres.kept_breakers import kept_breakers
from adapters.postgres.log import PostgresEventLog
from adapters.postgres.reading import PostgresReader
from adapters.settings import BadSettings, Settings
from application.desk import Desk
from application.governing import Adoption
from application.holders import Holders
from application.lots import LotDrawer
from application.noticeboard import NoticeBoard
from application.ports import Clock, EventLog, Miswritten
from application.watching import Lookout
from domain.guardrail.document import Guardrail
from domain.guardrail.facts import FactType, Problem
from domain.registry import EVENTS

SHORTEST_LOT_KEY = 16
ALLOWED = "what the policy language has there"
KEY_ENCRYPTION_KEY = re.compile(r"[0-9a-fA-F]{64}")


def codec(vault: Vault | None = None) -> Codec:
    """The codec of every event there is; without a vault it opens and seals nothing personal."""
    return Codec(EVENTS, UPCASTS, vault)


def vault(settings: Settings) -> Vault | None:
    """What personal facts are sealed by; none if no key is set."""
    key = settings.key_encryption_key.get_secret_value()
    if not key:
        return None
    if not KEY_ENCRYPTION_KEY.fullmatch(key):
        raise BadSettings(
            f"REMIT_KEY_ENCRYPTION_KEY: found {len(key)} characters, needs 64 hexadecimal digits"
        )
    return Vault(bytes.fromhex(key), settings.key_encryption_key_id)


def reading(url: str) -> PostgresReader:
    """A reader of the projections, to be opened for as long as it is used."""
    return PostgresReader(url, readers=1)


@dataclass(frozen=True, slots=True)
class Identities:
    """The ways in, before there is a log to read owners' seats from."""

    keys: ApiKeys | None
    expected: Expected | None
    issuer: IssuerKeys | None

    def over(self, log: EventLog) -> Doors:
        """The doors of a service on this log."""
        if self.expected is None or self.issuer is None:
            return Doors(self.keys, None)
        return Doors(self.keys, Tokens(self.expected, self.issuer, Holders(log).seats_of))


def identities(settings: Settings, dev: DevIssuer | None = None) -> Identities:
    """The ways in; a service that lets nobody in does not start."""
    keys = ApiKeys.read(settings.api_keys) if settings.api_keys else None
    if dev is not None:
        return Identities(keys, dev.expected, dev)
    expected = _expected(settings)
    if expected is not None:
        issuer = FetchedKeys(expected.issuer, settings.oidc_jwks_url, expected.algorithms)
        return Identities(keys, expected, issuer)
    if keys is None:
        raise BadSettings(
            "REMIT_API_KEYS, REMIT_OIDC_ISSUER: found neither, so nobody could be let in; make a "
            "key file with `remit keys issue`, or name an issuer of tokens. To try it on this "
            "machine alone: `remit serve --dev`"
        )
    return Identities(keys, None, None)


def _expected(settings: Settings) -> Expected | None:
    """What tokens must say; None where no issuer is trusted."""
    if settings.oidc_issuer is None:
        return None
    if settings.oidc_audience is None:
        raise BadSettings(
            "REMIT_OIDC_AUDIENCE: found none; without it, any token of the issuer's for anything "
            "would open this service"
        )
    for name, url in (("ISSUER", settings.oidc_issuer), ("JWKS_URL", settings.oidc_jwks_url)):
        try:
            require_safe(url or settings.oidc_issuer)
        except NotHad as unsafe:
            raise BadSettings(f"REMIT_OIDC_{name}: found {url}; {unsafe}") from None
    algorithms = tuple(word.strip() for word in settings.oidc_algorithms.split(","))
    if wrong := [name for name in algorithms if name not in ALGORITHMS]:
        allowed = ", ".join(ALGORITHMS)
        raise BadSettings(f"REMIT_OIDC_ALGORITHMS: found {wrong[0]!r}; allowed are {allowed}")
    return Expected(
        issuer=settings.oidc_issuer,
        audience=settings.oidc_audience,
        algorithms=algorithms,
        leeway=timedelta(seconds=settings.oidc_leeway_seconds),
        person_claim=settings.oidc_person_claim,
        kind_claim=settings.oidc_kind_claim,
        human_kind=settings.oidc_human_kind,
        seats_claim=settings.oidc_seats_claim,
    )


def read_adoption(source: str) -> Adoption:
    """A catalogue file as the application understands it; raises `AuthoringError`."""
    file = parse_decision_type(source)
    return Adoption(
        file.definition, file.policy_text, source_digest(file.policy_text), file.guardrail
    )


def read_policy(source: str, facts: Mapping[str, FactType]) -> Guardrail:
    """The policy that a text states; what is wrong with it is said in its author's words."""
    try:
        return parse_guardrail(source, facts)
    except AuthoringError as error:
        problems = (
            Problem(f"line {each.line}, column {each.column}", each.message, each.hint or ALLOWED)
            for each in error.problems
        )
        raise Miswritten(str(error), tuple(problems)) from None


@dataclass(frozen=True, slots=True)
class Notices:
    """The notice board, and the secrets that it names."""

    board: NoticeBoard
    secrets: Mapping[str, SecretStr]


def notices(settings: Settings, environment: Mapping[str, str] = os.environ) -> Notices | None:
    """Who hears of what, where the operator has said so; refuses what could not be sent."""
    if settings.notify is None:
        return None
    try:
        board = parse_noticeboard(settings.notify.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadSettings(f"REMIT_NOTIFY: {settings.notify}: {error.strerror}") from error
    except (AuthoringError, UnicodeDecodeError) as error:
        raise BadSettings(f"REMIT_NOTIFY: {settings.notify}: {error}") from None
    missing = [name for name in board.variables if not environment.get(name)]
    if missing:
        raise BadSettings(f"{missing[0]}: found nothing; {settings.notify} says a secret is in it")
    return Notices(board, {name: SecretStr(environment[name]) for name in board.variables})


def lot_drawer(settings: Settings) -> LotDrawer:
    """The drawer of lots, or a refusal to draw them with a secret anyone could guess."""
    key = settings.lot_key.get_secret_value()
    if len(key) < SHORTEST_LOT_KEY:
        raise BadSettings(
            f"REMIT_LOT_KEY: found {len(key)} characters, needs {SHORTEST_LOT_KEY} or more: "
            "lots decide who is checked, so nobody may be able to guess them"
        )
    return LotDrawer(key.encode(), settings.lot_key_id)


def clock_of(settings: Settings) -> Clock:
    """The machine's clock; in a demo or a test, the one that somebody moves."""
    return SystemClock() if settings.clock is None else MovedClock(settings.clock)


@asynccontextmanager
async def postgres_desk(
    url: str, settings: Settings, clock: Clock | None = None
) -> AsyncGenerator[Desk]:
    """A desk on PostgreSQL; what it accepted is written before it closes."""
    known = vault(settings)
    log = PostgresEventLog(url, codec(known), capacity=settings.queue_capacity)
    async with log:
        _require_key(known, await log.any_key())
        lookout = Lookout(kept_breakers(url))
        time = clock or clock_of(settings)
        yield Desk(log, time, lot_drawer(settings), read_policy, lookout=lookout)


@asynccontextmanager
async def working_desk(url: str, clock: Clock | None = None) -> AsyncGenerator[Desk]:
    """A desk for jobs: they draw no lot, and open nothing personal, so that it needs no keys."""
    async with PostgresEventLog(url, codec()) as log:
        drawer = LotDrawer(urandom(KEY_BYTES), "none")
        yield Desk(log, clock or SystemClock(), drawer, lookout=Lookout(kept_breakers(url)))


def _require_key(known: Vault | None, wrapped: tuple[UUID, bytes] | None) -> None:
    """Refuse to read sealed data without their key: they would look as if they were erased."""
    if wrapped is not None and (known is None or not known.opens(*wrapped)):
        found = "none" if known is None else "another one"
        raise BadSettings(
            f"REMIT_KEY_ENCRYPTION_KEY: found {found}; this database holds personal data sealed "
            f"under {wrapped_by(wrapped[1])}"
        )


def memory_desk(clock: Clock | None = None) -> Desk:
    """A desk that forgets everything when the process ends."""
    drawer = LotDrawer(b"lots for a desk in memory", "memory")
    own = Vault(urandom(KEY_BYTES), "memory")
    return Desk(MemoryEventLog(codec(own)), clock or SystemClock(), drawer, read_policy)
