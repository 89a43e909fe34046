"""Subscribing: other systems ask to be told of events, and are: signed, in the order of the log.

A subscription sees what its creator could see when they made it. It carries no personal facts: what
has left can't be erased.
"""

from base64 import b64encode
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from os import urandom
from typing import Literal, Protocol
from urllib.parse import urlsplit
from uuid import UUID, uuid5

from pydantic import AwareDatetime, Field, SecretStr

from application.desk import Caller, Desk, KeyReused, NoAuthority
from application.following import Bookmark
from application.reading import Visible, visible_to
from application.wording import shown
from domain.model import Forbidden, Malformed, NotFound, Seat, Unauthorised, Value
from domain.registry import EVENTS

TOPICS = tuple(sorted(event.TOPIC for event in EVENTS))
EVERYTHING = "*"
MOST = 100
"""How many subscriptions one caller may have."""
MOST_SECRETS = 5
SECRET_BYTES = 32
PREFIX = "whsec_"
LONGEST_OVERLAP = 168
KEYED = UUID("f0a5b3c8-5f1e-5f0c-9b6c-5c6a7f1d2e11")
"""Namespace of what was made under an idempotency key."""
NEWEST_POSSIBLE = 2**63 - 1
OVERSEES = (Seat.ADMINISTRATOR, Seat.AUDITOR)
"""Who may look at other people's subscriptions; administrators may end them, too."""


class NoSuchSubscription(NotFound):
    """No subscription of this id is known to this caller."""

    CODE = "REJ.webhook_unknown"


class BadSubscription(Malformed):
    """A subscription names one receiver, and events that there are."""

    CODE = "REJ.webhook"


class TooManySubscriptions(Forbidden):
    """One caller has only so many subscriptions."""

    CODE = "REJ.webhooks"


class NotYours(Unauthorised):
    """A subscription is changed by whoever made it, or ended by an administrator."""

    CODE = "REJ.webhook_owner"


class Subscribe(Value):
    """Who wants to be told, of what."""

    url: str | None = Field(default=None, min_length=1, max_length=2_000)
    """A public HTTPS address; or else `endpoint`."""
    endpoint: str | None = Field(default=None, min_length=1, max_length=200)
    """A receiver that the operator has named, in a private network perhaps."""
    types: tuple[str, ...] = Field(min_length=1, max_length=50)
    """The types of events: as they are called, or how they begin and `*`."""
    decision_type: str | None = Field(default=None, min_length=1, max_length=200)
    """Only what belongs to this one; otherwise, to all that the caller may see."""
    after: int | None = Field(default=None, ge=0, le=NEWEST_POSSIBLE)
    """The position that it begins behind, 0 for all there ever was; from now on, if absent."""


class Rotate(Value):
    """How a secret is replaced."""

    overlap_hours: int = Field(default=24, ge=0, le=LONGEST_OVERLAP)
    """How long messages are signed with the old one as well."""


class Resume(Value):
    """Where a subscription goes on that was left alone."""

    after: int | None = Field(default=None, ge=0, le=NEWEST_POSSIBLE)
    """Behind this position, whatever lies before; where it stopped, if absent."""


class Secret(Value):
    """What messages are signed with."""

    text: SecretStr
    made_at: AwareDatetime
    until: AwareDatetime | None = None
    """Until when it is in use, once there is another."""
    made_under: UUID | None = None
    """The command it was made by, if that had a key."""

    def is_live(self, at: datetime) -> bool:
        return self.until is None or at < self.until


class Subscription(Value):
    """Someone who is told of events, as far as their creator could see."""

    id: UUID
    url: str | None
    endpoint: str | None
    types: tuple[str, ...]
    decision_types: tuple[str, ...] | None
    """Whose events it sees; None for all."""
    created_by: str
    created_at: AwareDatetime
    digest: str | None = None
    """Of the command that made it, if that had a key."""
    secrets: tuple[Secret, ...]
    """The newest first."""

    @property
    def topics(self) -> tuple[str, ...]:
        """The types of events there are now that it asks for; none named are all."""
        if EVERYTHING in self.types:
            return ()
        return tuple(topic for topic in TOPICS if any(_matches(topic, t) for t in self.types))

    def sees(self, decision_type: str | None) -> bool:
        """Whether what belongs to a decision type is for it; what belongs to none is for all."""
        return self.decision_types is None or decision_type in self.decision_types


@dataclass(frozen=True, slots=True)
class Standing:
    """A subscription, and how far it has come."""

    subscription: Subscription
    bookmark: Bookmark

    @property
    def state(self) -> Literal["active", "failing", "stopped"]:
        """`stopped` until somebody resumes it."""
        if self.bookmark.stopped:
            return "stopped"
        return "failing" if self.bookmark.attempts else "active"


class Subscriptions(Protocol):
    """Where subscriptions are kept: configuration, not decisions."""

    async def add(self, subscription: Subscription, position: int) -> bool:
        """Keep one, to be told what is behind a position; False where its id is taken."""
        ...

    async def find(self, id: UUID) -> Standing | None:
        """How one stands."""
        ...

    async def all(self) -> Sequence[Standing]:
        """How all stand, the oldest first."""
        ...

    async def change(self, subscription: Subscription) -> bool:
        """Keep other secrets; False where it is gone."""
        ...

    async def resume(self, id: UUID, position: int | None) -> bool:
        """Let it go on, behind a position if one is given; False where it is gone."""
        ...

    async def remove(self, id: UUID) -> bool:
        """Forget it; False where it was gone."""
        ...


@dataclass(frozen=True, slots=True)
class Outlets:
    """Where subscriptions are kept, and the receivers that the operator has named."""

    store: Subscriptions
    endpoints: Collection[str] = field(default=())


async def subscribe(
    command: Subscribe, caller: Caller, desk: Desk, outlets: Outlets
) -> tuple[Standing, bool]:
    """Begin to tell someone; and whether this had been asked before."""
    _require_receiver(command, outlets)
    _require_types(command.types)
    scope = _scope(command, caller)
    id = desk.new_id() if (key := _key(caller)) is None else key
    if key is not None and (known := await outlets.store.find(id)):
        return _repeated(known, caller), True
    mine = [s for s in await outlets.store.all() if _made_by(s, caller)]
    if len(mine) >= MOST:
        raise TooManySubscriptions(f"found {len(mine)}; allowed are {MOST}")
    now = desk.clock.now()
    new = Subscription(
        id=id,
        url=command.url,
        endpoint=command.endpoint,
        types=command.types,
        decision_types=None if scope is None else tuple(sorted(scope)),
        created_by=caller.identity.id,
        created_at=now,
        digest=caller.command.digest.hex() if caller.command else None,
        secrets=(_new_secret(now, key),),
    )
    newest = await desk.log.newest()
    after = newest if command.after is None else min(command.after, newest)
    added = await outlets.store.add(new, after)
    standing = await look(id, caller, outlets)
    return (standing, False) if added else (_repeated(standing, caller), True)


async def subscriptions(caller: Caller, outlets: Outlets) -> Sequence[Standing]:
    """The subscriptions that the caller may look at, the oldest first."""
    return [one for one in await outlets.store.all() if _may_look(one, caller)]


async def look(id: UUID, caller: Caller, outlets: Outlets) -> Standing:
    """How a subscription stands; what is not the caller's to see is not told to be there."""
    standing = await outlets.store.find(id)
    if standing is None or not _may_look(standing, caller):
        raise NoSuchSubscription(f"id: found {id}")
    return standing


async def unsubscribe(id: UUID, caller: Caller, outlets: Outlets) -> Standing:
    """Tell them no more. How it stood at the end."""
    standing = await look(id, caller, outlets)
    if not (_made_by(standing, caller) or _oversees(standing, caller, Seat.ADMINISTRATOR)):
        raise NotYours(f"{id} was made by {standing.subscription.created_by}")
    await outlets.store.remove(id)
    return standing


async def rotate(
    id: UUID, command: Rotate, caller: Caller, desk: Desk, outlets: Outlets
) -> tuple[Standing, bool]:
    """Make a new secret; the old one stays in use for a while. And whether it was asked before."""
    standing = await _own(id, caller, outlets)
    before, key, now = standing.subscription, _key(caller), desk.clock.now()
    if key is not None and any(s.made_under == key for s in before.secrets[:1]):
        return standing, True
    until = now + timedelta(hours=command.overlap_hours)
    old = [s.model_copy(update={"until": min(s.until or until, until)}) for s in before.secrets]
    live = [s for s in old if s.is_live(now)][: MOST_SECRETS - 1]
    secrets = (_new_secret(now, key), *live)
    await outlets.store.change(before.model_copy(update={"secrets": secrets}))
    return await look(id, caller, outlets), False


async def resume(
    id: UUID, command: Resume, caller: Caller, desk: Desk, outlets: Outlets
) -> Standing:
    """Go on with a subscription that was left alone, or try one again that fails, at once."""
    await _own(id, caller, outlets)
    after = command.after
    newest = await desk.log.newest()
    await outlets.store.resume(id, None if after is None else min(after, newest))
    return await look(id, caller, outlets)


def _require_receiver(command: Subscribe, outlets: Outlets) -> None:
    if (command.url is None) == (command.endpoint is None):
        found = "neither" if command.url is None else "both"
        raise BadSubscription(f"url, endpoint: found {found}; allowed is one of them")
    if command.endpoint is not None and command.endpoint not in outlets.endpoints:
        known = ", ".join(sorted(outlets.endpoints)) or "none, until the operator names some"
        raise BadSubscription(f"endpoint: found {shown(command.endpoint)}; allowed are {known}")
    if command.url is not None and not _is_https(command.url):
        allowed = "an https URL without a name and password in it"
        raise BadSubscription(f"url: found {shown(command.url)}; allowed is {allowed}")


def _is_https(url: str) -> bool:
    try:
        parts = urlsplit(url)
        fine = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and " " not in url
    return fine and plain and "@" not in parts.netloc


def _require_types(types: Collection[str]) -> None:
    for found in types:
        if not any(_matches(topic, found) for topic in TOPICS):
            allowed = "a type of event such as decision.escalated, how one begins and *, or *"
            raise BadSubscription(f"types: found {shown(found)}; allowed is {allowed}")


def _matches(topic: str, asked: str) -> bool:
    return topic == asked or (asked.endswith("*") and topic.startswith(asked[:-1]))


def _scope(command: Subscribe, caller: Caller) -> Visible:
    """What it will see: nothing that the caller may not see now."""
    if command.decision_type is not None:
        caller.require_any_seat(command.decision_type)
        return frozenset({command.decision_type})
    visible = visible_to(caller)
    if visible is not None and not visible:
        raise NoAuthority(f"{caller.identity.id} has no seat for any decision type")
    return visible


def _key(caller: Caller) -> UUID | None:
    """What is made under an idempotency key is found again by it."""
    command = caller.command
    return None if command is None else uuid5(KEYED, f"{command.scope}\n{command.key}")


def _repeated(known: Standing, caller: Caller) -> Standing:
    assert caller.command is not None, "found by its key"
    if known.subscription.digest != caller.command.digest.hex():
        raise KeyReused(f"{caller.command.key} was used for another subscription")
    return known


def _new_secret(now: datetime, key: UUID | None) -> Secret:
    text = PREFIX + b64encode(urandom(SECRET_BYTES)).decode()
    return Secret(text=SecretStr(text), made_at=now, made_under=key)


async def _own(id: UUID, caller: Caller, outlets: Outlets) -> Standing:
    standing = await look(id, caller, outlets)
    if not _made_by(standing, caller):
        raise NotYours(f"{id} was made by {standing.subscription.created_by}")
    return standing


def _made_by(standing: Standing, caller: Caller) -> bool:
    return standing.subscription.created_by == caller.identity.id


def _may_look(standing: Standing, caller: Caller) -> bool:
    return _made_by(standing, caller) or _oversees(standing, caller, *OVERSEES)


def _oversees(standing: Standing, caller: Caller, *seats: Seat) -> bool:
    visible, scope = visible_to(caller, *seats), standing.subscription.decision_types
    return visible is None or (scope is not None and set(scope) <= visible)
