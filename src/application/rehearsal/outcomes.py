"""What came of past cases where a person, a quality check or the world has said so.

Of a would-be automated decision it is known whether the recommended action was right only where
there was a chance, fixed beforehand, of hearing so. Where there was none, nothing is estimated.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from application.metrics.intervals import Estimate, Proportion, proportion
from application.rehearsal.bounds import clopper_pearson
from domain.model import Value
from domain.values import Lane

CONFIDENCE = 0.95
Kind = Literal["reviewed", "sampled", "never looked at"]


class Outcome(NamedTuple):
    """What came of one case."""

    lane: str
    sampled: bool
    rate: str
    label: bool | None
    probability: str
    """Of hearing whether it was right, fixed beforehand; empty where there was none."""
    overridden: bool | None
    """Whether the person who settled it chose otherwise; None where no person did."""

    @property
    def stratum(self) -> tuple[Kind, str]:
        """With what chance anybody would have looked."""
        if self.lane in (Lane.REVIEW, Lane.ESCALATE):
            return "reviewed", "1"
        return ("sampled", self.rate) if self.rate else ("never looked at", "0")

    @property
    def is_drawn(self) -> bool:
        return self.stratum[0] == "reviewed" or (bool(self.rate) and self.sampled)

    @property
    def counts(self) -> bool:
        """Whether its label may enter an estimate."""
        return self.label is not None and bool(self.probability) and self.is_drawn


def written(
    lane: str | None,
    sampled: bool | None,
    rate: object,
    label: bool | None,
    probability: object,
    overridden: bool | None,
) -> str:
    """An outcome as it is read in bulk."""
    return "|".join(map(_word, (lane, sampled, rate, label, probability, overridden)))


def _word(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "t" if value else "f"
        case _:
            return str(value)


def read(text: str) -> Outcome:
    """An outcome as it was written in bulk."""
    lane, sampled, rate, label, probability, overridden = text.split("|")
    return Outcome(lane, sampled == "t", rate, _truth(label), probability, _truth(overridden))


def _truth(word: str) -> bool | None:
    return None if not word else word == "t"


class Stratum(Value):
    """Would-be automated decisions that had the same chance of being looked at."""

    kind: Kind
    probability: str
    decisions: int
    drawn: int
    """Those that somebody was to look at."""
    labelled: int
    """Those of the drawn of which it is known whether the recommended action was right."""
    wrong: int


class Evidence(Value):
    """What is known of those that would be automated."""

    decisions: int
    override_rate: Proportion
    """Of those that a person has settled, the share settled otherwise than recommended."""
    strata: tuple[Stratum, ...]
    error_rate: Estimate
    """Without a value where part of them had no chance of being looked at: the bounds hold."""
    set_aside: int
    """Labels that came by themselves: their chance is unknown, so they are in no estimate."""


def evidence(counts: Mapping[str, int]) -> Evidence:
    """What the outcomes of would-be automated decisions tell."""
    seen = [(read(text), count) for text, count in counts.items()]
    strata = _strata(seen)
    settled = [(one.overridden, count) for one, count in seen if one.overridden is not None]
    return Evidence(
        decisions=sum(counts.values()),
        override_rate=proportion(
            "rehearsal_override_rate/1",
            sum(count for overridden, count in settled if overridden),
            sum(count for _, count in settled),
        ),
        strata=strata,
        error_rate=_error_rate(strata),
        set_aside=sum(n for one, n in seen if one.label is not None and not one.counts),
    )


def _strata(seen: Iterable[tuple[Outcome, int]]) -> tuple[Stratum, ...]:
    parts: defaultdict[tuple[Kind, str], list[tuple[Outcome, int]]] = defaultdict(list)
    for one, count in seen:
        parts[one.stratum].append((one, count))
    return tuple(_stratum(*key, parts[key]) for key in sorted(parts))


def _stratum(kind: Kind, probability: str, cases: list[tuple[Outcome, int]]) -> Stratum:
    return Stratum(
        kind=kind,
        probability=probability,
        decisions=sum(n for _, n in cases),
        drawn=sum(n for one, n in cases if one.is_drawn),
        labelled=sum(n for one, n in cases if one.counts),
        wrong=sum(n for one, n in cases if one.counts and one.label is False),
    )


def _error_rate(strata: tuple[Stratum, ...]) -> Estimate:
    """Each part by its own exact interval, together at 95 %; what is not known may be either."""
    formula = "rehearsal_error_rate/1"
    whole = sum(part.decisions for part in strata)
    if not whole:
        return Estimate(value=None, low=None, high=None, formula=formula)
    risk = (1 - CONFIDENCE) / len(strata)
    low = high = value = 0.0
    for part in strata:
        weight = part.decisions / whole
        unknown = part.drawn - part.labelled
        low += weight * clopper_pearson(part.wrong, part.drawn, risk)[0]
        high += weight * clopper_pearson(part.wrong + unknown, part.drawn, risk)[1]
        value += weight * part.wrong / part.labelled if part.labelled else 0
    known = all(part.labelled for part in strata)
    return Estimate(value=value if known else None, low=low, high=min(1.0, high), formula=formula)
