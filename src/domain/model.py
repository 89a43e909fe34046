"""The ground every aggregate stands on: values, events, refusals, and who caused what.

Commands are free functions over frozen state. They return the events they cause, or raise a
`Refusal`; `evolve` folds an event into state and never refuses, because history already happened.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple, Self, TypedDict, cast
from uuid import UUID, uuid5

from pydantic import AwareDatetime, BaseModel, ConfigDict


class Value(BaseModel):
    """Something defined by its content: frozen, and strict about what it accepts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    _blank: ClassVar[dict[str, Any]]
    """Every field in order, with its default; what has none is given when a value is made."""
    _names: ClassVar[set[str]]
    _made_anew: ClassVar[Mapping[str, Callable[[], Any]]]
    """The defaults that can't be shared, because they could be changed."""

    @classmethod
    def __pydantic_on_complete__(cls) -> None:
        fields = cls.model_fields
        cls._blank = {name: field.default for name, field in fields.items()}
        cls._names = set(fields)
        cls._made_anew = {
            name: factory
            for name, field in fields.items()
            if (factory := cast("Callable[[], Any] | None", field.default_factory)) is not None
        }

    @classmethod
    def model_construct(  # type: ignore[override]  # pydantic's mypy plugin types each subclass's
        cls, _fields_set: set[str] | None = None, **values: Any
    ) -> Self:
        """A value of parts that are known to be right: nothing is checked again.

        What pydantic's own does, at a tenth of its cost: no field here has another name, and all
        count as given. Only for what our own rules made of checked parts; what comes from outside
        is validated.
        """
        for name, factory in cls._made_anew.items():
            if name not in values:
                values[name] = factory()
        return cls._of({**cls._blank, **values}, cls._names if _fields_set is None else _fields_set)

    def __copy__(self) -> Self:
        """A copy without what was computed and kept: `model_copy` changes content."""
        content = {name: self.__dict__[name] for name in self._blank}
        return self._of(content, set(self.model_fields_set))

    @classmethod
    def _of(cls, content: dict[str, Any], fields_set: set[str]) -> Self:
        made = cls.__new__(cls)
        _put_content(made, content)
        _put_fields_set(made, fields_set)
        _put_extra(made, None)
        _put_private(made, None)
        return made


# What a model is made of, set past its being frozen: half the time of `object.__setattr__`.
_put_content = BaseModel.__dict__["__dict__"].__set__
_put_fields_set = BaseModel.__dict__["__pydantic_fields_set__"].__set__
_put_extra = BaseModel.__dict__["__pydantic_extra__"].__set__
_put_private = BaseModel.__dict__["__pydantic_private__"].__set__


class ActorKind(StrEnum):
    """What kind of being acts. A service never counts as a person."""

    HUMAN = "human"
    SERVICE = "service"
    POLICY = "policy"
    TIMER = "timer"


class Seat(StrEnum):
    """The roles: the four owners of a decision type, who stands in for them, and who is around."""

    DECISION_OWNER = "decision_owner"
    AI_PRODUCT_OWNER = "ai_product_owner"
    RISK_OWNER = "risk_owner"
    ESCALATION_OWNER = "escalation_owner"
    FALLBACK_OWNER = "fallback_owner"
    """Stands in where an owner's seat is empty."""
    REVIEWER = "reviewer"
    QUALITY_REVIEWER = "quality_reviewer"
    AUDITOR = "auditor"
    PRODUCER = "producer"
    ADMINISTRATOR = "administrator"

    @property
    def spoken(self) -> str:
        """As people say it."""
        return self.value.replace("_", " ").replace("ai ", "AI ")


OWNER_SEATS = (
    Seat.DECISION_OWNER,
    Seat.AI_PRODUCT_OWNER,
    Seat.RISK_OWNER,
    Seat.ESCALATION_OWNER,
)


class Actor(Value):
    """Who did it, and the seat they did it from."""

    kind: ActorKind
    id: str
    seat: Seat | None = None
    via: str | None = None
    """Through what the command came when not by the actor's own hand: an adoption file, a batch."""

    @property
    def is_person(self) -> bool:
        return self.kind is ActorKind.HUMAN

    @property
    def takes_part(self) -> bool:
        """Auditors read, administrators run the installation: neither has a say in a decision."""
        return self.seat not in (None, Seat.AUDITOR, Seat.ADMINISTRATOR)


class Stamp(NamedTuple):
    """What all events of one command share: when, by whom, and as part of what."""

    at: datetime
    actor: Actor
    correlation_id: UUID
    causation_id: UUID | None = None

    def by(self, actor: Actor) -> "Stamp":
        """The same moment and cause, seen as another actor's doing."""
        return self._replace(actor=actor)


class Envelope(TypedDict):
    """The fields every event has, typed so that `**` is checked."""

    originator_id: UUID
    originator_version: int
    timestamp: datetime
    actor: Actor
    correlation_id: UUID
    causation_id: UUID | None


class Event(Value):
    """A fact in the life of one aggregate. TOPIC and SCHEMA name it in storage, for ever."""

    TOPIC: ClassVar[str]
    SCHEMA: ClassVar[int] = 1

    originator_id: UUID
    originator_version: int
    timestamp: AwareDatetime
    actor: Actor
    correlation_id: UUID
    causation_id: UUID | None = None

    @property
    def id(self) -> UUID:
        """Name-based (RFC 9562, version 5) over stream and version: anyone can derive it."""
        return uuid5(self.originator_id, str(self.originator_version))


def envelope(stream: UUID, version: int, stamp: Stamp) -> Envelope:
    """The envelope of the event that becomes `version` of `stream`."""
    return Envelope(
        originator_id=stream,
        originator_version=version,
        timestamp=stamp.at,
        actor=stamp.actor,
        correlation_id=stamp.correlation_id,
        causation_id=stamp.causation_id,
    )


class Aggregate(Value):
    """State folded from events. Commands return events; only `evolve` makes new state."""

    id: UUID
    version: int

    def next(self, stamp: Stamp, ahead: int = 1) -> Envelope:
        """The envelope of the event that would follow this state, or follow it `ahead` steps on."""
        return envelope(self.id, self.version + ahead, stamp)

    def after(self, event: Event, **changes: Any) -> Self:
        """This state with one more event counted and its changes made."""
        content = {**self.__dict__, "version": event.originator_version, **changes}
        return self._of(content, self.model_fields_set)


class Refusal(Exception):
    """A rule said no; nothing was recorded. The docstring is the rule, the message is this case."""

    CODE: ClassVar[str]
    """From the closed list: `REJ.*`, or the exception that the case is."""

    @property
    def title(self) -> str:
        return (type(self).__doc__ or "").strip().splitlines()[0]


class Malformed(Refusal):
    """The content is wrong: a field, what was found in it and what is allowed."""

    CODE = "REJ.malformed"


class Unauthorised(Refusal):
    """This actor may not do this."""

    CODE = "REJ.unauthorised"


class NotFound(Refusal):
    """No such thing is known here."""

    CODE = "REJ.not_found"


class Forbidden(Refusal):
    """The state of the thing forbids it now."""

    CODE = "REJ.state"


class Outdated(Refusal):
    """The thing has moved on since the caller looked at it."""

    CODE = "REJ.outdated"
