"""Going further up the ladder takes evidence; where it is missing, the number is named."""

from decimal import Decimal
from typing import Any

import pytest

from domain.decision_type.commands import propose_stage
from domain.decision_type.events import StageChanged, StageProposed
from domain.decision_type.ladder import Grounds, NotEarned
from domain.decision_type.state import fold
from domain.values import Stage
from tests.domain.builders import ANA, CY, EARNED, REFUND, by

ASSIST = REFUND.model_copy(update={"stage": Stage.ASSIST})
TENTH = Decimal("0.1")


def grounds(*models: dict[str, Any], missed: int = 5) -> Grounds:
    (proven,) = EARNED.models
    of_each = tuple(proven.model_copy(update=changes) for changes in models)
    return EARNED.model_copy(update={"models": of_each, "missed": missed})


def test_two_owners_take_it_further_and_what_spoke_for_it_is_on_record() -> None:
    known = grounds({})
    (asked,) = propose_stage(ASSIST, Stage.PARTIAL, TENTH, by(ANA), known)
    assert isinstance(asked, StageProposed)
    state = fold((asked,), ASSIST)
    assert state is not None
    (agreed,) = propose_stage(state, Stage.PARTIAL, TENTH, by(CY), known)
    assert isinstance(agreed, StageChanged)
    assert asked.grounds == agreed.grounds == known


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (None, "no evidence can be looked at here"),
        (grounds(), "100 labels are missing"),
        (grounds({"labels": 99}), "1 wrong of 99 labels; about 1 more are missing"),
        (grounds({"certified": False, "missing": 31}), "about 31 more are missing"),
        (grounds({"labels": 10, "certified": False, "missing": 31}), "about 90 more are missing"),
        (grounds({"certified": False, "missing": None}), "no number of right ones would do"),
        (grounds({}, {"version": "3.2", "labels": 0}), "refunder 3.2: 1 wrong of 0 labels"),
        (grounds({}, missed=6), "6 of 100 were not answered in time"),
    ],
)
def test_what_is_missing_is_said(known: Grounds | None, said: str) -> None:
    for stage, share in ((Stage.PARTIAL, TENTH), (Stage.FULL, Decimal(0))):
        with pytest.raises(NotEarned, match=said):
            propose_stage(ASSIST, stage, share, by(ANA), known)


def test_the_second_owner_needs_the_evidence_too() -> None:
    asked = fold(propose_stage(ASSIST, Stage.FULL, Decimal(0), by(ANA), grounds({})), ASSIST)
    assert asked is not None
    with pytest.raises(NotEarned):
        propose_stage(asked, Stage.FULL, Decimal(0), by(CY), grounds({"certified": False}))


def test_automating_less_takes_none() -> None:
    assert propose_stage(REFUND, Stage.PARTIAL, TENTH, by(ANA))
    assert propose_stage(ASSIST, Stage.OBSERVE, Decimal(0), by(ANA))
    observe = REFUND.model_copy(update={"stage": Stage.OBSERVE})
    assert propose_stage(observe, Stage.ASSIST, Decimal(0), by(ANA))
