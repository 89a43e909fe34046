"""Sentences on deadlines: when people work, when they are warned, and what stands at the end.

A part of the vocabulary; see there.
"""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from pytest_bdd import given, parsers, then
from scene import Scene, adoption, source_of
from vocabulary import WORDS

from adapters.authoring import AuthoringError, parse_decision_type
from application.specifying.sentences import shaped
from application.specifying.vocabulary import expect
from domain.calendar import Calendar, Hours, Weekday
from domain.values import ExceptionCode, Lane

WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")


@shaped(r"\d{4}-\d\d-\d\d")
def day(text: str) -> date:
    """A day, year first: `2026-01-06`. In every example it is Monday 2026-01-05, 09:00 UTC, at
    first
    """
    return date.fromisoformat(text)


@shaped(r"\d{4}-\d\d-\d\d \d\d:\d\d")
def moment(text: str) -> datetime:
    """A day and a time of day in UTC: `2026-01-06 14:00`"""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@shaped(r"[A-Z][A-Za-z_]+/[A-Z][A-Za-z_]+")
def zone(text: str) -> str:
    """A time zone by its place: `Europe/Berlin`"""
    return text


CLOCKS = (day, moment, zone)


def sentence(text: str) -> parsers.cfparse:
    """A sentence with these words beside the others."""
    return parsers.cfparse(text, {w.__name__: w for w in (*WORDS, *CLOCKS)}, case_sensitive=True)


def changed(scene: Scene, **changes: Any) -> None:
    """The decision type is the same but for this."""
    definition = scene.type.model_copy(update=changes)
    scene.adopts(replace(adoption(scene.type.title), definition=definition))


@given(sentence("people work from {first:number} to {last:number} on weekdays in {zone:zone}"))
def _(scene: Scene, first: int, last: int, zone: str) -> None:
    """Only these hours, from Monday to Friday, count towards a deadline."""
    hours = (Hours(start=time(first), end=time(last)),)
    changed(scene, calendar=Calendar(time_zone=zone, hours=dict.fromkeys(WEEKDAYS, hours)))


@given(sentence("{day:day} is a holiday"))
def _(scene: Scene, day: date) -> None:
    """Nobody works on that day."""
    calendar = scene.type.calendar
    assert calendar is not None, "say first when people work"
    holidays = (*calendar.holidays, day)
    changed(scene, calendar=calendar.model_copy(update={"holidays": holidays}))


@given(sentence("people are warned when {part:number} % of the time has passed"))
def _(scene: Scene, part: int) -> None:
    """Whoever it waits for is warned before it is late."""
    levels = scene.type.service_levels
    share = {"warn_after": Decimal(part) / 100}
    changed(scene, service_levels=levels.model_copy(update=share))


@given("what nobody above has decided goes back to the reviewers")
def _(scene: Scene) -> None:
    """The safe default at the ladder's end is a review. Without this sentence it is to wait there."""
    late = ExceptionCode.REVIEW_TIMEOUT
    default = scene.type.exceptions[late].model_copy(update={"safe_default": Lane.REVIEW})
    changed(scene, exceptions=scene.type.exceptions | {late: default})


@then(sentence("it is due by {moment:moment}"))
def _(scene: Scene, moment: datetime) -> None:
    """Until then somebody has to decide."""
    found = scene.decision.due_at
    shown = f"{found:%Y-%m-%d %H:%M}" if found else "never"
    expect(found == moment, f"{moment:%Y-%m-%d %H:%M}", f"it is due by {shown}")


@then("no decision type may approve what is late")
def _(scene: Scene) -> None:
    """A file that says so is refused, whichever exception it says it of."""
    source = source_of(scene.type.name)
    careless = re.sub(r"(deadline: \w+)[^}]*\}", r"\1, safe_default: automate}", source, count=1)
    assert careless != source, "the file says nothing of a safe default"
    try:
        parse_decision_type(careless)
    except AuthoringError as error:
        expect("never approves" in str(error), "a refusal that says why", str(error))
    else:
        raise AssertionError("a decision type that approves what is late was accepted")
