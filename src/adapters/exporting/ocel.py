"""OCEL 2.0 in JSON: events and all that they are about, for object-centric process mining."""

import json
import sqlite3
from typing import Any, TextIO, cast

from adapters.exporting.writers import moment
from application.exporting.describing import Plain, Thing, attributes, things
from application.exporting.histories import History, facts
from domain.decision.events import LifeEvent, Recommended

KINDS = ("decision", "subject", "decision_type", "policy_version", "person", "service")
TYPES: dict[type, str] = {bool: "boolean", int: "integer", float: "float", str: "string"}


class OcelWriter:
    """Events go out as they come; objects wait on disk, since each is told once, however often it
    is met."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._objects = sqlite3.connect("")  # a file of its own that is gone when it is closed
        self._objects.execute("CREATE TABLE met (id text PRIMARY KEY, content text)")
        self._types: dict[str, dict[str, str]] = {}
        self._of_decisions: dict[str, str] = {}
        self._separator = ""
        out.write('{"events":[')

    def add(self, history: History) -> None:
        """One decision: its events, and what they are about."""
        first = cast("Recommended", history[0])
        for event in history:
            self._event(event, first.subject)
        self._decision(first, history)

    def end(self) -> None:
        """The objects, and what events and objects are made of."""
        self._out.write('],"objects":[')
        rows = self._objects.execute("SELECT content FROM met ORDER BY rowid")
        for n, (content,) in enumerate(rows):
            self._out.write(f"{',' if n else ''}{content}\n")
        self._objects.close()
        events = [_type(name, known) for name, known in sorted(self._types.items())]
        kinds = [_type(kind, self._of_decisions if kind == KINDS[0] else {}) for kind in KINDS]
        self._out.write(
            f'],"eventTypes":{json.dumps(events)},"objectTypes":{json.dumps(kinds)}}}\n'
        )

    def _event(self, event: LifeEvent, subject: str) -> None:
        said, about = attributes(event), list(things(event, subject))
        known = self._types.setdefault(event.TOPIC, {})
        known |= {name: _kind(value) for name, value in said.items()}
        for thing in about[1:]:
            self._met(thing, {"id": thing.id, "type": thing.kind})
        content = {
            "id": str(event.id),
            "type": event.TOPIC,
            "time": moment(event.timestamp),
            "attributes": [{"name": n, "value": _value(v)} for n, v in said.items()],
            "relationships": [_related(thing) for thing in about],
        }
        self._out.write(f"{self._separator}{json.dumps(content)}\n")
        self._separator = ","

    def _decision(self, first: Recommended, history: History) -> None:
        """The decision as an object: what it is made on, and what became of it when."""
        row = facts(history)
        began, last = moment(first.timestamp), moment(history[-1].timestamp)
        given = {"model": f"{row.model_name} {row.model_version}", "producer": row.producer}
        became = {"lane": row.lane, "state": row.state, "final_action": row.final_action}
        told = [_at(name, value, began) for name, value in given.items()]
        told += [_at(name, str(value), last) for name, value in became.items() if value]
        self._of_decisions |= {one["name"]: "string" for one in told}
        decision, subject, *_ = things(first, first.subject)
        content = {"id": decision.id, "type": decision.kind, "attributes": told}
        self._met(decision, content | {"relationships": [_related(subject)]})

    def _met(self, thing: Thing, content: dict[str, Any]) -> None:
        line = json.dumps({"attributes": [], "relationships": []} | content)
        self._objects.execute("INSERT OR IGNORE INTO met VALUES (?, ?)", (thing.id, line))


def _at(name: str, value: str, time: str) -> dict[str, str]:
    return {"name": name, "time": time, "value": value}


def _related(thing: Thing) -> dict[str, str]:
    return {"objectId": thing.id, "qualifier": thing.qualifier}


def _type(name: str, attributes: dict[str, str]) -> dict[str, Any]:
    known = [{"name": one, "type": kind} for one, kind in sorted(attributes.items())]
    return {"name": name, "attributes": known}


def _kind(value: Plain) -> str:
    return TYPES.get(type(value), "time")


def _value(value: Plain) -> str | int | float | bool:
    return value if isinstance(value, str | int | float | bool) else moment(value)
