"""Kill switches beyond a decision type's own: who pulls them, who lifts them, what they stop."""

import pytest

from domain.halting import (
    NONE_ON,
    Halted,
    KillSwitches,
    Lifted,
    Model,
    NotYourSwitch,
    fold,
    lift,
    pull,
)
from domain.model import Actor
from domain.routing import Case, beyond_facts, route
from domain.values import ExceptionCode, Lane, ModelRef
from tests.domain.builders import (
    ANA,
    BO,
    BOT,
    CY,
    DI,
    QUINN,
    REFUND,
    a_policy,
    a_recommendation,
    by,
)

ALL_OF_IT, ONE_VERSION = Model(name="refunder"), Model(name="refunder", version="3.1")
SPOKE = ModelRef(name="refunder", version="3.1")
NEWER = ModelRef(name="refunder", version="3.2")
OTHER = ModelRef(name="another", version="3.1")


def pulled(*models: Model | None) -> KillSwitches:
    state = NONE_ON
    for model in models:
        state = fold(pull(state, model, "HALT.ODD", None, by(DI)), state)
    return state


@pytest.mark.parametrize("owner", [ANA, BO, CY, DI])
@pytest.mark.parametrize("model", [None, ALL_OF_IT, ONE_VERSION])
def test_any_owner_in_person_pulls_one(owner: Actor, model: Model | None) -> None:
    (event,) = pull(NONE_ON, model, "HALT.ODD", "looks odd", by(owner))
    assert isinstance(event, Halted)
    assert (event.model, event.reason_code, event.comment) == (model, "HALT.ODD", "looks odd")
    assert (event.originator_version, event.actor) == (1, owner)


@pytest.mark.parametrize("model", [None, ALL_OF_IT, ONE_VERSION])
def test_pulling_it_twice_adds_nothing(model: Model | None) -> None:
    assert pull(pulled(model), model, "HALT.ODD", None, by(ANA)) == ()


def test_only_a_risk_owner_lifts_one() -> None:
    state = pulled(None)
    (event,) = lift(state, None, "HALT.CLEARED", None, by(CY))
    assert isinstance(event, Lifted)
    assert not fold((event,), state).everything
    for other in (ANA, BO, DI, QUINN, BOT):
        with pytest.raises(NotYourSwitch):
            lift(state, None, "HALT.CLEARED", None, by(other))
    assert lift(NONE_ON, None, "HALT.CLEARED", None, by(CY)) == ()


@pytest.mark.parametrize("other", [QUINN, BOT])
def test_nobody_else_pulls_one(other: Actor) -> None:
    with pytest.raises(NotYourSwitch):
        pull(NONE_ON, None, "HALT.ODD", None, by(other))


def test_each_stops_what_is_meant_and_says_so() -> None:
    assert NONE_ON.against(SPOKE) == ()
    everything = ("the kill switch of the whole organisation is on",)
    assert pulled(None).against(SPOKE) == pulled(None).against(None) == everything
    assert pulled(ALL_OF_IT).against(NEWER) == ("the kill switch of the model refunder is on",)
    one = pulled(ONE_VERSION)
    assert one.against(SPOKE) == ("the kill switch of the model refunder 3.1 is on",)
    assert one.against(NEWER) == one.against(OTHER) == one.against(None) == ()
    assert len(pulled(None, ALL_OF_IT, ONE_VERSION).against(SPOKE)) == 3


def test_lifting_one_leaves_the_others() -> None:
    state = pulled(None, ALL_OF_IT, ONE_VERSION)
    after = fold(lift(state, ALL_OF_IT, "HALT.CLEARED", None, by(CY)), state)
    assert (after.everything, after.models) == (True, {ONE_VERSION})


def test_what_is_stopped_is_reviewed_and_every_scope_is_named() -> None:
    case = Case(
        a_recommendation(), {"confidence": None}, model=SPOKE, halts=pulled(None, ALL_OF_IT)
    )
    kind = REFUND.model_copy(update={"suspended": True})
    texts = [reason.text for reason in beyond_facts(case, kind, a_policy())]
    assert texts[:3] == [
        "the kill switch of the whole organisation is on",
        "the kill switch of the model refunder is on",
        "the kill switch of refund is on",
    ]


def test_routing_says_which_version_of_the_switches_it_saw() -> None:
    case = Case(a_recommendation(), {}, model=OTHER, halts=pulled(ALL_OF_IT))
    ruling = route(case, REFUND, a_policy())
    assert ruling.halts == 1
    assert ExceptionCode.AUTOMATION_HALTED not in ruling.exceptions
    assert route(case._replace(halts=NONE_ON), REFUND, a_policy()).halts is None
    assert ruling.lane is not Lane.AUTOMATE, "there are no facts"
