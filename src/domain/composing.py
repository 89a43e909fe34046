"""Composing: an organisation-wide policy beside the type's own. The strictest of both wins.

The organisation's policy is asked about a case in the facts that the decision type shares with it:
of the same name, and of the same kind. What the type doesn't have is missing there, and so can only
make the outcome stricter: a limit is not known to hold, a rule is not known not to fire. That a
required fact is missing counts only where the type could have it: else nobody could ever supply it.
"""

from collections.abc import Collection
from hashlib import sha256
from typing import NamedTuple

from domain.decision_type.definition import DecisionTypeDefinition
from domain.guardrail.document import Guardrail
from domain.guardrail.evaluate import Verdict, evaluate_traced
from domain.guardrail.facts import BUILT_IN, Facts, FactType, Level, Number
from domain.policy.aggregate import PolicyVersion

ORGANISATION = "organisation"
"""The decision type whose policy speaks beside every other's. It takes no recommendations."""


class Said(NamedTuple):
    """What one policy says of a case; no verdict where it can't answer."""

    policy: PolicyVersion
    verdict: Verdict | None
    missing: tuple[str, ...]
    """What it needs of what the decision type could have."""
    whose: str = ""
    """Before the names of its rules, where they are not the decision type's own."""


def ask_all(
    facts: Facts,
    definition: DecisionTypeDefinition,
    policy: PolicyVersion | None,
    organisation: PolicyVersion | None,
) -> tuple[tuple[Said, ...], str]:
    """What each policy in force says, and the digest of what all of them saw."""
    said: list[Said] = []
    digest = _NO_TRACE
    if policy is not None:
        verdict, digest = _ask(policy, facts)
        said.append(Said(policy, verdict, verdict.missing if verdict else ()))
    if organisation is not None:
        names = shared(organisation.guardrail, definition)
        verdict, its = _ask(organisation, among(facts, names))
        lacking = tuple(n for n in verdict.missing if n in names) if verdict else ()
        said.append(Said(organisation, verdict, lacking, f"{ORGANISATION}:"))
        digest = f"sha256:{sha256(f'{digest} {its}'.encode()).hexdigest()}"
    return tuple(said), digest


def missing(policy: PolicyVersion | None, said: tuple[Said, ...]) -> tuple[str, ...]:
    """What any of the policies needs and does not have, and the decision type could.

    Where a policy is missing or fails, waiting for an input would only put off the escalation.
    """
    if policy is None or any(one.verdict is None for one in said):
        return ()
    return tuple(dict.fromkeys(name for one in said for name in one.missing))


def _ask(policy: PolicyVersion, facts: Facts) -> tuple[Verdict | None, str]:
    """What a policy says; None if it can't answer."""
    try:
        return evaluate_traced(policy.guardrail, facts)
    except Exception:  # noqa: BLE001 - total: whatever fails in there ends in escalation
        return None, _NO_TRACE


_NO_TRACE = f"sha256:{sha256(b'').hexdigest()}"


def among(facts: Facts, names: Collection[str]) -> Facts:
    """The facts of these names."""
    return {name: facts[name] for name in names if name in facts}


def shared(guardrail: Guardrail, definition: DecisionTypeDefinition) -> tuple[str, ...]:
    """The facts of the organisation's policy that a decision type has as well."""
    context = definition.context
    return tuple(
        name
        for name, kind in guardrail.facts.items()
        if is_shared(kind, context.get(name) or BUILT_IN.get(name))
    )


def is_shared(fact: FactType, declared: FactType | None) -> bool:
    """Whether a decision type means the same by a fact: dollars are no euros."""
    if declared is None or fact.type != declared.type:
        return False
    match fact, declared:
        case Number(), Number():
            return fact.unit == declared.unit
        case Level(), Level():
            return fact.values == declared.values
        case _:
            return True
