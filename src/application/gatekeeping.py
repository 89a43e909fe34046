"""Gatekeeping: everything a version is asked before it comes into force, in the order it is asked.

What can't be answered is not passed. The reports themselves are long and can be had again from the
versions; what is recorded is each answer in a sentence, and the digest of the report behind it.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import NamedTuple

from application.desk import Governed
from application.specifying import Floor as Wanted
from application.specifying import SpecificationReport, check_specification
from domain.decision_type.definition import DecisionTypeDefinition
from domain.guardrail.canonical import canonical_json, canonical_value, digest
from domain.guardrail.difference import Difference, compare
from domain.guardrail.document import Guardrail
from domain.guardrail.proving import Proofs, TooComplexToProve, prove
from domain.model import Seat
from domain.policy.aggregate import PolicyVersion
from domain.policy.gate import Check, Floor, Gate

_ONE_AT_A_TIME = ThreadPoolExecutor(max_workers=1, thread_name_prefix="gate")
"""A gate may take seconds of a processor, which decisions need."""
MOST_TOLD = 5
LONGEST = 400


class Inspection(NamedTuple):
    """What the gate said of a version, and what would change if it came into force."""

    gate: Gate
    difference: Difference


class Candidate(NamedTuple):
    """A version before the gate."""

    definition: DecisionTypeDefinition
    version: PolicyVersion
    against: Guardrail | None
    floor: Floor
    acknowledged: tuple[str, ...] = ()
    """Rules that do nothing, which its proposer knows of."""


DEFAULT_FLOOR = Floor()
"""What is asked where the risk owner has said nothing: every limit and rule has an example."""
ADOPTED_FLOOR = Floor(required=False)
"""What is asked of a catalogue file in that case: its owners' written word stands for examples."""


def candidate(
    governed: Governed,
    version: PolicyVersion,
    acknowledged: tuple[str, ...] = (),
    unless_set: Floor = DEFAULT_FLOOR,
) -> Candidate:
    """A version beside what is in force and what the risk owner asks of it."""
    active, policy = governed.active_policy, governed.policy
    floor = policy.floor if policy is not None else None
    return Candidate(
        governed.decision_type.definition,
        version,
        active.guardrail if active else None,
        floor or unless_set,
        acknowledged,
    )


async def inspect(candidate: Candidate) -> Inspection:
    """Ask everything, in a thread of its own: a service goes on answering meanwhile."""
    return await asyncio.get_running_loop().run_in_executor(_ONE_AT_A_TIME, inspected, candidate)


def inspected(candidate: Candidate) -> Inspection:
    """Ask everything. Raises `TooComplexToProve` where it can't be told what would change."""
    difference = compare(candidate.against, candidate.version.guardrail)
    report = _report(candidate)
    proofs = _proofs(candidate)
    checks = (
        _types(candidate),
        _specification(candidate, report),
        _claims(proofs),
        _dead_rules(candidate, proofs),
        _coverage(candidate, report),
        _difference(difference),
        _rehearsal(candidate.version),
    )
    return Inspection(Gate(checks=checks), difference)


def _report(candidate: Candidate) -> SpecificationReport | None:
    version, floor = candidate.version, candidate.floor
    if version.specification is None:
        return None
    wanted = Wanted(covered=floor.covered, killed=floor.killed)
    return check_specification(
        candidate.definition, version.guardrail, version.specification, floor=wanted
    )


def _proofs(candidate: Candidate) -> Proofs | TooComplexToProve:
    try:
        return prove(candidate.version.guardrail, declared=candidate.definition.facts)
    except TooComplexToProve as refused:
        return refused


def _types(candidate: Candidate) -> Check:
    declared, guardrail = candidate.definition.facts, candidate.version.guardrail
    asked = sorted(guardrail.asked)
    other = [name for name in asked if declared.get(name) != guardrail.facts[name]]
    if other:
        text = (
            f"{_few(other)}: the decision type declares it otherwise by now; draft a version anew"
        )
        return Check(question="types", passed=False, text=text)
    return Check(question="types", passed=True, text=f"{len(asked)} facts as they are declared")


def _specification(candidate: Candidate, report: SpecificationReport | None) -> Check:
    question = "specification"
    if report is None:
        if candidate.floor.required:
            text = "it has none, and the floor asks for one"
            return Check(question=question, passed=False, text=text)
        return Check(question=question, passed=True, text="it has none; none is asked for")
    if report.failures or not report.scenarios:
        text = _few(report.failures or ("there is no example in it",))
        return Check(question=question, passed=False, text=text, digest=report.digest)
    text = f"{report.scenarios} examples hold"
    return Check(question=question, passed=True, text=text, digest=report.digest)


def _claims(proofs: Proofs | TooComplexToProve) -> Check:
    if isinstance(proofs, TooComplexToProve):
        return Check(question="claims", passed=False, text=str(proofs))
    known = digest(canonical_json(canonical_value(proofs)))
    if proofs.refuted:
        text = _few([f"{proof.id} does not hold: {proof.statement}" for proof in proofs.refuted])
        return Check(question="claims", passed=False, text=text, digest=known)
    text = f"{len(proofs.claims)} claims and {len(proofs.built_in)} that are asked of all hold"
    return Check(question="claims", passed=True, text=text, digest=known)


def _dead_rules(candidate: Candidate, proofs: Proofs | TooComplexToProve) -> Check:
    question = "dead_rules"
    if isinstance(proofs, TooComplexToProve):
        return Check(question=question, passed=False, text=str(proofs))
    unknown = [rule for rule in proofs.dead if rule.id not in candidate.acknowledged]
    if unknown:
        told = _few([f"{rule.id} ({_covered(rule.covered_by)})" for rule in unknown])
        text = f"these do nothing; remove or acknowledge them: {told}"
        return Check(question=question, passed=False, text=text)
    if proofs.dead:
        text = f"known to do nothing: {_few([rule.id for rule in proofs.dead])}"
        return Check(question=question, passed=True, text=text)
    return Check(question=question, passed=True, text="every limit and rule does something")


def _covered(by: Sequence[str]) -> str:
    return f"covered by {' and '.join(by)}" if by else "never true"


def _coverage(candidate: Candidate, report: SpecificationReport | None) -> Check:
    question = "coverage"
    if report is None:
        passed = not candidate.floor.required
        text = "nothing is asked for" if passed else "without a specification nothing is covered"
        return Check(question=question, passed=passed, text=text)
    fired = report.parts - len(report.uncovered)
    noticed = report.mutants - len(report.surviving)
    text = (
        f"{fired} of {report.parts} limits and rules have an example (floor "
        f"{candidate.floor.covered}); {noticed} of {report.mutants} changes by one step would be "
        f"noticed (floor {candidate.floor.killed})"
    )
    if report.uncovered:
        text = f"{text}; without one: {_few(report.uncovered)}"
    passed = _reaches(fired, report.parts, candidate.floor.covered) and _reaches(
        noticed, report.mutants, candidate.floor.killed
    )
    return Check(question=question, passed=passed, text=text, digest=report.digest)


def _reaches(found: int, of: int, share: Decimal) -> bool:
    return not of or found >= share * of


def _difference(difference: Difference) -> Check:
    match difference.approver:
        case None:
            text = "it means the same as the version in force; nobody has to approve"
        case Seat.RISK_OWNER:
            text = "it relaxes something; the risk owner approves"
        case _:
            text = "it relaxes nothing; the AI product owner or the risk owner approves"
    if difference.old is None:
        text = "nothing was in force; the risk owner approves"
    return Check(question="difference", passed=True, text=text, digest=difference.digest)


def _rehearsal(version: PolicyVersion) -> Check:
    text = "none is on record" if version.rehearsal is None else "the newest is on record"
    return Check(question="rehearsal", passed=True, text=text, digest=version.rehearsal)


def _few(told: Sequence[str]) -> str:
    more = f" and {len(told) - MOST_TOLD} more" if len(told) > MOST_TOLD else ""
    return "; ".join(map(_clipped, told[:MOST_TOLD])) + more


def _clipped(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
