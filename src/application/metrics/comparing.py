"""Comparing: two models side by side, on the same subjects and the same labels.

Each is judged by its own label of known probability where it has one. Where only one of the two
has, it judges both: if both recommended the same, or if a person chose the action, so that it is
known which one was right. What is compared is pairs.
"""

from collections.abc import Iterable
from math import prod, sqrt
from typing import NamedTuple

from pydantic import AwareDatetime

from application.metrics.facts import DecisionFacts
from application.metrics.intervals import Proportion, Z, proportion, sum_of
from application.metrics.slices import model_of
from application.metrics.window import Window
from domain.model import Value


class Difference(Value):
    """The challenger less the champion, with its 95 % interval; positive is the challenger's."""

    n: int
    value: float | None
    low: float | None
    high: float | None
    formula: str


class Comparison(Value):
    """Champion and challenger on the same subjects."""

    decision_type: str
    champion: str
    challenger: str
    window: Window
    as_of: AwareDatetime
    subjects: int
    """On which both recommended something."""
    compared: int
    """Of which it is known, with a known probability, what each of the two was worth."""
    same_action: int
    """Of the subjects, on how many both recommended the same."""
    champion_right: Proportion
    challenger_right: Proportion
    only_champion_right: int
    only_challenger_right: int
    p_value: float | None
    """Exact (McNemar): how likely so uneven a split is where neither is better."""
    accuracy_difference: Difference
    """Of shares of right actions; raw, by Agresti and Min's adjusted interval."""
    accuracy_difference_weighted: Difference
    """Weighted by 1 / P(labelled)."""
    brier_improvement: Difference
    """By how much the challenger's Brier score is lower, weighted; pairs with both confidences."""


class Pair(NamedTuple):
    """What both were worth on one subject."""

    champion: bool
    challenger: bool
    weight: float
    """1 / P(labelled)."""
    confidences: tuple[float, float] | None


def pairs_of(
    rows: Iterable[DecisionFacts], champion: str, challenger: str
) -> tuple[int, int, list[Pair]]:
    """How many subjects both spoke on, on how many they said the same, and what is known of each.

    Where a model spoke more than once on a subject, its last word counts.
    """
    last: dict[str, dict[str, DecisionFacts]] = {}
    for row in sorted(rows, key=lambda row: (row.received_at, row.key)):
        last.setdefault(row.subject, {})[model_of(row)] = row
    both = [
        (found[champion], found[challenger])
        for _, found in sorted(last.items())
        if champion in found and challenger in found
    ]
    same = sum(a.recommended_action == b.recommended_action for a, b in both)
    return len(both), same, [pair for a, b in both if (pair := _pair(a, b)) is not None]


def _pair(champion: DecisionFacts, challenger: DecisionFacts) -> Pair | None:
    """Whether a pair counts must not depend on how it turned out, or one of the two is favoured."""
    told = [case for case in (champion, challenger) if case.label_probability is not None]
    if not told:
        return None
    worth = [_worth(case, case if case in told else told[0]) for case in (champion, challenger)]
    if worth[0] is None or worth[1] is None:
        return None
    chance = prod(float(case.label_probability or 1) for case in told)
    stated = [c.confidence for c in (champion, challenger) if c.confidence is not None]
    both = (float(stated[0]), float(stated[1])) if len(stated) == 2 else None
    return Pair(worth[0], worth[1], 1 / chance, both)


def _worth(case: DecisionFacts, told: DecisionFacts) -> bool | None:
    """Whether a recommendation was right, by the label of this one; unknown if it can't say.

    A person's disposition says which action is right. A quality verdict speaks of one action alone.
    """
    if case.recommended_action == told.recommended_action:
        return told.label
    if told.authorised_by != "person":
        return None
    right = told.recommended_action if told.label else told.final_action
    return case.recommended_action == right


def compare(
    rows: Iterable[DecisionFacts],
    decision_type: str,
    champion: str,
    challenger: str,
    window: Window,
    as_of: AwareDatetime,
) -> Comparison:
    """Champion and challenger, on whatever both spoke on."""
    subjects, same, pairs = pairs_of(rows, champion, challenger)
    n = len(pairs)
    first = sum(pair.champion and not pair.challenger for pair in pairs)
    second = sum(pair.challenger and not pair.champion for pair in pairs)
    return Comparison(
        decision_type=decision_type,
        champion=champion,
        challenger=challenger,
        window=window,
        as_of=as_of,
        subjects=subjects,
        compared=n,
        same_action=same,
        champion_right=proportion("accuracy/1", sum(p.champion for p in pairs), n),
        challenger_right=proportion("accuracy/1", sum(p.challenger for p in pairs), n),
        only_champion_right=first,
        only_challenger_right=second,
        p_value=mcnemar(first, second) if n else None,
        accuracy_difference=adjusted_difference(n, first, second),
        accuracy_difference_weighted=weighted_difference(
            "paired_accuracy_weighted/1", [(p.challenger - p.champion, p.weight) for p in pairs]
        ),
        brier_improvement=weighted_difference(
            "paired_brier/1",
            [
                ((a - p.champion) ** 2 - (b - p.challenger) ** 2, p.weight)
                for p in pairs
                if p.confidences is not None
                for a, b in (p.confidences,)
            ],
        ),
    )


def mcnemar(first: int, second: int) -> float:
    """P(a split at least as uneven) when each discordant pair is a toss of a fair coin."""
    if first + second == 0:
        return 1.0
    from scipy.special import bdtr  # noqa: PLC0415 - or every command would load scipy

    return min(1.0, 2 * float(bdtr(min(first, second), first + second, 0.5)))


def adjusted_difference(n: int, first: int, second: int) -> Difference:
    """Agresti and Min's interval: half a pair more in each of the four cells."""
    formula = "paired_accuracy/1"
    if not n:
        return Difference(n=0, value=None, low=None, high=None, formula=formula)
    total, b, c = n + 2, first + 0.5, second + 0.5
    centre = (c - b) / total
    reach = Z * sqrt((b + c) - (c - b) ** 2 / total) / total
    return Difference(
        n=n,
        value=(second - first) / n,
        low=max(-1.0, centre - reach),
        high=min(1.0, centre + reach),
        formula=formula,
    )


def weighted_difference(formula: str, found: list[tuple[float, float]]) -> Difference:
    """The weighted mean of paired differences, with the interval of its linearised variance."""
    n = len(found)
    if n < 2:
        value = found[0][0] if found else None
        return Difference(n=n, value=value, low=None, high=None, formula=formula)
    weight = sum_of((w, 1) for _, w in found)
    mean = sum_of((w * d, 1) for d, w in found) / weight
    spread = sum_of(((w * (d - mean)) ** 2, 1) for d, w in found)
    reach = Z * sqrt(spread * n / (n - 1)) / weight
    return Difference(n=n, value=mean, low=mean - reach, high=mean + reach, formula=formula)
