"""A business calendar as its author writes it: hours of the week, and holidays by their country."""

import re
from datetime import date
from typing import Any

import holidays

from adapters.authoring.fields import Fields, entries, items, refuse, text
from adapters.authoring.nodes import Items, Node
from domain.calendar import WEEK
from domain.guardrail.facts import clipped

_HOURS = re.compile(r"(\d\d:\d\d)\s*-\s*(\d\d:\d\d)", re.ASCII)
_YEAR = re.compile(r"(19|20|21)\d\d", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
MOST_YEARS = 30


def calendar(node: Node, name: str) -> dict[str, Any]:
    """The calendar as plain data: `holidays` become the days they fall on, so that what is stored
    says by itself when nobody works, whatever a later version of the library holds."""
    fields = Fields(node, f"`{name}`").only("time_zone", "hours", "holidays")
    days = fields.find("holidays")
    return {
        "time_zone": fields.text("time_zone"),
        "hours": _week(fields.get("hours")),
        "holidays": () if days is None else _holidays(days),
    }


def _week(node: Node) -> dict[str, Any]:
    week: dict[str, Any] = {}
    for key, parts in entries(node, "`hours`").entries.items():
        for day in _days(key, parts):
            if day in week:
                refuse(parts, f"`hours` names {day} twice")
            week[day] = tuple(_part(part, key) for part in _listed(parts))
    return week


def _listed(node: Node) -> list[Node]:
    return node.items if isinstance(node, Items) else [node]


def _days(key: str, node: Node) -> tuple[str, ...]:
    first, _, last = key.partition("-")
    last = last or first
    if first not in WEEK or last not in WEEK or WEEK.index(last) < WEEK.index(first):
        refuse(
            node, f"`hours` has no {clipped(key)}", f"Write mon-fri, or one of {', '.join(WEEK)}."
        )
    return WEEK[WEEK.index(first) : WEEK.index(last) + 1]


def _part(node: Node, name: str) -> dict[str, str]:
    said = text(node, name)
    match = _HOURS.fullmatch(said.strip())
    if match is None:
        refuse(
            node, f"`{name}` is a part of a day, and {clipped(said)} is none", "Write 09:00-17:00."
        )
    start, end = match.groups()
    return {"start": start, "end": "00:00" if end == "24:00" else end}


def _holidays(node: Node) -> tuple[date, ...]:
    """The days of a list, or those of a country in some years and perhaps more."""
    if isinstance(node, Items):
        return tuple(sorted({_date(each) for each in node.items}))
    fields = Fields(node, "`holidays`").only("of", "from", "to", "also")
    also = fields.find("also")
    more = {_date(each) for each in items(also, "also")} if also is not None else set[date]()
    return tuple(sorted(_official(fields) | more))


def _official(fields: Fields) -> set[date]:
    code = fields.text("of")
    first, last = _year(fields, "from"), _year(fields, "to")
    if not first <= last < first + MOST_YEARS:
        refuse(fields.node, f"`to` is from {first} to {first + MOST_YEARS - 1}, not {last}")
    country, _, subdivision = code.partition("-")
    try:
        found = holidays.country_holidays(
            country, subdiv=subdivision or None, years=range(first, last + 1)
        )
    except NotImplementedError:  # the library's word for a country that it does not know
        refuse(fields.get("of"), f"`of` is a country, and {clipped(code)} is none", "DE, or US-MA.")
    return set(found)


def _year(fields: Fields, name: str) -> int:
    said = fields.text(name)
    if not _YEAR.fullmatch(said):
        refuse(fields.get(name), f"`{name}` is a year, and {clipped(said)} is none")
    return int(said)


def _date(node: Node) -> date:
    said = text(node, "holidays")
    try:
        return date.fromisoformat(said if _DATE.fullmatch(said) else "")
    except ValueError:
        refuse(node, f"`holidays` has days like 2026-12-24, and {clipped(said)} is none")
