"""The register of formulas: every number names its formula, and a superseded one is still told."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from statistics import quantiles

import pytest
from pydantic import BaseModel

from application.metrics.comparing import compare
from application.metrics.drift import Shift
from application.metrics.facts import DecisionFacts
from application.metrics.formulas import Report, compute
from application.metrics.register import BY_ID, REGISTER, NoSuchFormula, kept_versions
from tests.application.metrics.worked_case import AS_OF, DAY, WORKED, a_decision

PAGE = Path(__file__).parents[3] / "docs" / "feedback" / "metrics.md"


def named(value: object) -> Iterator[str]:
    """Every formula that a report names."""
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            inner = getattr(value, name)
            if name in ("formula", "formulas"):
                yield from (inner,) if isinstance(inner, str) else inner
            yield from named(inner)
    elif isinstance(value, dict):
        for inner in value.values():  # pyright: ignore[reportUnknownVariableType]
            yield from named(inner)
    elif isinstance(value, tuple):
        for inner in value:  # pyright: ignore[reportUnknownVariableType]
            yield from named(inner)


def test_every_number_is_by_a_formula_of_the_register() -> None:
    told = set(named(compute(WORKED, window=DAY, as_of=AS_OF))) | {
        Shift(n_then=0, n_now=0, bins=0, value=None, p_value=None).formula
    }
    current = {formula.id for formula in REGISTER if formula.superseded_by is None}
    assert told <= current
    rivals = compare((), "refund", "a@1", "b@1", DAY, AS_OF)
    assert told | set(named(rivals)) == current


def test_a_formula_that_changed_says_when_and_why() -> None:
    for formula in REGISTER:
        if formula.superseded_by is not None:
            after = BY_ID[f"{formula.name}/{formula.superseded_by}"]
            assert after.because
            assert after.since >= formula.since
            assert formula.answered != "kept up"


def test_every_formula_is_explained_on_its_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [one.id for one in REGISTER if f"`{one.id}`" not in page] == []


@pytest.mark.parametrize("asked", ["cycle_time", "cycle_time/3", "", "x" * 500])
def test_an_unknown_formula_is_refused(asked: str) -> None:
    with pytest.raises(NoSuchFormula, match=r"allowed are .*cycle_time/1"):
        kept_versions([asked], volume_given=False)


def test_a_formula_is_answered_by_its_version_or_not_at_all() -> None:
    assert kept_versions(["cycle_time/2", "coverage/2"], volume_given=False) == frozenset()
    assert kept_versions(["cycle_time/1"], volume_given=False) == {"cycle_time/1"}
    assert kept_versions(["coverage/1"], volume_given=True) == frozenset()
    with pytest.raises(NoSuchFormula, match="not answered without `eligible`"):
        kept_versions(["coverage/1"], volume_given=False)
    with pytest.raises(NoSuchFormula, match="not answered with `eligible`"):
        kept_versions(["bypass_rate/2"], volume_given=True)


def reviewed(n: int, took: timedelta, *, upheld: bool) -> DecisionFacts:
    start = DAY.since + timedelta(minutes=n)
    return a_decision(
        f"r{n}",
        received_at=start,
        entered_queue_at=start,
        first_claimed_at=start + took / 3,
        end="completed",
        ended_at=start + took,
        disposed_at=start + took / 2,
        disposed_by="rae" if n % 2 else "sam",
        disposed_in="review",
        disposition="uphold" if upheld else "override",
        final_action="refund" if upheld else "decline",
        authorised_by="person",
    )


def measured(facts: list[DecisionFacts], *formulas: str) -> Report:
    return compute(facts, window=DAY, as_of=AS_OF, baseline_p50=100_000, formulas=formulas)


def test_old_times_are_exact_and_new_ones_to_three_digits() -> None:
    dice = Random(4)
    took = [timedelta(seconds=dice.uniform(1, 40_000)) for _ in range(101)]
    facts = [reviewed(n, each, upheld=True) for n, each in enumerate(took)]
    now, then = measured(facts).metrics.time, measured(facts, "cycle_time/1").metrics.time
    exact = quantiles((each.total_seconds() for each in took), n=100, method="inclusive")
    assert then.cycle_time.p50 == pytest.approx(exact[49], abs=1e-6)
    assert then.cycle_time.p90 == pytest.approx(exact[89], abs=1e-6)
    assert then.cycle_time.formula == "cycle_time/1"
    assert (now.cycle_time.formula, now.time_to_first_touch) == (
        "cycle_time/2",
        then.time_to_first_touch,
    )
    assert now.cycle_time.p50 == pytest.approx(exact[49], rel=0.005)
    assert now.cycle_time.p50 != then.cycle_time.p50
    reduced = measured(facts, "cycle_time_reduction/1").metrics.time
    assert reduced.cycle_time_reduction.value == pytest.approx(1 - exact[49] / 100_000)
    assert reduced.cycle_time.formula == "cycle_time/2"
    touched = measured(facts, "time_to_first_touch/1").metrics.time.time_to_first_touch
    assert touched.p50 == pytest.approx(exact[49] / 3, abs=1e-5)


def test_an_old_run_of_agreement_is_looked_for_in_all_reviews() -> None:
    facts = [reviewed(n, timedelta(seconds=10), upheld=n > 20) for n in range(1, 1_300)]
    (now, _), (then, _) = (
        measured(facts, *formulas).metrics.oversight.reviewers
        for formulas in ((), ("agreement_run/1",))
    )
    assert (now.agreement_run.n, then.agreement_run.n) == (650, 650)
    assert then.agreement_run.formula == "agreement_run/1"
    mine = [reviewed(2 * n + 1, timedelta(seconds=1), upheld=True) for n in range(700)]
    mine = [one.model_copy(update={"disposed_by": "rae"}) for one in mine + facts]
    long, longer = (
        measured(mine, *formulas).metrics.oversight.reviewers[0].agreement_run
        for formulas in ((), ("agreement_run/1",))
    )
    assert (long.n, longer.n) == (1_000, 1_999)


def test_slices_are_answered_by_the_version_asked_for() -> None:
    facts = [reviewed(n, timedelta(seconds=1 + n / 7), upheld=True) for n in range(30)]
    report = compute(facts, window=DAY, as_of=AS_OF, group_by="reviewer", formulas=["cycle_time/1"])
    assert {part.metrics.time.cycle_time.formula for part in report.slices} == {"cycle_time/1"}
