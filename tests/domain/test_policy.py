"""A decision type's policy: its versions, and the one in force."""

import pytest

from domain.decision_type.commands import NotYourSeat
from domain.guardrail.document import Guardrail
from domain.model import Actor, Seat, envelope
from domain.policy import aggregate as policies
from domain.policy.aggregate import AlreadyActive, NoSuchVersion, OwnDraft, Policy, stream_id
from domain.policy.events import Activated, Drafted, Retired
from domain.values import PolicyRef
from tests.domain.builders import ANA, BO, BOT, CY, REFUND, a_guardrail, a_person, by


def drafted(*guardrails: Guardrail, author: Actor = BO) -> Policy:
    policy: Policy | None = None
    for guardrail in guardrails or (a_guardrail(),):
        events = policies.draft(policy, "refund", "text", "sha256:text", guardrail, by(author))
        policy = policies.fold(events, policy)
    assert policy is not None
    return policy


def active() -> Policy:
    policy = drafted()
    after = policies.fold(policies.activate(policy, REFUND, 1, by(CY)), policy)
    assert after is not None
    return after


def test_a_version_is_written_with_its_text_its_meaning_and_its_digest() -> None:
    guardrail = a_guardrail()
    assert policies.draft(None, "refund", "text", "sha256:text", guardrail, by(BO)) == (
        Drafted(
            **envelope(stream_id("refund"), 1, by(BO)),
            decision_type="refund",
            policy_version=1,
            source="text",
            source_digest="sha256:text",
            guardrail=guardrail,
            digest=guardrail.digest,
        ),
    )


def test_the_next_version_stands_beside_the_one_before() -> None:
    policy = drafted(a_guardrail(), a_guardrail(limits=()))
    assert list(policy.versions) == [1, 2]
    assert policy.versions[1].digest != policy.versions[2].digest
    assert policy.active is None


def test_the_risk_owner_puts_a_version_into_force() -> None:
    policy = drafted()
    assert policies.activate(policy, REFUND, 1, by(CY)) == (
        Activated(
            **policy.next(by(CY)),
            decision_type="refund",
            policy_version=1,
            digest=a_guardrail().digest,
        ),
    )
    version = active().active
    assert version is not None
    assert version.ref == PolicyRef(version=1, hash=a_guardrail().digest, semantics="v1")


@pytest.mark.parametrize("actor", [ANA, BO, BOT, a_person("eve", Seat.RISK_OWNER)])
def test_nobody_else_puts_one_into_force(actor: Actor) -> None:
    with pytest.raises(NotYourSeat):
        policies.activate(drafted(), REFUND, 1, by(actor))


def test_whoever_wrote_a_policy_does_not_put_it_into_force() -> None:
    with pytest.raises(OwnDraft):
        policies.activate(drafted(author=CY), REFUND, 1, by(CY))


def test_what_is_in_force_is_not_put_into_force_again() -> None:
    with pytest.raises(AlreadyActive):
        policies.activate(active(), REFUND, 1, by(CY))


def test_only_a_version_that_was_written_is_put_into_force() -> None:
    with pytest.raises(NoSuchVersion, match="known are 1"):
        policies.activate(drafted(), REFUND, 2, by(CY))


def test_a_retired_version_leaves_nothing_in_force() -> None:
    policy = active()
    retired = Retired(**policy.next(by(CY)), decision_type="refund", policy_version=1)
    assert policies.evolve(policy, retired).active is None


def test_retiring_another_version_leaves_the_one_in_force() -> None:
    policy = active()
    retired = Retired(**policy.next(by(CY)), decision_type="refund", policy_version=2)
    assert policies.evolve(policy, retired).active == policy.active
