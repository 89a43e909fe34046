"""The feed: events as other systems read them, in the shape of CloudEvents 1.0 (JSON)."""

import re
from dataclasses import replace
from hashlib import sha1
from json import dumps, loads
from uuid import UUID

from pydantic import AwareDatetime, JsonValue

from application.ports import Told
from domain.model import Actor, Event, Value

ENVELOPE = {
    "originator_id",
    "originator_version",
    "timestamp",
    "actor",
    "correlation_id",
    "causation_id",
}


class EventView(Value):
    """One event: the attributes CloudEvents asks for, ours beside them, and the fact itself."""

    specversion: str = "1.0"
    id: UUID
    source: str = "/v1"
    type: str
    subject: str
    """The stream the event belongs to: a decision's, a decision type's, a policy's id."""
    time: AwareDatetime
    datacontenttype: str = "application/json"
    schemaversion: int
    version: int
    position: int | None = None
    """Where the event stands in the global log, where the reader asked for the log."""
    actor: Actor
    correlationid: UUID
    causationid: UUID | None
    data: dict[str, JsonValue]

    @classmethod
    def of(cls, event: Event, position: int | None = None) -> "EventView":
        """The view of one event."""
        return EventView.model_construct(
            id=event.id,
            type=event.TOPIC,
            subject=str(event.originator_id),
            time=event.timestamp,
            schemaversion=event.SCHEMA,
            version=event.originator_version,
            position=position,
            actor=event.actor,
            correlationid=event.correlation_id,
            causationid=event.causation_id,
            data=event.__pydantic_serializer__.to_python(event, mode="json", exclude=ENVELOPE),
        )

    def kept_back(self, type: str) -> "EventView":
        """The same as someone sees it who must not know yet what it says."""
        data = {"decision_type": self.data["decision_type"]}
        return self.model_copy(update={"type": type, "schemaversion": 1, "data": data})


TEXT = rb'"(?:[^"\\]|\\.)*"'
ENVELOPED = re.compile(
    rb'\{"timestamp":(?P<time>%(text)b),"actor":(?P<actor>\{(?:[^"{}]|%(text)b)*\}),'
    rb'"correlation_id":(?P<correlation>%(text)b),"causation_id":(?P<causation>null|%(text)b),?'
    rb"(?P<data>.*)\}" % {b"text": TEXT},
    re.DOTALL,
)
"""Stored content taken apart: its envelope, and the fact itself."""
BELONGS = re.compile(rb'"decision_type":(%b)' % TEXT)
TOLD = (
    b'{"specversion":"1.0","id":"%b","source":"/v1","type":"%b","subject":"%b","time":%b,'
    b'"datacontenttype":"application/json","schemaversion":%d,"version":%d,"position":null,'
    b'"actor":%b,"correlationid":%b,"causationid":%b,"data":{%b}}'
)


def page_of(told: list[Told], next: str | None) -> bytes:
    """A page of views, letter by letter what `EventView` says, from content that is not read."""
    items = b",".join([cloud_event(one) for one in told])
    return b'{"items":[%b],"next":%b}' % (items, dumps(next).encode())


def cloud_event(told: Told) -> bytes:
    """The view of one event."""
    found = _taken_apart(told)
    time, actor, correlation, causation, data = found.groups()
    stream = str(told.stream).encode()
    head = (_id_of(told), told.topic.encode(), stream, time, told.schema, told.version)
    return TOLD % (*head, actor, correlation, causation, data)


def kept_back(told: Told, type: str) -> Told:
    """The same as someone sees it who must not know yet what it says."""
    found = _taken_apart(told)
    belongs = BELONGS.match(found["data"])
    assert belongs is not None, "a decision's events begin with its decision type"
    head = found.string[: found.start("data")]
    return replace(told, topic=type, schema=1, content=head + belongs[0] + b"}")


def actor_of(told: Told) -> str:
    """Whose doing it was."""
    return str(loads(_taken_apart(told)["actor"])["id"])


def decision_type_of(told: Told) -> str:
    """Where a decision's event belongs."""
    found = BELONGS.match(_taken_apart(told)["data"])
    assert found is not None, "a decision's events begin with its decision type"
    return str(loads(found[1]))


def _taken_apart(told: Told) -> re.Match[bytes]:
    found = ENVELOPED.fullmatch(told.content) or ENVELOPED.fullmatch(_in_order(told.content))
    assert found is not None, "every event has an envelope"
    return found


def _in_order(content: bytes) -> bytes:
    """Content that another hand wrote, as we would have written it: the envelope first."""
    read = {"causation_id": None} | loads(content)
    read["actor"] = {"seat": None, "via": None} | read["actor"]
    fields = ("timestamp", "actor", "correlation_id", "causation_id")
    ordered = {name: read[name] for name in fields} | read
    return dumps(ordered, separators=(",", ":"), ensure_ascii=False).encode()


def _id_of(told: Told) -> bytes:
    """`Event.id` as text, without the object."""
    digest = sha1(told.stream.bytes + b"%d" % told.version, usedforsecurity=False).hexdigest()
    variant = "89ab"[int(digest[16], 16) & 3]
    text = f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"
    return text.encode()
