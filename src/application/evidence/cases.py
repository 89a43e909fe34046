"""Cases: what is known of a model's decisions, by confidence, as sums keep it."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from json import loads
from typing import NamedTuple

from application.evidence.certifying import Labels
from application.metrics.counting import label
from application.metrics.facts import DecisionFacts
from application.metrics.populations import is_disposed, is_overridden
from application.rehearsal import outcomes
from application.rehearsal.outcomes import Outcome
from domain.guardrail.canonical import plain_number
from domain.values import ExceptionCode, Lane

UNIT = 10_000
"""Thresholds have four decimals: a confidence is counted by the highest one it is at or above."""
WITHIN_LIMITS = "ROUTE.within_limits"
OF_THE_CASE = frozenset(
    code.reason_code
    for code in (
        ExceptionCode.LOW_CONFIDENCE,
        ExceptionCode.CONFIDENCE_MISSING,
        ExceptionCode.MISSING_INPUT,
        ExceptionCode.INVALID_INPUT,
        ExceptionCode.NO_POLICY,
        ExceptionCode.POLICY_ERROR,
        ExceptionCode.CONFLICT,
    )
)
"""What a case itself raises at routing; a stage, a kill switch, empty seats are not its doing."""


class Model(NamedTuple):
    """A model of one version: labels of another certify nothing of it."""

    name: str
    version: str


class Case(NamedTuple):
    """So many decisions of one model that are known alike."""

    model: Model
    confidence: int | None
    """In 1/10,000, rounded down."""
    against: frozenset[str]
    """The reasons, of the case itself, for not automating it."""
    over: bool
    outcome: Outcome
    n: int

    def is_at(self, threshold: Decimal) -> bool:
        """Whether its confidence is at or above a threshold."""
        return self.confidence is not None and self.confidence >= threshold * UNIT

    @property
    def reviewed(self) -> bool:
        return self.outcome.stratum[0] == "reviewed"

    @property
    def is_waiting(self) -> bool:
        """It waits for a person, who will label it."""
        return self.reviewed and not self.outcome.counts and not self.over

    @property
    def is_lost(self) -> bool:
        """It was to be reviewed, and ended with nobody saying whether the model was right."""
        return self.reviewed and not self.outcome.counts and self.over

    @property
    def is_unjudged(self) -> bool:
        """The lot fell on it, and nobody has judged it."""
        sampled = self.outcome.stratum[0] == "sampled" and self.outcome.sampled
        return sampled and not self.outcome.counts

    @property
    def is_out_of_sight(self) -> bool:
        """It was automated, and nobody was ever to look at it."""
        return self.outcome.lane == Lane.AUTOMATE and not self.outcome.rate

    @property
    def is_set_aside(self) -> bool:
        """Its label came by itself, as by complaint: nobody knows with what chance."""
        return self.outcome.label is not None and not self.outcome.counts


def case_label(facts: DecisionFacts) -> str:
    """What a decision counts under."""
    confidence = None if facts.confidence is None else int(facts.confidence * UNIT)
    against = " ".join(sorted(set(filter(_is_of_the_case, facts.reason_codes))))
    over = facts.end is not None
    model = (facts.model_name, facts.model_version)
    return label(*model, confidence, against, over, _outcome(facts))


def _is_of_the_case(code: str) -> bool:
    return code in OF_THE_CASE or (code.startswith("ROUTE.") and code != WITHIN_LIMITS)


def _outcome(facts: DecisionFacts) -> str:
    rate, probability = facts.sampling_rate, facts.label_probability
    return outcomes.written(
        facts.lane,
        facts.sampled,
        plain_number(rate) if rate else None,
        facts.label,
        None if probability is None else plain_number(probability),
        is_overridden(facts) if is_disposed(facts) else None,
    )


def cases_of(counts: Mapping[str, int]) -> list[Case]:
    """The cases that sums are of."""
    return [_case(text, n) for text, n in counts.items()]


def _case(text: str, n: int) -> Case:
    name, version, confidence, against, over, outcome = loads(text)
    reasons = frozenset(against.split())
    return Case(Model(name, version), confidence, reasons, over, _read(outcome), n)


_read = lru_cache(maxsize=10_000)(outcomes.read)


def labels_of(cases: Iterable[Case], *, unjudged_is_wrong: bool = True) -> list[Labels]:
    """The labels that count, by the chance they were had with."""
    sums: dict[float, list[int]] = {}
    for case in cases:
        if case.outcome.counts or (case.is_unjudged and unjudged_is_wrong):
            chance = float(case.outcome.stratum[1])
            wrong = case.is_unjudged or not case.outcome.label
            sums.setdefault(chance, [0, 0])[wrong] += case.n
    return [Labels(chance, *sums[chance]) for chance in sorted(sums, reverse=True)]
