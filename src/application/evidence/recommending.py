"""Recommending a threshold: the lowest on the way down a grid that the labels bear out.

It states everything that it rests on, and changes nothing: people do, through a policy.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from decimal import Decimal

from application.evidence.cases import UNIT, Case, Model, labels_of
from application.evidence.certifying import (
    Labels,
    Promise,
    Strength,
    labels_missing,
    strength,
    total,
    wrong_of,
)
from application.evidence.expecting import Expected, expected
from application.rehearsal.outcomes import Outcome
from domain.guardrail.canonical import plain_number
from domain.guardrail.document import Guardrail, Thresholds
from domain.model import Value

COMPLETE = 0.95
"""So large a share of what was to be looked at has to have been, or nothing is recommended."""


class Chance(Value):
    """Labels that were had with the same chance, fixed beforehand."""

    probability: float
    labels: int
    wrong: int


class Step(Value):
    """A threshold, and what the labels at and above it say."""

    threshold: Decimal
    n: int
    """Labels that count, unjudged samples included where they count as wrong."""
    k: int
    """Those of them that say that the model was wrong."""
    chances: tuple[Chance, ...]
    unjudged: int
    """Samples that nobody has judged."""
    waiting: int
    """What waits for a reviewer: it counts for nothing yet."""
    completion: float | None
    """Of what was to be looked at and does not wait for a reviewer, the share that was labelled."""
    out_of_sight: int
    """What was automated with no chance of being looked at."""
    p_value: float | None
    log_e: float | None
    needed: float
    """The p-value that the exact test may have at most, or the log e that anytime has to reach."""
    weighted: bool
    passed: bool
    because: str


class Recommendation(Value):
    """What is recommended for one version of a model: labels of another say nothing of it."""

    model: str
    model_version: str
    threshold: Decimal | None
    """The lowest certified; null where nothing can be certified yet."""
    sentence: str
    labels_missing: int | None
    """How many more would certify the next step if all of them were right; 0 where none is left."""
    labels_missing_at_this_rate: int | None
    """The same if they are as often wrong as those so far; null where no number would do."""
    n: int
    k: int
    set_aside: int
    """Labels that came by themselves, as by complaint: shown, and in no estimate."""
    without_confidence: int
    steps: tuple[Step, ...]
    """The walk, up to the first step that failed."""
    expected: Expected | None
    """What the recommended threshold, or else the highest of the grid, would have changed."""


def recommend(
    cases: Sequence[Case],
    model: Model,
    promise: Thresholds,
    guardrail: Guardrail | None,
    over: timedelta | None,
) -> Recommendation:
    """Walk down the grid while the evidence is strong enough, and say where it ended."""
    own = [case for case in cases if case.model == model]
    at_steps = _by_step(own, promise.grid)
    steps = _walk(at_steps, promise)
    passed = [step for step in steps if step.passed]
    threshold = passed[-1].threshold if passed else None
    failed = None if steps[-1].passed else steps[-1]
    told = passed[-1] if passed else steps[-1]
    missing, at_this_rate = _missing(at_steps, failed, promise)
    return Recommendation(
        model=model.name,
        model_version=model.version,
        threshold=threshold,
        sentence=_sentence(model, threshold, failed, missing, promise),
        labels_missing=missing,
        labels_missing_at_this_rate=at_this_rate,
        n=told.n,
        k=told.k,
        set_aside=_count(case for case in own if case.is_set_aside),
        without_confidence=_count(case for case in own if case.confidence is None),
        steps=steps,
        expected=expected(own, threshold or promise.grid[0], guardrail, over) if own else None,
    )


def _by_step(cases: Iterable[Case], grid: Sequence[Decimal]) -> list[Case]:
    """The same cases, told apart no further than the steps of the grid tell them."""
    floors = sorted(int(threshold * UNIT) for threshold in grid)
    sums: Counter[tuple[Model, int, bool, Outcome]] = Counter()
    for model, confidence, _, over, outcome, n in cases:
        if confidence is not None and (place := bisect_right(floors, confidence)):
            sums[model, floors[place - 1], over, outcome] += n
    return [Case(m, c, frozenset(), over, known, n) for (m, c, over, known), n in sums.items()]


def _walk(cases: Sequence[Case], promise: Thresholds) -> tuple[Step, ...]:
    steps: list[Step] = []
    for threshold in promise.grid:
        steps.append(step_at(cases, threshold, promise))
        if not steps[-1].passed:
            break
    return tuple(steps)


def step_at(cases: Iterable[Case], threshold: Decimal, promise: Thresholds) -> Step:
    """What the labels of one model say of one threshold."""
    above = [case for case in cases if case.is_at(threshold)]
    labels = labels_at(above, threshold, promise)
    found = strength(labels, promised(promise))
    unjudged = _count(case for case in above if case.is_unjudged)
    hidden = _count(case for case in above if case.is_out_of_sight)
    had = _count(case for case in above if case.outcome.counts)
    lost = _count(case for case in above if case.is_lost)
    left_out = lost + (unjudged if promise.unjudged == "withheld" else 0)
    against = _against(found, labels, _share(had, left_out), hidden, promise)
    return Step(
        threshold=threshold,
        n=int(total(labels)),
        k=int(wrong_of(labels)),
        chances=tuple(
            Chance(probability=each.probability, labels=int(each.n), wrong=int(each.wrong))
            for each in labels
        ),
        unjudged=unjudged,
        waiting=_count(case for case in above if case.is_waiting),
        completion=_share(had, lost + unjudged),
        out_of_sight=hidden,
        p_value=found.p_value,
        log_e=found.log_e,
        needed=promised(promise).bar,
        weighted=found.weighted,
        passed=against is None,
        because=against or "the evidence is strong enough",
    )


def promised(promise: Thresholds) -> Promise:
    """The promise as certifying has it."""
    return Promise(float(promise.limit), float(promise.delta), promise.method, promise.looks)


def labels_at(cases: Iterable[Case], threshold: Decimal, promise: Thresholds) -> list[Labels]:
    """The labels that count at and above a threshold, all of one model."""
    above = (case for case in cases if case.is_at(threshold))
    return labels_of(above, unjudged_is_wrong=promise.unjudged == "wrong")


def _share(had: int, missing: int) -> float | None:
    """How complete it is. Unjudged samples are no gap where they count as wrong."""
    return had / (had + missing) if had + missing else None


def _against(
    found: Strength,
    labels: Sequence[Labels],
    completion: float | None,
    hidden: int,
    promise: Thresholds,
) -> str | None:
    """Why the step fails, if it does."""
    if hidden:
        return (
            f"{hidden:,} decisions here were automated with no chance of being looked at; draw a "
            "quality sample, and start from when it was drawn"
        )
    if completion is not None and completion < COMPLETE:
        return (
            f"of what was to be looked at, {completion:.0%} was; withheld while it is under "
            f"{COMPLETE:.0%}"
        )
    if promise.method == "exact" and found.weighted:
        return "the exact test knows nothing of labels with unequal chances; ask for anytime"
    if not found.passed:
        n, k = int(total(labels)), int(wrong_of(labels))
        return f"{k:,} wrong of {n:,} is not strong enough evidence yet"
    return None


def _missing(
    cases: Sequence[Case], failed: Step | None, promise: Thresholds
) -> tuple[int | None, int | None]:
    if failed is None:
        return 0, 0
    labels = labels_at(cases, failed.threshold, promise)
    asked = promised(promise)
    return labels_missing(labels, asked), labels_missing(labels, asked, as_often_wrong=True)


def _sentence(
    model: Model,
    threshold: Decimal | None,
    failed: Step | None,
    missing: int | None,
    promise: Thresholds,
) -> str:
    said = f"{model.name} {model.version}: "
    limit, sure = plain_number(promise.limit * 100), plain_number((1 - promise.delta) * 100)
    if threshold is None:
        assert failed is not None, "a walk that certifies nothing ended at a failure"
        many = "no number of labels would do" if missing is None else _about(missing)
        return f"{said}nothing can be certified yet: {failed.because}; {many}"
    return (
        f"{said}at a confidence of {plain_number(threshold)} or more, at most {limit} % are wrong; "
        f"the promise is kept with a probability of at least {sure} %"
    )


def _about(missing: int) -> str:
    if not missing:
        return "no label is missing"
    return f"about {missing:,} more labels are needed, if all of them are right"


def _count(cases: Iterable[Case]) -> int:
    return sum(case.n for case in cases)
