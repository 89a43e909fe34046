"""Values: what is made without checking is what checking would have made."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.model import Value
from domain.values import Alternative, Recommendation
from tests.domain.builders import a_definition, a_guardrail, a_recommendation

SHARES = st.none() | st.decimals(0, 1, places=4)


@given(
    st.fixed_dictionaries(
        {"action": st.text(max_size=5)},
        optional={
            "risk": SHARES,
            "confidence": SHARES,
            "parameters": st.dictionaries(st.text(max_size=3), st.integers()),
            "rationale": st.none() | st.text(max_size=5),
            "alternatives": st.just((Alternative(action="wait", confidence=Decimal("0.1")),)),
        },
    )
)
def test_a_value_of_checked_parts_is_the_checked_value(parts: dict[str, object]) -> None:
    checked = Recommendation.model_validate(parts)
    made = Recommendation.model_construct(**parts)
    assert made == checked
    assert made.model_dump_json() == checked.model_dump_json()


def test_defaults_that_can_change_are_not_shared() -> None:
    one, other = (Recommendation.model_construct(action="wait") for _ in range(2))
    assert one.parameters == other.parameters == {}
    assert one.parameters is not other.parameters


def test_a_copy_keeps_nothing_that_was_computed_from_other_content() -> None:
    guardrail = a_guardrail()
    digest = guardrail.digest
    assert guardrail.model_copy(update={"limits": ()}).digest != digest
    assert guardrail.model_copy().digest == digest
    definition = a_definition()
    assert definition.personal == frozenset()
    context = {n: f.model_copy(update={"personal": True}) for n, f in definition.context.items()}
    assert definition.model_copy(update={"context": context}).personal == context.keys()


def test_a_copy_is_equal_and_its_own() -> None:
    value: Value = a_recommendation()
    copy = value.model_copy()
    assert copy == value
    assert copy is not value
