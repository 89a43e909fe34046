"""The breakers of a policy's text: read, refused in its author's words, and compared."""

from decimal import Decimal

import pytest

from adapters.authoring import AuthoringError, export_dmn, import_dmn, parse_guardrail
from domain.breakers import ALWAYS, Breaker, Stream, breaker_of
from domain.guardrail.difference import compare
from domain.guardrail.document import Guardrail
from domain.guardrail.facts import BUILT_IN
from domain.model import Seat

HEAD = """guardrail: v1
policy: page
automate_only_if: [{id: sure, require: confidence >= 0.9, reason: UNSURE}]
"""


def read(breakers: str = "") -> Guardrail:
    return parse_guardrail(HEAD + (f"breakers:\n{breakers}" if breakers else ""), BUILT_IN)


FULL = "  quality: {limit: 0.02, delta: 0.01, horizon: 20000}\n  actions: {limit: 0.1}\n"


def test_what_is_stated_is_read_and_the_rest_has_its_default() -> None:
    assert read(FULL).breakers == {
        Stream.QUALITY: Breaker(limit=Decimal("0.02"), delta=Decimal("0.01"), horizon=20_000),
        Stream.ACTIONS: Breaker(limit=Decimal("0.1")),
    }


def test_without_a_section_the_document_and_its_digest_are_what_they_were() -> None:
    plain = read()
    assert plain.breakers is None
    assert "breakers" not in plain.model_dump(mode="json")
    assert "breakers" not in plain.canonical()
    assert breaker_of(plain.breakers, Stream.QUALITY) == ALWAYS
    assert breaker_of(plain.breakers, Stream.ACTIONS) is None


def test_it_is_part_of_what_is_signed_and_stored() -> None:
    stated = read(FULL)
    assert stated.digest != read().digest
    assert Guardrail.model_validate_json(stated.model_dump_json()) == stated


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("  qualty: {limit: 0.1}\n", "`breakers` has no `qualty`"),
        ("  quality: {delta: 0.1}\n", "the breaker quality needs `limit`"),
        ("  quality: {limit: 0}\n", "`limit` is above 0 and below 0.8, and 0 is not"),
        ("  quality: {limit: 0.8}\n", "`limit` is above 0 and below 0.8, and 0.8 is not"),
        ("  quality: {limit: 5%}\n", "`limit` is a number, and 5% is none"),
        ("  quality: {limit: 0.1, delta: 0.5}\n", "`delta` is above 0 and below 0.5"),
        ("  quality: {limit: 0.1, horizon: 49}\n", "`horizon` is a number of labels from 50"),
        ("  quality: {limit: 0.1, horizon: 99.5}\n", "and 99.5 is none"),
        ("  quality: {limit: 0.1, window: 200}\n", "the breaker quality has no `window`"),
        ("  quality: 0.1\n", "the breaker quality is a mapping"),
        ("  {}\n", "`breakers` names what is watched: quality, overrides, actions"),
    ],
)
def test_what_is_wrong_is_said(text: str, said: str) -> None:
    with pytest.raises(AuthoringError) as refused:
        read(text)
    assert said in str(refused.value)


LOOSER, TIGHTER = "a circuit breaker trips later", "a circuit breaker trips sooner"


@pytest.mark.parametrize(
    ("old", "new", "bucket"),
    [
        ("", "  quality: {limit: 0.1}\n", "relaxed"),
        ("", "  quality: {limit: 0.02}\n", "tighter"),
        ("", "  actions: {limit: 0.02}\n", "tighter"),
        ("  actions: {limit: 0.02}\n", "", "relaxed"),
        ("  quality: {limit: 0.02}\n", "", "relaxed"),
        ("", "  quality: {limit: 0.05, delta: 0.01}\n", "relaxed"),
        ("", "  quality: {limit: 0.05, horizon: 1000000}\n", "relaxed"),
        ("", "  quality: {limit: 0.05}\n", "unchanged"),
    ],
)
def test_a_difference_says_whether_it_trips_later(old: str, new: str, bucket: str) -> None:
    found = compare(read(old), read(new))
    (edit,) = found.edits
    assert edit.bucket == bucket
    assert edit.text.startswith("breaker ")
    assert found.relaxes is (bucket == "relaxed")
    assert (LOOSER in found.weakened) is (bucket == "relaxed")
    expected = Seat.RISK_OWNER if bucket == "relaxed" else Seat.AI_PRODUCT_OWNER
    assert found.approver is expected


def test_a_decision_table_takes_it_along() -> None:
    stated = read(FULL)
    again = parse_guardrail(import_dmn(export_dmn(stated, BUILT_IN), BUILT_IN, {}), BUILT_IN)
    assert again.breakers == stated.breakers
