"""Routing: a total, pure function from a recommendation to a lane, with its reasons.

Several authorities speak: the safeguards of this module (kill switch, breaker, stage, missing
input, reversibility) and the policies, the type's own and the organisation's. Each contributes a
lane; the most careful one wins, and
among equals the order of precedence names the one that decides. Then the people are asked for:
where nobody would answer or nobody may review, it is escalated. Nothing that goes wrong can end
in `automate`.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from domain.composing import Said, ask_all, missing
from domain.decision_type.state import DecisionType
from domain.guardrail.conditions import facts_of
from domain.guardrail.evaluate import Contribution, Verdict
from domain.guardrail.evaluate import within_limits_text as within_limits
from domain.guardrail.facts import Facts
from domain.halting import KillSwitches
from domain.model import Seat
from domain.policy.aggregate import PolicyVersion
from domain.values import (
    ExceptionCode,
    Lane,
    ModelRef,
    PolicyRef,
    Reason,
    Recommendation,
    Reversibility,
    Stage,
)

SEMANTICS = "v3"
"""The version of this function. Each routing records the one that spoke, and replay asks it again.

`v1` asked for no people: an empty seat fell to the fallback owner unnoticed, and there was no
roster. `v2` asked one policy alone, the decision type's own.
The rule language has semantics of its own, which a policy names.
"""
KNOWN_SEMANTICS = ("v1", "v2", SEMANTICS)

WITHIN_LIMITS = "ROUTE.within_limits"
_LOTS = 2**64
_LAST = 1_000_000
"""The rank of the reversibility table: it decides only where nothing more telling does."""
_PEOPLE = _LAST + 1
"""The rank of empty seats and rosters: what they ask for names no rule that asked for it itself."""


class Voice(NamedTuple):
    """One authority's say: the lane it asks for, and why. Lower rank decides among equals."""

    rank: int
    id: str
    lane: Lane
    reason: Reason
    exception: ExceptionCode | None = None
    queue: str | None = None
    sla: timedelta | None = None
    four_eyes: bool = False


class Ruling(NamedTuple):
    """What routing says: the lane, what decided it, all reasons, and where the decision waits."""

    lane: Lane
    rule: str
    reasons: tuple[Reason, ...]
    exceptions: tuple[ExceptionCode, ...]
    policy: PolicyRef | None
    trace_digest: str
    queue: str | None
    sla: timedelta | None
    four_eyes: bool
    missing: tuple[str, ...]
    """Inputs the policy needs and does not have: the decision is held until they come."""
    organisation: PolicyRef | None = None
    """The organisation's policy, where one spoke beside the type's own."""
    halts: int | None = None
    """The version of the kill switches beyond the type's own that were looked at."""


class Case(NamedTuple):
    """What is routed: the recommendation, the facts as normalised, and the lot if one was drawn."""

    recommendation: Recommendation
    facts: Facts
    draw: int | None = None
    producer: str | None = None
    """Who recommends, and so never reviews; nobody yet where a policy is only tried."""
    organisation: PolicyVersion | None = None
    """The organisation's policy in force: it speaks beside the decision type's own."""
    model: ModelRef | None = None
    """The model that spoke; none where a policy is only tried."""
    halts: KillSwitches | None = None
    """The kill switches besides the decision type's own: everything's, and models'."""


def route(
    case: Case,
    decision_type: DecisionType,
    policy: PolicyVersion | None,
    semantics: str = SEMANTICS,
) -> Ruling:
    """Map a case to exactly one lane. Never raises; the same input always gives the same answer."""
    said, digest = _asked(case, decision_type, policy, semantics)
    voices = [*_safeguards(case, decision_type, policy, said), *_policy_voices(said)]
    if semantics != "v1":
        voices = _with_people(voices, case, decision_type)
    voices.sort(key=lambda voice: (-voice.lane.caution, voice.rank))
    ref = policy.ref if policy else None
    beside = next((one.policy.ref for one in said if one.whose), None)
    halts = (case.halts.version or None) if case.halts else None
    if not voices:
        return _automate(case.facts, policy, ref, digest, beside)._replace(halts=halts)
    deciding = voices[0]
    peers = _peers(voices)
    return Ruling(
        lane=deciding.lane,
        rule=deciding.id,
        reasons=tuple(voice.reason for voice in voices),
        exceptions=_unique(voices),
        policy=ref,
        trace_digest=digest,
        queue=_queue(peers, policy),
        sla=_sla(peers, policy),
        four_eyes=_four_eyes(peers, decision_type),
        missing=missing(policy, said),
        organisation=beside,
        halts=halts,
    )


def beyond_facts(
    case: Case, decision_type: DecisionType, policy: PolicyVersion | None
) -> tuple[Reason, ...]:
    """What speaks against automating this action now, whatever its facts were."""
    said, _ = _asked(case, decision_type, policy, SEMANTICS)
    voices = _safeguards(case, decision_type, policy, said)
    of_facts = (ExceptionCode.MISSING_INPUT, ExceptionCode.CONFIDENCE_MISSING)
    return tuple(voice.reason for voice in voices if voice.exception not in of_facts)


def _asked(
    case: Case, decision_type: DecisionType, policy: PolicyVersion | None, semantics: str
) -> tuple[tuple[Said, ...], str]:
    """What each policy in force says, and the digest of what all of them saw."""
    beside = speaks_beside(case, semantics)
    return ask_all(case.facts, decision_type.definition, policy, beside)


def speaks_beside(case: Case, semantics: str) -> PolicyVersion | None:
    """The organisation's policy, where it is asked."""
    return None if semantics in ALONE else case.organisation


ALONE = ("v1", "v2")
"""The semantics that asked the decision type's own policy alone."""


def _automate(
    facts: Facts,
    policy: PolicyVersion | None,
    ref: PolicyRef | None,
    digest: str,
    beside: PolicyRef | None,
) -> Ruling:
    assert policy is not None, "without a policy a voice has spoken"
    return Ruling(
        lane=Lane.AUTOMATE,
        rule="automate",
        reasons=(Reason(code=WITHIN_LIMITS, text=within_limits(policy.guardrail, facts)),),
        exceptions=(),
        policy=ref,
        trace_digest=digest,
        queue=None,
        sla=None,
        four_eyes=False,
        missing=(),
        organisation=beside,
    )


def _lane(voices: list[Voice]) -> Lane:
    """The most careful lane that any of them asks for."""
    lane = Lane.AUTOMATE
    for voice in voices:
        lane = lane.at_least(voice.lane)
    return lane


def _peers(voices: list[Voice]) -> list[Voice]:
    """Those that ask for the lane that wins."""
    lane = _lane(voices)
    return [voice for voice in voices if voice.lane is lane]


def _four_eyes(peers: list[Voice], decision_type: DecisionType) -> bool:
    return decision_type.definition.four_eyes or any(voice.four_eyes for voice in peers)


def _with_people(voices: list[Voice], case: Case, decision_type: DecisionType) -> list[Voice]:
    """These voices, and what the people they call for have to say: each can only escalate."""
    said = [*voices, *_unanswered(voices, case, decision_type)]
    if _lane(said) is Lane.ESCALATE:
        said.extend(_vacant(Seat.ESCALATION_OWNER, decision_type))
    return said


def _unanswered(voices: list[Voice], case: Case, decision_type: DecisionType) -> Iterator[Voice]:
    """Nobody would answer for it as decision owner, or too few may review it."""
    lane = _lane(voices)
    if lane is not Lane.ESCALATE:
        yield from _vacant(Seat.DECISION_OWNER, decision_type)
    if lane is Lane.REVIEW:
        needed = 2 if _four_eyes(_peers(voices), decision_type) else 1
        text = decision_type.shortage(needed, apart_from=(case.producer,))
        if text is not None:
            yield _exception(_PEOPLE, ExceptionCode.NO_ELIGIBLE_REVIEWER, text)


def _vacant(seat: Seat, decision_type: DecisionType) -> Iterator[Voice]:
    if decision_type.is_vacant(seat):
        text = f"the seat of {seat.spoken} is empty"
        yield _exception(_PEOPLE, ExceptionCode.OWNER_VACANT, text)


def _unique(voices: list[Voice]) -> tuple[ExceptionCode, ...]:
    return tuple(dict.fromkeys(v.exception for v in voices if v.exception is not None))


def _queue(peers: list[Voice], policy: PolicyVersion | None) -> str | None:
    """The queue of the first voice at the deciding lane that names one, or the policy's route."""
    named = next((voice.queue for voice in peers if voice.queue), None)
    if named is not None or policy is None:
        return named
    return policy.guardrail.routes.of(peers[0].lane).queue


def _sla(peers: list[Voice], policy: PolicyVersion | None) -> timedelta | None:
    """The shortest service level at the deciding lane, or the policy's route's."""
    shortest = min((voice.sla for voice in peers if voice.sla is not None), default=None)
    if shortest is not None or policy is None:
        return shortest
    return policy.guardrail.routes.of(peers[0].lane).sla


def _safeguards(
    case: Case,
    decision_type: DecisionType,
    policy: PolicyVersion | None,
    said: tuple[Said, ...],
) -> Iterator[Voice]:
    """What holds whatever a policy says, in the order of precedence."""
    yield from _halted(case, decision_type)
    if policy is None:
        yield _exception(10, ExceptionCode.NO_POLICY, "no policy is in force")
    if any(one.verdict is None for one in said):
        yield _exception(10, ExceptionCode.POLICY_ERROR, "the policy could not be evaluated")
    if lacking := missing(policy, said):
        yield _missing_input(lacking)
    if case.recommendation.confidence is None:
        yield _exception(12, ExceptionCode.CONFIDENCE_MISSING, "the producer gave no confidence")
    yield from _reversibility(case, decision_type, said)


def _exception(rank: int, code: ExceptionCode, text: str, lane: Lane = Lane.ESCALATE) -> Voice:
    return Voice(rank, code.value, lane, Reason(code=code.reason_code, text=text), code)


def _halted(case: Case, decision_type: DecisionType) -> Iterator[Voice]:
    code = ExceptionCode.AUTOMATION_HALTED
    for text in case.halts.against(case.model) if case.halts else ():
        yield _exception(0, code, text, Lane.REVIEW)
    if decision_type.suspended:
        text = f"the kill switch of {decision_type.name} is on"
        yield _exception(0, code, text, Lane.REVIEW)
    if decision_type.breaker_open:
        yield _exception(1, code, "the circuit breaker is open", Lane.REVIEW)
    match decision_type.stage:
        case Stage.OBSERVE | Stage.ASSIST:
            text = f"the autonomy stage is {decision_type.stage}: people decide"
            yield _exception(2, code, text, Lane.REVIEW)
        case Stage.PARTIAL if not _within_share(case.draw, decision_type):
            text = f"not among the share of {decision_type.partial_share} that may automate"
            yield _exception(3, code, text, Lane.REVIEW)
        case _:
            pass


def _within_share(draw: int | None, decision_type: DecisionType) -> bool:
    """Whether the keyed lot falls into the share; without a lot it does not."""
    return draw is not None and draw < decision_type.partial_share * _LOTS


def _missing_input(missing: tuple[str, ...]) -> Voice:
    text = f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
    return _exception(11, ExceptionCode.MISSING_INPUT, text, Lane.REVIEW)


def _reversibility(
    case: Case, decision_type: DecisionType, said: tuple[Said, ...]
) -> Iterator[Voice]:
    """The table of reversibility against risk: the harder to undo, the more careful."""
    name = case.recommendation.action
    action = decision_type.definition.actions.get(name)
    if action is None:
        code = ExceptionCode.INVALID_INPUT
        yield _exception(13, code, f"{name} is not a permitted action")
        return
    match action.reversibility:
        case Reversibility.IRREVERSIBLE:
            risky = any(_risk_over_limit(one.policy, one.verdict) for one in said)
            lane = Lane.ESCALATE if risky else Lane.REVIEW
            yield _cautious(f"{name} can't be undone", lane)
        case Reversibility.RECOVERABLE if decision_type.definition.recoverable_needs_review:
            yield _cautious(f"{name} takes effort to undo", Lane.REVIEW)
        case _:
            pass


def _risk_over_limit(policy: PolicyVersion, verdict: Verdict | None) -> bool:
    if verdict is None:
        return False
    on_risk = {li.id for li in policy.guardrail.limits if "risk" in facts_of(li.require)}
    return any(c.kind == "limit" and c.id in on_risk for c in verdict.contributions)


def _cautious(text: str, lane: Lane) -> Voice:
    return Voice(_LAST, "reversibility", lane, Reason(code="ROUTE.REVERSIBILITY", text=text))


def _policy_voices(said: tuple[Said, ...]) -> Iterator[Voice]:
    """The policies' own contributions. A required fact that is missing is spoken for above."""
    spoken = [
        (one.whose, contribution)
        for one in said
        if one.verdict is not None
        for contribution in one.verdict.contributions
        if contribution.kind != "required"
    ]
    # The shortest service level decides at each lane, as policy.md has it; order breaks ties.
    spoken.sort(key=lambda pair: pair[1].sla or timedelta.max)
    for order, (whose, contribution) in enumerate(spoken):
        yield _policy_voice(40 + order, whose, contribution)


def _policy_voice(rank: int, whose: str, contribution: Contribution) -> Voice:
    exception = _EXCEPTIONS.get(contribution.reason)
    code = exception.reason_code if exception else f"ROUTE.{contribution.reason}"
    return Voice(
        rank,
        f"{whose}{contribution.id}",
        contribution.lane,
        Reason(code=code, text=contribution.text),
        exception,
        contribution.queue,
        contribution.sla,
        contribution.four_eyes,
    )


_EXCEPTIONS = {code.value: code for code in (ExceptionCode.LOW_CONFIDENCE,)}
"""Reasons an author may give that are exceptions of the closed taxonomy."""
