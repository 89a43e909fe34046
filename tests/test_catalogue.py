"""The catalogue is ready for use: its files are read, and the real data fits them."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from adapters.authoring import AdoptionFile, parse_decision_type, source_digest
from adapters.demo.cast import REVIEWERS
from domain.decision_type.commands import draft
from domain.decision_type.state import fold
from domain.guardrail.conditions import evaluate_condition
from domain.guardrail.document import AtLeastClaim, NeverClaim, RaisingClaim
from domain.guardrail.evaluate import evaluate
from domain.guardrail.facts import Facts, check_context
from domain.model import Actor, ActorKind, Seat, Stamp
from domain.policy.aggregate import PolicyVersion
from domain.routing import Case, Ruling, route
from domain.values import Lane, Recommendation, Reversibility, Stage

CATALOGUE = Path(__file__).parent.parent / "catalogue"
NAMES = ("compliance_screening", "it_incident_routing", "risk_signal_review", "support_triage")

each_type = pytest.mark.parametrize("name", NAMES)


class Routed(NamedTuple):
    """A line of the data, its facts, and where the service would send it."""

    row: dict[str, Any]
    facts: Facts
    ruling: Ruling

    @property
    def was_right(self) -> bool:
        return bool(self.row["recommended_action"] == self.row["actual_outcome"])


@cache
def adopted(name: str) -> AdoptionFile:
    return parse_decision_type((CATALOGUE / f"{name}.yaml").read_text(encoding="utf-8"))


@cache
def rows(name: str) -> tuple[dict[str, Any], ...]:
    lines = (CATALOGUE / "data" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(json.loads(line) for line in lines)


@cache
def routed(name: str) -> tuple[Routed, ...]:
    return tuple(_route_all(name))


def _route_all(name: str) -> Iterator[Routed]:
    file = adopted(name)
    owner = file.definition.owners[Seat.DECISION_OWNER]
    author = Actor(kind=ActorKind.HUMAN, id=owner, seat=Seat.DECISION_OWNER)
    stamp = Stamp(at=datetime(2026, 1, 1, tzinfo=UTC), actor=author, correlation_id=UUID(int=0))
    decision_type = fold(draft(None, file.definition, stamp))
    assert decision_type is not None
    policy = PolicyVersion(
        version=1,
        source=file.policy_text,
        source_digest=source_digest(file.policy_text),
        guardrail=file.guardrail,
        digest=file.guardrail.digest,
        drafted_by=author.id,
    )
    for row in rows(name):
        said = {key: row[key] for key in ("confidence", "risk")}
        recommendation = Recommendation(action=row["recommended_action"], **said)
        built_in = {"action": row["recommended_action"], **said}
        facts, _ = check_context({**row["context"], **built_in}, file.definition.facts)
        yield Routed(row, facts, route(Case(recommendation, facts), decision_type, policy))


def test_the_catalogue_holds_the_four_decision_types() -> None:
    assert tuple(sorted(path.stem for path in CATALOGUE.glob("*.yaml"))) == NAMES


@each_type
def test_a_file_is_named_after_its_decision_type(name: str) -> None:
    assert adopted(name).definition.name == name


@each_type
def test_four_people_own_a_decision_and_a_fifth_stands_by(name: str) -> None:
    definition = adopted(name).definition
    assert len({*definition.owners.values(), definition.fallback_owner}) == 5


@each_type
def test_every_recommendation_fits_the_declared_context(name: str) -> None:
    declared = adopted(name).definition.context
    contexts = [row["context"] for row in rows(name)]
    problems = {found for context in contexts for found in check_context(context, declared)[1]}
    assert not problems
    assert {field for context in contexts for field in context} == set(declared)


@each_type
def test_every_action_proposed_or_proved_right_is_permitted(name: str) -> None:
    seen = {row[key] for row in rows(name) for key in ("recommended_action", "actual_outcome")}
    assert seen <= set(adopted(name).definition.actions)


@each_type
def test_numbers_are_recorded_as_they_were_sent(name: str) -> None:
    for case in routed(name):
        for field, sent in case.row["context"].items():
            if isinstance(sent, int | float) and not isinstance(sent, bool):
                assert case.facts[field] == Decimal(str(sent))


@each_type
def test_nothing_in_the_data_waits_for_a_required_fact(name: str) -> None:
    assert not {fact for case in routed(name) for fact in case.ruling.missing}


@each_type
def test_each_lane_is_used(name: str) -> None:
    assert adopted(name).definition.stage is Stage.FULL
    assert {case.ruling.lane for case in routed(name)} == set(Lane)


@each_type
def test_what_is_automated_is_right_more_often_than_the_rest(name: str) -> None:
    alone = [case.was_right for case in routed(name) if case.ruling.lane is Lane.AUTOMATE]
    others = [case.was_right for case in routed(name) if case.ruling.lane is not Lane.AUTOMATE]
    assert len(alone) / len(routed(name)) >= 0.04
    assert sum(alone) / len(alone) >= max(0.9, sum(others) / len(others))


@each_type
def test_no_irreversible_action_is_automated(name: str) -> None:
    actions = adopted(name).definition.actions
    for case in routed(name):
        if case.ruling.lane is Lane.AUTOMATE:
            action = actions[case.row["recommended_action"]]
            assert action.reversibility is not Reversibility.IRREVERSIBLE


@each_type
def test_the_claims_hold_for_every_recommendation(name: str) -> None:
    claims = adopted(name).guardrail.claims
    assert 3 <= len(claims) <= 4
    for claim in claims:
        for case in routed(name):
            if isinstance(claim, NeverClaim) and evaluate_condition(claim.when, case.facts):
                assert case.ruling.lane is not claim.lane, claim.id
            if isinstance(claim, AtLeastClaim) and evaluate_condition(claim.when, case.facts):
                assert case.ruling.lane.caution >= claim.lane.caution, claim.id


@each_type
def test_raising_a_fact_does_to_every_tenth_recommendation_what_its_claim_says(name: str) -> None:
    guardrail = adopted(name).guardrail
    for claim in (claim for claim in guardrail.claims if isinstance(claim, RaisingClaim)):
        values = {case.facts[claim.fact] for case in routed(name)}
        seen = {value for value in values if isinstance(value, Decimal)}
        ladder = sorted(seen)[:: max(1, len(seen) // 20)]
        for case in routed(name)[::10]:
            raised = [{**case.facts, claim.fact: step} for step in ladder]
            cautions = [evaluate(guardrail, facts).lane.caution for facts in raised]
            falling = claim.promise == "never-stricter"
            assert cautions == sorted(cautions, reverse=falling), claim.id


@each_type
def test_a_share_of_what_is_automated_is_checked_afterwards(name: str) -> None:
    checked = [line for line in adopted(name).guardrail.sampling if line.of is Lane.AUTOMATE]
    assert checked
    assert all(Decimal("0.05") <= line.rate <= Decimal("0.10") for line in checked)


@each_type
def test_every_boundary_and_rule_says_why(name: str) -> None:
    guardrail = adopted(name).guardrail
    assert all(boundary.why for boundary in guardrail.boundaries.values())
    assert all(limit.why for limit in guardrail.limits)
    assert all(rule.why for rule in guardrail.rules)


@each_type
def test_the_demos_reviewers_are_on_the_roster(name: str) -> None:
    assert adopted(name).definition.reviewers == REVIEWERS
