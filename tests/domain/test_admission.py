"""The door: what is let in is read once, and means the same when history reads it again."""

import contextlib
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.admission import InvalidInput, admit, facts_of
from domain.guardrail.facts import Choice, Code, FactType, Level, Number, Tags, YesNo
from domain.values import Recommendation
from tests.domain.builders import a_definition

WORDS = ("low", "high")
OF_EVERY_KIND: dict[str, FactType] = {
    "amount": Number(min=Decimal(0), decimals=2, required=False),
    "exact": Number(decimals=0, required=False),
    "suspicious": YesNo(required=False),
    "channel": Choice(values=WORDS, required=False),
    "severity": Level(values=WORDS, required=False),
    "reference": Code(required=False),
    "topics": Tags(required=False),
}
RAW = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**6),
    st.floats(allow_nan=False, allow_infinity=False),
    st.decimals(0, 1000, places=4).map(str),
    st.sampled_from(WORDS),
    st.lists(st.sampled_from(WORDS)),
)
SHARES = st.none() | st.decimals(0, 1, places=8)


@given(st.dictionaries(st.sampled_from(sorted(OF_EVERY_KIND)), RAW), SHARES, SHARES)
def test_the_facts_let_in_are_those_that_history_reads_from_what_was_recorded(
    context: dict[str, Any], confidence: Decimal | None, risk: Decimal | None
) -> None:
    definition = a_definition(context=OF_EVERY_KIND)
    recommendation = Recommendation(action="refund", confidence=confidence, risk=risk)
    with contextlib.suppress(InvalidInput):
        recorded, facts, _ = admit(recommendation, context, definition)
        assert facts_of(recommendation, recorded, definition) == facts
