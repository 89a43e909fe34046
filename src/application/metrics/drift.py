"""Drift: does what comes in now look like what came in then?"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import fsum, log

from application.metrics.calibration import bin_of, in_units
from application.metrics.facts import DecisionFacts
from application.metrics.populations import Cases
from domain.model import Value


class Shift(Value):
    """The population stability index between two counts of the same things.

    Without drift it is about χ²(bins - 1) · (1/n + 1/m); the p-value says how far that explains it.
    """

    n_then: int
    n_now: int
    bins: int
    value: float | None
    p_value: float | None
    formula: str = "psi/1"


class Drift(Value):
    """How far decisions received now differ from the reference, in what they are."""

    confidence: Shift
    lane: Shift
    reason_codes: Shift
    segment: Shift
    """By workflow within a decision type, or by the declared fact that was asked for."""


def drift(then: Cases, now: Cases) -> Drift:
    """Compare what was received in two windows."""

    def shift(kinds: Callable[[DecisionFacts], Iterable[str]]) -> Shift:
        return shift_of(_count(then, kinds), _count(now, kinds))

    return Drift(
        confidence=shift(_confidence),
        lane=shift(lambda case: () if case.lane is None else (case.lane,)),
        reason_codes=shift(lambda case: case.reason_codes),
        segment=shift(lambda case: (f"{case.decision_type}/{case.workflow or ''}",)),
    )


def _confidence(case: DecisionFacts) -> tuple[str]:
    """The bin, where no confidence at all is a bin of its own."""
    return ("none" if case.confidence is None else str(bin_of(in_units(case.confidence))),)


def kinds_of(case: DecisionFacts) -> Iterator[tuple[str, str]]:
    """What a decision is, as far as a shift is looked for in it."""
    yield "all", ""
    yield "confidence", *_confidence(case)
    if case.lane is not None:
        yield "lane", case.lane
    yield from (("reason_code", code) for code in case.reason_codes)


def _count(cases: Cases, kinds: Callable[[DecisionFacts], Iterable[str]]) -> Counter[str]:
    return Counter(str(kind) for case in cases for kind in kinds(case))


def psi(expected: Sequence[float], actual: Sequence[float]) -> float:
    """Σ (a - e) · ln(a / e) over shares, none of them 0."""
    return fsum((a - e) * log(a / e) for e, a in zip(expected, actual, strict=True))


def shift_of(then: Mapping[str, int], now: Mapping[str, int]) -> Shift:
    """The shift between two counts; when a bin is empty on one side, each gets half a case more."""
    bins = sorted({kind for counts in (then, now) for kind, count in counts.items() if count})
    n_then, n_now = (sum(counts.values()) for counts in (then, now))
    value = _psi_of_counts(bins, then, now) if n_then and n_now else None
    return Shift(
        n_then=n_then,
        n_now=n_now,
        bins=len(bins),
        value=value,
        p_value=None if value is None else psi_p_value(value, len(bins), n_then, n_now),
    )


def _psi_of_counts(bins: list[str], then: Mapping[str, int], now: Mapping[str, int]) -> float:
    some_empty = any(not counts.get(kind) for counts in (then, now) for kind in bins)
    extra = 0.5 if some_empty else 0.0
    expected, actual = (_shares([counts.get(k, 0) + extra for k in bins]) for counts in (then, now))
    return psi(expected, actual)


def _shares(counts: list[float]) -> list[float]:
    total = fsum(counts)
    return [count / total for count in counts]


def psi_p_value(value: float, bins: int, n: int, m: int) -> float | None:
    """P(a shift as large) when nothing has drifted; undefined with a single bin."""
    if bins < 2:
        return None
    from scipy.special import chdtrc  # noqa: PLC0415 - or every command would load scipy

    return float(chdtrc(bins - 1, value / (1 / n + 1 / m)))
