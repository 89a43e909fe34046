"""W3C PROV in JSON: where one decision came from, who had a part in it, and on what authority."""

import json
from datetime import datetime
from typing import Any, TextIO, cast
from urllib.parse import quote

from adapters.exporting.writers import moment
from application.exporting.describing import Plain, attributes, things
from application.exporting.histories import History
from domain.decision.events import LifeEvent, Recommended

PREFIXES = {"remit": "urn:remit:"}
AGENTS = {"person": "prov:Person", "service": "prov:SoftwareAgent"}
Records = dict[str, dict[str, Any]]


class ProvWriter:
    """Each event is an activity that makes the decision's next version out of the one before."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._kinds: dict[str, Records] = {}

    def add(self, history: History) -> None:
        """One decision, in a document of its own."""
        first = cast("Recommended", history[0])
        self._entity(_name("subject", f"{first.decision_type}:{first.subject}"), "subject")
        model = _name("model", f"{first.model.name}:{first.model.version}")
        self._put("agent", model, {"prov:type": _typed("prov:SoftwareAgent")})
        for event in history:
            self._event(event, first)
        made = _version(first)
        self._relate("wasAttributedTo", {"prov:entity": made, "prov:agent": model})
        if first.previous is not None:
            self._entity(before := _name("decision", str(first.previous)), "decision")
            self._relate("wasDerivedFrom", _derived(made, before))

    def end(self) -> None:
        """The document."""
        document = {"prefix": PREFIXES} | self._kinds
        self._out.write(json.dumps(document, indent=1, ensure_ascii=False) + "\n")

    def _event(self, event: LifeEvent, first: Recommended) -> None:
        activity, made = _name("event", str(event.id)), _version(event)
        at = moment(event.timestamp)
        told = {f"remit:{name}": _value(v) for name, v in attributes(event).items()}
        self._put(
            "activity",
            activity,
            {"prov:startTime": at, "prov:endTime": at, "prov:type": event.TOPIC} | told,
        )
        self._entity(made, "decision")
        self._relate(
            "wasGeneratedBy", {"prov:entity": made, "prov:activity": activity, "prov:time": at}
        )
        if event.originator_version > 1:
            before = _name("decision", f"{event.originator_id}.{event.originator_version - 1}")
            self._relate("used", {"prov:activity": activity, "prov:entity": before})
            self._relate("wasDerivedFrom", _derived(made, before))
        else:
            subject = _name("subject", f"{first.decision_type}:{first.subject}")
            self._relate("used", {"prov:activity": activity, "prov:entity": subject})
        self._parts(event, activity, first)

    def _parts(self, event: LifeEvent, activity: str, first: Recommended) -> None:
        """Who did it, and the policy that spoke."""
        for thing in things(event, first.subject):
            kind, _, name = thing.id.partition(":")
            if thing.kind in AGENTS:
                self._put("agent", _name(kind, name), {"prov:type": _typed(AGENTS[thing.kind])})
                self._relate(
                    "wasAssociatedWith",
                    {
                        "prov:activity": activity,
                        "prov:agent": _name(kind, name),
                        "prov:role": thing.qualifier,
                    },
                )
            if thing.kind == "policy_version":
                self._entity(_name(kind, name), "policy")
                self._relate("used", {"prov:activity": activity, "prov:entity": _name(kind, name)})

    def _entity(self, name: str, kind: str) -> None:
        self._put("entity", name, {"prov:type": f"remit:{kind}"})

    def _put(self, kind: str, name: str, content: dict[str, Any]) -> None:
        self._kinds.setdefault(kind, {})[name] = content

    def _relate(self, kind: str, content: dict[str, Any]) -> None:
        known = self._kinds.setdefault(kind, {})
        known[f"_:{kind}{len(known) + 1}"] = content


def _version(event: LifeEvent) -> str:
    return _name("decision", f"{event.originator_id}.{event.originator_version}")


def _derived(made: str, before: str) -> dict[str, str]:
    return {"prov:generatedEntity": made, "prov:usedEntity": before}


def _typed(name: str) -> dict[str, str]:
    return {"$": name, "type": "prov:QUALIFIED_NAME"}


def _value(value: Plain) -> str | int | float:
    return moment(value) if isinstance(value, datetime) else value


def _name(kind: str, name: str) -> str:
    """A qualified name: what PROV's syntax has no room for is percent-encoded."""
    return f"remit:{kind}/{quote(name, safe='.@')}"
