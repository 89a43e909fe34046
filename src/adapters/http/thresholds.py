"""Thresholds: which confidence the evidence bears out, and everything that this rests on."""

from datetime import date
from typing import Annotated, Literal

from litestar import Controller, get
from pydantic import BeforeValidator, Field

from adapters.http.bodies import Word
from adapters.http.parts import Asked, TheCaller, TheDesk, TheReader
from application.certifying import Asked as AskedOfEvidence
from application.certifying import ThresholdReport, thresholds
from domain.guardrail.document import MOST_THRESHOLDS, Open, Threshold
from domain.model import Value


def _listed(words: object) -> object:
    return words.split(",") if isinstance(words, str) else words


Grid = Annotated[
    tuple[Threshold, ...],
    BeforeValidator(_listed, json_schema_input_type=str),
    Field(min_length=1, max_length=MOST_THRESHOLDS),
]
"""Thresholds from the highest down, with commas between them."""


class ThresholdsAsked(Value):
    """What is asked of the evidence; what is left out is as the policy in force declares it."""

    decision_type: Word
    model: Word | None = None
    model_version: Word | None = None
    limit: Open | None = None
    delta: Open | None = None
    grid: Grid | None = None
    since: date | None = Field(default=None, alias="from")
    method: Literal["anytime", "exact"] | None = None
    looks: int | None = Field(default=None, ge=1, le=1_000_000)
    unjudged: Literal["wrong", "withheld"] | None = None

    @property
    def of_evidence(self) -> AskedOfEvidence:
        """The same without its decision type."""
        said = {name: getattr(self, name) for name in AskedOfEvidence.model_fields}
        return AskedOfEvidence.model_validate(said)


class ThresholdFigures(Controller):
    """What a model has proved."""

    path = "/v1/metrics/thresholds"
    tags = ("Feedback",)

    @get()
    async def thresholds(
        self, asked: Asked[ThresholdsAsked], desk: TheDesk, reader: TheReader, caller: TheCaller
    ) -> ThresholdReport:
        """Which threshold the labels bear out, for each version of a model; it changes nothing.

        Null where nothing can be certified yet, with the number of labels that are still needed.
        """
        return await thresholds(asked.decision_type, asked.of_evidence, caller, desk, reader)
