"""What the application asks of the outside world: a log, projections' storage, a clock, identities.

Each port has at least two adapters that ship (memory and PostgreSQL for the log), and one
contract suite in `tests/adapters/` that both must pass.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from domain.guardrail.document import Guardrail
from domain.guardrail.facts import FactType, Problem
from domain.model import Event, Malformed


class CommandKey(NamedTuple):
    """An idempotency key as its caller owns it, and a digest of what it stands for."""

    scope: str
    """The caller (an identity's id) and the operation: two callers may use the same key."""
    key: str
    digest: bytes
    """SHA-256 of the request's content."""


class PriorCommand(NamedTuple):
    """What a key was used for first: the stream it wrote and the version it left it at."""

    stream: UUID
    version: int
    digest: bytes


class SubjectEntry(NamedTuple):
    """A decision becomes live on a subject; `seen` are the live ones its command knew about."""

    decision_type: str
    subject: str
    decision_id: UUID
    seen: frozenset[UUID] = frozenset()


class Append(NamedTuple):
    """One write, all or nothing: events of one or more streams and what must hold for them.

    Refusals come back as that append's own exception, never as its neighbours' in a batch.
    """

    events: tuple[Event, ...]
    expects: tuple[tuple[UUID, int], ...] = ()
    """(stream, version) pairs that must still be the newest: what the command relied on."""
    command: CommandKey | None = None
    enters: SubjectEntry | None = None
    leaves: tuple[UUID, ...] = ()
    """Decisions that stop being live on their subject."""
    forgets: tuple[UUID, ...] = ()
    """Data subjects whose erasure is among the events: their references and keys go with it."""


class Positioned(NamedTuple):
    """An event and where it stands in the global log. Positions rise; they may have gaps."""

    position: int
    event: Event


@dataclass(frozen=True, slots=True)
class Told:
    """An event as JSON for others to read: unsealed, in its class's newest schema.

    The content is the event's, without its stream and version, and begins with its envelope.
    """

    stream: UUID
    version: int
    topic: str
    schema: int
    content: bytes


class Overtaken(Exception):
    """Another writer was first: a version is taken. Load again and decide again."""


class Stale(Exception):
    """A stream the command relied on has moved on. Load again and decide again."""


class Forgotten(Exception):
    """Someone whose data an event holds was erased meanwhile; nothing was recorded."""


class SubjectTaken(Exception):
    """Other live decisions stand on the subject than the command knew: `live` are all."""

    def __init__(self, live: frozenset[UUID]) -> None:
        super().__init__(f"live on this subject: {sorted(map(str, live))}")
        self.live = live


class Repeated(Exception):
    """The idempotency key was used before; `prior` says for what."""

    def __init__(self, prior: PriorCommand) -> None:
        super().__init__(f"already recorded as {prior.stream} version {prior.version}")
        self.prior = prior


class Busy(Exception):
    """More is waiting than the service promises to hold, or the log can't be reached now.

    Nothing was recorded.
    """


class Unknown(Exception):
    """The connection was lost after sending: written or not, nobody can say yet. Ask by the key."""


class EventLog(Protocol):
    """The append-only log of everything that happened."""

    async def append(self, append: Append) -> int:
        """Write durably and give the position of the last event.

        Raises `Overtaken`, `Stale`, `SubjectTaken`, `Forgotten`, `Repeated`, `Busy` or `Unknown`.
        """
        ...

    @property
    def seals(self) -> bool:
        """Whether personal facts can be sealed here; they are never stored otherwise."""
        ...

    async def data_subject(self, reference: str) -> UUID:
        """The id of whoever a reference means, with a key to seal with, durable from now on."""
        ...

    async def known_as(self, reference: str) -> UUID | None:
        """The id of whoever a reference means; None if nobody, or nobody any more."""
        ...

    async def stream(self, id: UUID, *, up_to: int | None = None) -> Sequence[Event]:
        """All events of one stream in order (to version `up_to`, inclusive); empty if none."""
        ...

    async def told(self, id: UUID) -> Sequence[Told]:
        """The same events as JSON: what is stored as it is told is not read on the way."""
        ...

    async def after(
        self, position: int, *, limit: int = 500, topics: Sequence[str] = ()
    ) -> Sequence[Positioned]:
        """Events behind a position, in order. Never skips one that commits later."""
        ...

    async def newest(self) -> int:
        """The position of the newest event; 0 if there is none."""
        ...

    async def prior(self, scope: str, key: str) -> PriorCommand | None:
        """What an idempotency key was used for, if it was."""
        ...

    async def live_on(self, decision_type: str, subject: str) -> frozenset[UUID]:
        """The live decisions on a subject."""
        ...

    def changes(self) -> AsyncIterator[None]:
        """Ticks whenever something was appended, by any process, and at least once a second."""
        ...


class PolicyReader(Protocol):
    """Reads what an author wrote, in terms of the facts that there are."""

    def __call__(self, source: str, facts: Mapping[str, FactType], /) -> Guardrail:
        """The policy that a text states; raises `Miswritten`."""
        ...


class Miswritten(Malformed):
    """A policy's text is refused with everything that is wrong in it, each at its place."""

    CODE = "REJ.policy_text"

    def __init__(self, said: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(said)
        self.problems = tuple(problems)


class Clock(Protocol):
    """The time, so that tests may hold it."""

    def now(self) -> datetime:
        """The time with an offset (UTC)."""
        ...


class NotLetIn(Exception):
    """What was shown at the door proves nothing; the message says why, and repeats none of it."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is calling, as the door knows them: a person or a service, and the seats they hold.

    `seats` maps a decision type's name (or "*") to the seats held there.
    """

    id: str
    kind: str
    seats: dict[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
