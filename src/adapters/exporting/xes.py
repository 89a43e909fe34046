"""XES 1.0 (IEEE 1849): one trace a decision, for process mining."""

import re
from datetime import datetime
from typing import TextIO, cast
from xml.sax.saxutils import quoteattr

from adapters.exporting.writers import moment
from application.exporting.describing import Plain, attributes
from application.exporting.histories import History
from domain.decision.events import LifeEvent, Recommended
from domain.model import ActorKind

HEAD = """\
<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1.0" xes.features="" xmlns="http://www.xes-standard.org/">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
<extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
<extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
<global scope="trace">
<string key="concept:name" value="decision"/>
</global>
<global scope="event">
<string key="concept:name" value="event"/>
<date key="time:timestamp" value="1970-01-01T00:00:00.000Z"/>
<string key="lifecycle:transition" value="complete"/>
</global>
<classifier name="Event" keys="concept:name"/>
"""
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML may hold, not even escaped."""


class XesWriter:
    """Traces go out as they come."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        out.write(HEAD)

    def add(self, history: History) -> None:
        """One decision is one trace."""
        first = cast("Recommended", history[0])
        lines = ["<trace>", _line("concept:name", str(first.originator_id))]
        lines += [_line("decision_type", first.decision_type), _line("subject", first.subject)]
        for event in history:
            lines += _event(event)
        self._out.write("\n".join((*lines, "</trace>", "")))

    def end(self) -> None:
        """That was all."""
        self._out.write("</log>\n")


def _event(event: LifeEvent) -> list[str]:
    who = "policy" if event.actor.kind is ActorKind.POLICY else event.actor.id
    lines = [
        "<event>",
        _line("concept:name", event.TOPIC),
        _line("time:timestamp", event.timestamp),
        _line("lifecycle:transition", "complete"),
        _line("org:resource", who),
        _line("identity:id", str(event.id)),
    ]
    if event.actor.seat is not None:
        lines.append(_line("org:role", str(event.actor.seat)))
    lines += [_line(name, value) for name, value in attributes(event).items()]
    return [*lines, "</event>"]


def _line(key: str, value: Plain) -> str:
    match value:
        case bool():
            kind, said = "boolean", str(value).lower()
        case int():
            kind, said = "int", str(value)
        case float():
            kind, said = "float", repr(value)
        case datetime():
            kind, said = "date", moment(value)
        case _:
            kind, said = "string", _NO_XML.sub("\N{REPLACEMENT CHARACTER}", value)
    return f'<{kind} key="{key}" value={quoteattr(said)}/>'
