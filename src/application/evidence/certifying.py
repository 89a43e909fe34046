"""Certifying: is the evidence strong enough that a model errs no more often than a limit allows?

A promise is kept with probability 1 - delta. `exact` is Binomial and holds for the looks that were
planned; `anytime` is an e-value, and holds however often anybody looks. Where labels had unequal
chances of being obtained, each counts by the inverse of its chance.
"""

from collections.abc import Callable, Iterable, Sequence
from math import exp, fsum, log, log1p
from typing import Literal, NamedTuple

from application.rehearsal.bounds import clopper_pearson

Method = Literal["anytime", "exact"]
STAKES = 25
"""How many bets the weighted e-value is the mean of."""
TOO_MANY = 2**30
"""So many labels more are no plan any more."""


class Promise(NamedTuple):
    """At most `limit` are wrong, and it is kept with probability 1 - `delta`."""

    limit: float
    delta: float
    method: Method = "anytime"
    looks: int = 1
    """How many looks are planned: they share the risk. Anytime needs no plan."""

    @property
    def bar(self) -> float:
        """The p-value that may be reached at most, or the log e that has to be reached."""
        return self.delta / self.looks if self.method == "exact" else -log(self.delta)


class Labels(NamedTuple):
    """Labels that had the same chance, fixed beforehand, of being obtained."""

    probability: float
    right: float
    wrong: float

    @property
    def n(self) -> float:
        return self.right + self.wrong


class Strength(NamedTuple):
    """What the labels say of a promise."""

    passed: bool
    p_value: float | None = None
    """Of the exact test: how probable so few errors are, if the limit is not kept."""
    log_e: float | None = None
    """Of the anytime one: log of the e-value; it passes from log(1 / delta) on."""
    weighted: bool = False


def strength(labels: Sequence[Labels], promise: Promise) -> Strength:
    """Whether the labels bear the promise out. The exact test knows nothing of unequal chances."""
    known = [each for each in labels if each.n]
    weighted = len({each.probability for each in known}) > 1
    if promise.method == "exact":
        if weighted:
            return Strength(passed=False, weighted=True)
        p = binomial_tail(wrong_of(known), total(known), promise.limit)
        return Strength(p <= promise.bar, p_value=p)
    e = log_weighted(known, promise.limit) if weighted else _log_e(known, promise.limit)
    return Strength(e >= promise.bar, log_e=e, weighted=weighted)


def _log_e(labels: Sequence[Labels], limit: float) -> float:
    return log_e(wrong_of(labels), total(labels), limit)


def total(labels: Iterable[Labels]) -> float:
    return sum(each.n for each in labels)


def wrong_of(labels: Iterable[Labels]) -> float:
    return sum(each.wrong for each in labels)


def binomial_tail(k: float, n: float, limit: float) -> float:
    """P(at most k wrong of n), if the share of wrong ones is the limit."""
    if k >= n:
        return 1.0
    from scipy.special import betainc  # noqa: PLC0415 - a command line should not wait for scipy

    return float(betainc(n - k, k + 1, 1 - limit))


def exact_upper(k: int, n: int, delta: float) -> float:
    """The share of wrong ones that is exceeded with at most this risk (Clopper and Pearson)."""
    return clopper_pearson(k, n, 2 * delta)[1]


def log_e(k: float, n: float, limit: float, a: float = 1, b: float = 1) -> float:
    """How much better shares below the limit explain k wrong of n than the limit itself does.

    The shares are weighed by Beta(a, b), cut off at the limit. While the limit is exceeded, this
    ever reaches log(1 / delta) with probability delta at most.
    """
    tried = _log_beta_below(a + k, b + n - k, limit) - _log_beta_below(a, b, limit)
    return tried - k * log(limit) - (n - k) * log1p(-limit)


def _log_beta_below(a: float, b: float, x: float) -> float:
    """log of the integral of p^(a-1) (1-p)^(b-1) from 0 to x."""
    from scipy.special import betainc, betaln  # noqa: PLC0415

    below = float(betainc(a, b, x))
    if below > 0:
        return float(betaln(a, b)) + log(below)
    # Far in the tail the share is too small for a float; the factors of its series are not.
    return a * log(x) + b * log1p(-x) - log(a) + log(_series(a + b, a + 1, x))


def _series(upper: float, lower: float, x: float) -> float:
    """The hypergeometric series F(upper, 1; lower; x), where its terms only fall."""
    term = summed = 1.0
    i = 0
    while term > summed * 1e-16:
        term *= (upper + i) / (lower + i) * x
        summed += term
        i += 1
    return summed


def log_weighted(labels: Sequence[Labels], limit: float) -> float:
    """log of the mean over stakes λ of the product of 1 + λ w (limit - x), w relative to the
    smallest chance. It depends on counts alone, so the order of the labels does not matter."""
    if not labels:
        return 0.0
    least = min(each.probability for each in labels)
    relative = [each._replace(probability=least / each.probability) for each in labels]
    return _log_mean_exp([_log_bet(relative, limit, stake) for stake in stakes(limit)])


def stakes(limit: float) -> list[float]:
    """How much is bet: evenly spread, and never more than can be lost."""
    return [(j - 0.5) / STAKES / (1 - limit) for j in range(1, STAKES + 1)]


def _log_bet(relative: Sequence[Labels], limit: float, stake: float) -> float:
    return fsum(
        right * log1p(stake * w * limit) + wrong * log1p(-stake * w * (1 - limit))
        for w, right, wrong in relative
    )


def _log_mean_exp(logs: Sequence[float]) -> float:
    top = max(logs)
    return top + log(fsum(exp(each - top) for each in logs) / len(logs))


def labels_missing(
    labels: Sequence[Labels], promise: Promise, *, as_often_wrong: bool = False
) -> int | None:
    """How many labels more would do, if all of them were right, or as often wrong as those so far.

    They are taken to come by the same chances as those so far. 0 if none are missing; None where
    no number will do.
    """
    enough = _enough_with(labels, promise, as_often_wrong)
    if enough(0):
        return 0
    most = 1
    while not enough(most):
        most *= 2
        if most > TOO_MANY:
            return None
    least = most // 2
    while most - least > 1:
        middle = (least + most) // 2
        least, most = (least, middle) if enough(middle) else (middle, most)
    return most


def _enough_with(
    labels: Sequence[Labels], promise: Promise, as_often_wrong: bool
) -> Callable[[int], bool]:
    known = [each for each in labels if each.n] or [Labels(1.0, 0, 0)]
    seen = total(known)

    def enough(more: int) -> bool:
        shares = [each.n / seen if seen else 1.0 for each in known]
        grown = [_grown(e, more * s, as_often_wrong) for e, s in zip(known, shares, strict=True)]
        return strength(grown, promise).passed

    return enough


def _grown(labels: Labels, more: float, as_often_wrong: bool) -> Labels:
    share = labels.wrong / labels.n if as_often_wrong and labels.n else 0.0
    right, wrong = labels.right + more * (1 - share), labels.wrong + more * share
    return labels._replace(right=right, wrong=wrong)


def certified(steps: Sequence[Sequence[Labels]], promise: Promise) -> int:
    """How many steps of a walk down a grid hold, from the highest threshold on, each with the
    labels at or above it. The walk ends at the first that does not."""
    for passed, labels in enumerate(steps):
        if not strength(labels, promise).passed:
            return passed
    return len(steps)
