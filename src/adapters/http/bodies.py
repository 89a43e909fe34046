"""Bodies: the commands as JSON has them. A number is a JSON number, a moment is RFC 3339 text."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from application.evaluating import Trial
from application.observing import Outcome
from application.recommending import Recommend
from domain.model import Value
from domain.values import Alternative, Recommendation

RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)


class _JsonNumber:
    """A decimal that JSON writes as a number: `"0.5"` is a word, and a word is not a confidence."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        number = core_schema.float_schema(strict=True, allow_inf_nan=False, ge=0, le=1)
        return core_schema.no_info_after_validator_function(_decimal, number)


def _decimal(number: float) -> Decimal:
    """The number as its shortest writing has it: 0.1 is 0.1."""
    return Decimal(int(number)) if number.is_integer() else Decimal(repr(number))


Number = Annotated[Decimal, _JsonNumber()]


def _moment(value: object) -> object:
    if isinstance(value, str) and not RFC3339.fullmatch(value):
        raise ValueError("an RFC 3339 time with an offset, such as 2026-01-05T09:00:00Z")
    return value


def _in_utc(value: datetime) -> datetime:
    """The moment in UTC; what lies outside the calendar there is refused."""
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time within the years 1 to 9999") from None


Moment = Annotated[AwareDatetime, BeforeValidator(_moment), AfterValidator(_in_utc)]
Word = Annotated[str, Field(min_length=1, max_length=200)]


class AlternativeBody(Alternative):
    """Another action the producer considered."""

    action: Word
    confidence: Number | None = None


class RecommendationBody(Recommendation):
    """The producer's proposed action, how sure it says it is, and what a mistake would cost."""

    action: Word
    confidence: Number | None = None
    risk: Number | None = None
    alternatives: tuple[AlternativeBody, ...] = ()


class RecommendBody(Recommend):
    """What a producer sends: one proposed action on one subject."""

    recommendation: RecommendationBody
    recommended_at: Moment | None = None
    expires_at: Moment | None = None


class OutcomeBody(Outcome):
    """What proved right in the end."""

    observed_at: Moment


class TrialBody(Trial):
    """A recommendation to try on a policy."""

    recommendation: RecommendationBody


class OwnerBody(Value):
    """The person who takes a seat."""

    person: Word
