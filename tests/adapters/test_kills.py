"""Services, workers and PostgreSQL are killed while people work: nothing is lost, nothing done twice."""

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from killing.__main__ import SETTLES_WITHIN, play
from killing.judging import faults_of_a_life, faults_of_answers, faults_of_deliveries
from killing.people import Said

from domain.decision import acting, reviewing, timing
from domain.decision.acting import Report
from domain.decision.events import ActionAuthorised, LifeEvent
from domain.decision.state import Decision, fold
from domain.values import Receipt
from tests.domain.builders import (
    BOT,
    HOUR,
    LARGE,
    MINUTE,
    NOON,
    RAE,
    REFUND,
    SAM,
    TIMER,
    a_choice,
    a_submission,
    by,
    opened,
)

SECONDS = float(os.environ.get("REMIT_KILL_SECONDS", "20"))
"""How long the killing goes on; by hand, ten minutes and more."""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL to end with")
def test_whatever_is_killed_nothing_is_lost_and_nothing_done_twice(tmp_path: Path) -> None:
    verdict = asyncio.run(play(SECONDS, tmp_path))
    assert verdict["faults"] == []
    assert sum(verdict["kills"].values()) >= 1
    assert verdict["settled after"] < SETTLES_WITHIN
    assert verdict["answered"]["claim 200"] > 0 < verdict["events"]["decision.action_delivered"]


# Would the play notice?


def state_of(history: Sequence[LifeEvent]) -> Decision:
    state = fold(history)
    assert state is not None
    return state


def a_refund_that_rae_allowed() -> list[LifeEvent]:
    """Reviewed on a lease, and delivered."""
    history = list(opened(a_submission(context=LARGE)))
    at = by(RAE, NOON + MINUTE)
    history += reviewing.claim(state_of(history), 15 * MINUTE, REFUND, at)
    taken, at = state_of(history), by(RAE, NOON + 2 * MINUTE)
    history += reviewing.review(taken, a_choice(taken), REFUND, at)
    at = by(BOT, NOON + 3 * MINUTE)
    delivered = Report(status=Receipt.DELIVERED)
    return [*history, *acting.report(state_of(history), delivered, REFUND, at)]


def what_nobody_decided() -> list[LifeEvent]:
    """It climbed the ladder to its end."""
    history = list(opened(a_submission(context=LARGE)))
    while moment := timing.next_moment(state_of(history)):
        history += timing.strike(state_of(history), REFUND, by(TIMER, moment))
    return history


def numbered(history: Sequence[LifeEvent]) -> list[LifeEvent]:
    """As if it had been written like this."""
    return [
        event.model_copy(update={"originator_version": n}) for n, event in enumerate(history, 1)
    ]


RIGHT, LATE = a_refund_that_rae_allowed(), what_nobody_decided()
RIVAL = RIGHT[2].model_copy(
    update={"holder": "sam", "actor": SAM, "timestamp": NOON + 1.5 * MINUTE}
)
LATER = {"timestamp": NOON + 9 * HOUR}


@pytest.mark.parametrize(
    ("history", "fault"),
    [
        (RIGHT, None),
        (LATE, None),
        (RIGHT[:-1], "time has something to say"),
        ([*RIGHT[:3], *RIGHT[4:]], "its versions are"),
        (numbered([*RIGHT[:3], RIVAL, *RIGHT[3:]]), "sam got it while rae had it"),
        (numbered([*RIGHT[:2], *RIGHT[3:]]), "rae disposed of it without a lease"),
        (numbered([*RIGHT, RIGHT[-1].model_copy(update=LATER)]), "came after its end"),
        (numbered([*RIGHT[:5], RIGHT[4], *RIGHT[5:]]), "more than one action was authorised"),
        (numbered([*RIGHT, RIGHT[-1].model_copy(update=LATER)]), "exactly one result"),
        (numbered([*LATE, LATE[-1].model_copy(update=LATER)]), "and had () to say"),
        (numbered([*LATE[:4], *LATE[2:]]), "time brought"),
    ],
)
def test_what_is_wrong_with_a_life_is_seen(history: list[LifeEvent], fault: str | None) -> None:
    found = list(faults_of_a_life(history, REFUND))
    assert any(fault in one for one in found) if fault else found == []


ID = str(RIGHT[0].originator_id)


def said(what: str, key: str, version: int, status: int = 200) -> Said:
    body: dict[str, Any] = {"id": ID, "version": version}
    return Said("rae", what, key, status, {"decision": body} if what == "claim" else body)


TOLD = [said("recommend", "a", 2, 201), said("claim", "b", 3), said("review", "c", 5)]
WRITTEN = {"a": (ID, 2), "b": (ID, 3), "c": (ID, 5)}


@pytest.mark.parametrize(
    ("told", "written", "fault"),
    [
        (TOLD, WRITTEN, None),
        ([*TOLD, said("review", "d", 5, 409)], WRITTEN, None),
        ([*TOLD, TOLD[2]], WRITTEN, None),  # asked again by its key
        (TOLD[:2], WRITTEN, "0 answered, 1 recorded"),
        ([*TOLD, said("review", "d", 6)], WRITTEN | {"d": (ID, 6)}, "2 answered, 1 recorded"),
        ([*TOLD, said("review", "d", 5)], WRITTEN | {"d": (ID, 5)}, "was done once"),
        (TOLD, WRITTEN | {"c": (ID, 4)}, "was answered 5"),
        (TOLD, {"a": (ID, 2), "b": (ID, 3)}, "None is recorded"),
    ],
)
def test_answers_that_are_not_true_are_seen(
    told: list[Said], written: dict[str, tuple[str, int]], fault: str | None
) -> None:
    found = list(faults_of_answers(told, {ID: RIGHT}, written))
    assert any(fault in one for one in found) if fault else found == []


MESSAGE = next(event.id for event in RIGHT if isinstance(event, ActionAuthorised))
FAILED = [
    *RIGHT[:-1],
    *acting.report(state_of(RIGHT[:-1]), Report(status=Receipt.FAILED), REFUND, by(BOT)),
]


@pytest.mark.parametrize(
    ("history", "arrived", "done", "fault"),
    [
        (RIGHT, [MESSAGE, MESSAGE], {MESSAGE}, None),
        (FAILED, [MESSAGE], set(), None),
        (RIGHT, [], set(), "never arrived"),
        (FAILED, [MESSAGE], {MESSAGE}, "is said to have failed, and arrived"),
        (RIGHT, [MESSAGE, UUID(int=7)], {MESSAGE}, "nobody authorised it"),
    ],
)
def test_deliveries_that_did_not_happen_as_told_are_seen(
    history: list[LifeEvent], arrived: list[UUID], done: set[UUID], fault: str | None
) -> None:
    found = list(faults_of_deliveries({ID: history}, arrived, frozenset(done)))
    assert any(fault in one for one in found) if fault else found == []
