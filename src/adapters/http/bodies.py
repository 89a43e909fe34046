"""Bodies: the commands as JSON has them. A number is a JSON number, a moment is RFC 3339 text."""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from application.evaluating import Trial
from application.observing import Outcome
from application.recommending import Recommend
from application.reviewing import Claim
from application.wording import MOMENT
from domain.model import Value
from domain.values import Alternative, Recommendation

RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


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


@dataclass(frozen=True, slots=True)
class _ReadAs:
    """A value of the domain that is read by a stricter body and is itself again afterwards."""

    body: type[BaseModel]

    def __get_pydantic_core_schema__(
        self, source: type[BaseModel], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        def itself(body: BaseModel) -> BaseModel:
            return source.model_construct(body.model_fields_set, **body.__dict__)

        read = handler.generate_schema(self.body)
        return core_schema.no_info_after_validator_function(itself, read)


def _whole(value: object) -> object:
    """To JSON, 900.0 is the same number as 900."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _moment(value: object) -> datetime:
    """The moment in UTC; what lies outside the calendar there is refused."""
    if isinstance(value, str) and RFC3339.fullmatch(value):
        with suppress(ValueError, OverflowError):
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
    raise ValueError(MOMENT)


Moment = Annotated[AwareDatetime, BeforeValidator(_moment)]
WholeNumber = Annotated[int, BeforeValidator(_whole)]
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
    alternatives: tuple[Annotated[Alternative, _ReadAs(AlternativeBody)], ...] = ()


class RecommendBody(Recommend):
    """What a producer sends: one proposed action on one subject."""

    recommendation: Annotated[Recommendation, _ReadAs(RecommendationBody)]
    recommended_at: Moment | None = None
    expires_at: Moment | None = None


class ClaimBody(Claim):
    """How long a person wants a decision for themselves, in seconds."""

    lease_seconds: WholeNumber = Field(default=900, ge=1, le=28_800)


class OutcomeBody(Outcome):
    """What proved right in the end."""

    observed_at: Moment


class TrialBody(Trial):
    """A recommendation to try on a policy."""

    recommendation: Annotated[Recommendation, _ReadAs(RecommendationBody)]


class OwnerBody(Value):
    """The person who takes a seat."""

    person: Word
