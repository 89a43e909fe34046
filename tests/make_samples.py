"""One stored example of every event there is: `python -m tests.make_samples` adds those missing.

A sample is what some version of this service once wrote, so it is written once and never changed:
this adds files and their lines in SHA256SUMS, and touches nothing that stands there already.
"""

import json
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from eventsourcing.persistence import StoredEvent

from adapters.assembly import codec
from adapters.eventstore.codec import stored_topic
from domain import conflict as c
from domain import data_subject, recalibration, silence, volume
from domain import halting as h
from domain.decision import events as d
from domain.decision_type import events as t
from domain.decision_type.definition import Baseline
from domain.model import Actor, Event, Seat, envelope
from domain.policy import events as p
from domain.policy.gate import Check, Floor, Gate
from domain.routing import SEMANTICS
from domain.values import (
    Alternative,
    Disposition,
    ExceptionCode,
    Lane,
    Placement,
    Reason,
    Recommendation,
    Stage,
)
from tests.domain.builders import (
    ANA,
    BOT,
    CONFLICT_ID,
    CY,
    DI,
    ID,
    MODEL,
    NOON,
    OTHER_ID,
    POLICY,
    QUINN,
    RAE,
    RULES_REF,
    SAM,
    TIMER,
    a_definition,
    a_draw,
    a_guardrail,
    by,
)

SAMPLES = Path(__file__).parent / "samples" / "events"
SUMS = SAMPLES / "SHA256SUMS"


def sample_path(event_class: type[Event]) -> Path:
    """Where the sample of an event class, in its newest schema, is kept."""
    return SAMPLES / f"{stored_topic(event_class)}.json"


def as_text(stored: StoredEvent) -> str:
    """A stored event as a person can read it: the key, the topic and the content."""
    content = {
        "topic": stored.topic,
        "originator_id": str(stored.originator_id),
        "originator_version": stored.originator_version,
        "state": json.loads(stored.state),
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def sums() -> dict[str, str]:
    """The digest of each sample by its file's name, as `sha256sum --check` reads it."""
    if not SUMS.exists():
        return {}
    lines = SUMS.read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}


def add_missing() -> list[Path]:
    """Write a sample for every event class that has none."""
    known, added, write = sums(), [], codec()
    for event in examples():
        path = sample_path(type(event))
        if not path.exists():
            text = as_text(write.to_stored_event(event))
            path.write_text(text, encoding="utf-8")
            known[path.name] = sha256(text.encode()).hexdigest()
            added.append(path)
    lines = [f"{digest}  {name}\n" for name, digest in sorted(known.items())]
    SUMS.write_text("".join(lines), encoding="utf-8")
    return added


# ── the examples, in the order of a life


def _head(version: int, actor: Actor, stream: UUID = ID) -> Any:
    stamp = by(actor)._replace(causation_id=UUID(int=version))
    return {**envelope(stream, version, stamp), "decision_type": "refund"}


REASON = Reason(code="ROUTE.LARGE", text="amount 400 is above 100")
PLACE = Placement(
    seat=Seat.DECISION_OWNER, person="ana", queue="refunds", due_at=NOON + timedelta(hours=3)
)
DIGEST = f"sha256:{sha256(b'an action').hexdigest()}"
ROUTING = d.Routing(
    lane=Lane.REVIEW,
    rule="large",
    reasons=(REASON,),
    exceptions=(ExceptionCode.AUTOMATION_HALTED,),
    policy=RULES_REF,
    decision_type_version=6,
    trace_digest=DIGEST,
    four_eyes=True,
    draw=2**63,
    semantics=SEMANTICS,
)
SAID = Recommendation(
    action="refund",
    confidence=Decimal("0.950"),
    risk=Decimal("0.1"),
    parameters={"to": "card", "lines": [1, 2.5, None, True, {"gift": "Größe 42 ☂"}]},
    rationale="broken on arrival",
    alternatives=(Alternative(action="replace", confidence=Decimal("0.04")),),
)
EVIDENCE: dict[str, Any] = {"reference": "R-1", "detail": "by transfer"}
SAY: dict[str, Any] = {"comment": "one item was kept"}


def examples() -> tuple[Event, ...]:
    """One example of every event class, with every field that it may have."""
    return (*_opening(), *_reviewing(), *_acting(), *_judging(), *_others())


def _opening() -> tuple[Event, ...]:
    conflict = ExceptionCode.CONFLICT
    return (
        d.Recommended(
            **_head(1, BOT),
            subject="order 17",
            subject_version="3",
            recommendation=SAID,
            model=MODEL,
            context={"amount": "400.00", "suspicious": False, "topics": ["legal"]},
            workflow="mailbox",
            recommended_at=NOON - timedelta(seconds=1),
            expires_at=NOON + timedelta(days=2),
            previous=OTHER_ID,
        ),
        d.AutoActioned(**_head(2, POLICY), routing=ROUTING, quality=a_draw(sampled=True)),
        d.RoutedToReview(**_head(3, POLICY), routing=ROUTING, placement=PLACE),
        d.Escalated(
            **_head(4, POLICY),
            cause="policy",
            routing=ROUTING,
            reason=REASON,
            exception=ExceptionCode.LOW_CONFIDENCE,
            level=1,
            placement=PLACE,
            vacant=True,
        ),
        d.Held(
            **_head(5, BOT),
            exception=conflict,
            reason=REASON,
            missing=("amount",),
            conflict=CONFLICT_ID,
            routing=ROUTING,
            placement=PLACE,
            vacant=True,
        ),
        d.HoldReleased(**_head(6, BOT), reason=REASON),
        d.InformationProvided(**_head(7, BOT), context={"amount": "40"}, placement=PLACE, **SAY),
        d.DeadlineMissed(**_head(8, TIMER), due_at=NOON, exception=ExceptionCode.REVIEW_TIMEOUT),
        d.DeadlineNear(**_head(8, TIMER), due_at=NOON),
        d.Rerouted(**_head(9, BOT), subject_version="4", context={"amount": "20"}),
        d.Expired(**_head(10, TIMER), exception=conflict),
        d.Withdrawn(**_head(11, BOT), **SAY),
        d.Superseded(**_head(12, BOT), by_decision=OTHER_ID),
        d.AttemptRejected(
            **_head(1, BOT, OTHER_ID),
            operation="recommend",
            code="EXC.INVALID_INPUT",
            field="context.amount",
            content_digest=DIGEST,
            decision_id=ID,
        ),
    )


def _reviewing() -> tuple[Event, ...]:
    chosen: dict[str, Any] = {"parameters": {"to": "account"}, "reason_code": "OVR.STOCK", **SAY}
    return (
        d.Claimed(**_head(13, RAE), holder="rae", expires_at=NOON, action_digest=DIGEST),
        d.Released(**_head(14, RAE)),
        d.InformationRequested(**_head(15, RAE), placement=PLACE, **SAY),
        d.Reviewed(**_head(16, RAE), disposition=Disposition.MODIFY, **chosen),
        d.Overridden(**_head(17, RAE), action="replace", **chosen),
        d.SecondReviewed(**_head(18, SAM), agrees=True, action="replace", **SAY),
        d.EscalationResolved(
            **_head(19, DI), disposition=Disposition.OVERRIDE, action="replace", **chosen
        ),
    )


def _acting() -> tuple[Event, ...]:
    return (
        d.ActionAuthorised(
            **_head(20, RAE),
            action="replace",
            parameters={"to": "account"},
            authority="person",
            action_digest=DIGEST,
            placement=PLACE,
        ),
        d.ActionDelivered(**_head(21, BOT), **EVIDENCE),
        d.ActionFailed(**_head(22, BOT), placement=PLACE, **EVIDENCE),
        d.ActionUnknown(**_head(23, BOT), placement=PLACE, **EVIDENCE),
        d.ActionReconciled(**_head(24, ANA), delivered=True, **EVIDENCE),
        d.ReversalAuthorised(**_head(25, ANA), reason_code="REV.MISTAKE", **SAY),
        d.Reversed(**_head(26, BOT), reference="R-2"),
        d.ReversalFailed(**_head(27, BOT), detail="card closed", placement=PLACE),
    )


def _judging() -> tuple[Event, ...]:
    return (
        d.QualitySampled(**_head(28, POLICY), draw=a_draw(sampled=True)),
        d.QualityConfirmed(**_head(29, QUINN), **SAY),
        d.QualityOverturned(**_head(30, QUINN), placement=PLACE, **SAY),
        d.Contested(**_head(31, ANA), placement=PLACE, **SAY),
        d.Answered(
            **_head(33, CY), exception=ExceptionCode.CONTESTED, reason_code="REV.RIGHT", **SAY
        ),
        d.OutcomeObserved(
            **_head(32, BOT), correct=False, actual_action="replace", observed_at=NOON
        ),
    )


def _others() -> tuple[Event, ...]:
    kind, policy, share = UUID(int=1), UUID(int=2), Decimal("0.25")
    measured = Baseline(
        cycle_time_p50_seconds=Decimal(900), eligible_per_day=Decimal("54.35"), source="2025"
    )
    why: dict[str, Any] = {"reason_code": "HALT.ODD", **SAY}
    watched: dict[str, Any] = {"stream": "quality", "detail": "9 of 61 were wrong", "label": 4711}
    via = ANA.model_copy(update={"via": "adoption by operator"})
    rules = a_guardrail()
    return (
        t.Drafted(
            **_head(1, via, kind),
            definition=a_definition(baseline=measured, reviewers=("rae", "sam")),
        ),
        t.OwnerAssigned(**_head(2, via, kind), seat=Seat.RISK_OWNER, person="cy"),
        t.OwnerVacated(**_head(3, CY, kind), seat=Seat.RISK_OWNER),
        t.BaselineRegistered(**_head(4, ANA, kind), baseline=measured),
        t.Activated(**_head(5, ANA, kind)),
        t.StageProposed(**_head(6, ANA, kind), stage=Stage.PARTIAL, partial_share=share),
        t.StageChanged(**_head(7, CY, kind), stage=Stage.PARTIAL, partial_share=share),
        t.Suspended(**_head(8, DI, kind), **why),
        t.BreakerTripped(**_head(9, TIMER, kind), stream="overturns", detail="3 of 10"),
        t.BreakerWarned(**_head(12, TIMER, kind), **watched),
        t.BreakerCalmed(**_head(13, TIMER, kind), **watched),
        t.BreakerHalfOpened(**_head(14, CY, kind), **why),
        t.BreakerClosed(**_head(15, TIMER, kind), **watched),
        h.Halted(
            **envelope(h.STREAM, 1, by(DI)),
            model=h.Model(name="refunder", version="3.1"),
            **why,
        ),
        h.Lifted(**envelope(h.STREAM, 2, by(CY)), **why),
        t.Resumed(**_head(10, CY, kind), **why),
        t.Retired(**_head(11, ANA, kind)),
        p.Drafted(
            **_head(1, ANA, policy),
            policy_version=1,
            source="guardrail: v1",
            source_digest=DIGEST,
            guardrail=rules,
            digest=rules.digest,
        ),
        p.Activated(**_head(2, CY, policy), policy_version=1, digest=rules.digest),
        p.Retired(**_head(3, CY, policy), policy_version=1),
        p.Rehearsed(
            **_head(4, ANA, policy),
            policy_version=2,
            digest=rules.digest,
            rehearsal=UUID(int=9),
            against=1,
            since=NOON - timedelta(days=30),
            until=NOON,
            position=4711,
            decisions=1000,
            changed=12,
            automated=420,
            automated_before=410,
            report_digest=DIGEST,
        ),
        p.ShadowStarted(
            **_head(5, ANA, policy), policy_version=2, digest=rules.digest, against=1, behind=4711
        ),
        p.ShadowStopped(**_head(6, ANA, policy), policy_version=2),
        *_policy_life(policy),
        c.Opened(**_head(1, BOT, CONFLICT_ID), subject="order 17", decisions=(ID, OTHER_ID)),
        c.Joined(**_head(2, BOT, CONFLICT_ID), decision=UUID(int=3)),
        c.Arbitrated(**_head(3, DI, CONFLICT_ID), winner=ID, reason_code="ESC.BETTER", **SAY),
        c.Closed(**_head(4, DI, CONFLICT_ID)),
        data_subject.Erased(**envelope(UUID(int=4), 1, by(CY))),
        *_volume(),
        *_maps(),
        *_silence(),
    )


def _silence() -> tuple[Event, ...]:
    stream = silence.stream_id("refund")
    said: dict[str, Any] = {"feed": silence.Feed.OUTCOMES, "last_heard": NOON - timedelta(days=9)}
    return (
        silence.Missing(**_head(1, TIMER, stream), **said, days=7),
        silence.Heard(**_head(2, TIMER, stream), **said | {"last_heard": NOON}),
    )


def _maps() -> tuple[Event, ...]:
    fitted = recalibration.Map(method="isotonic", knots=((5_000, 4_000), (9_000, 6_000)))
    stream = recalibration.stream_id("refund", "refunder@3.1")
    said: dict[str, Any] = {"model": "refunder@3.1", "map_version": 1, "digest": fitted.digest}
    evidence = recalibration.Evidence(
        since=NOON - timedelta(days=30),
        until=NOON,
        fitted_on=420,
        held_out=180,
        labels_digest=DIGEST,
        brier_before=0.25,
        brier_after=0.125,
        improvement_low=0.0625,
        test="paired difference of squared errors",
    )
    return (
        recalibration.Fitted(**_head(1, ANA, stream), **said, map=fitted, evidence=evidence),
        recalibration.Adopted(**_head(2, CY, stream), **said),
    )


def _volume() -> tuple[Event, ...]:
    stream = volume.stream_id("refund", "2026")
    said: dict[str, Any] = {"period": "2026-03-02", "source": "order desk"}
    return (
        volume.Declared(**_head(1, BOT, stream), **said, eligible=120, bypassed=None),
        volume.Corrected(
            **_head(2, ANA, stream), **said, eligible=125, bypassed=4, reason="a late file"
        ),
    )


def _policy_life(policy: UUID) -> tuple[Event, ...]:
    why: dict[str, Any] = {"policy_version": 2, "reason": "calibration review of May"}
    signed: dict[str, Any] = {"digest": DIGEST, "against": DIGEST, "difference": DIGEST}
    checks = (
        Check(question="types", passed=True, text="3 facts as they are declared"),
        Check(question="claims", passed=True, text="4 claims hold", digest=DIGEST),
    )
    gate = Gate(checks=checks)
    floor = Floor(required=True, covered=Decimal("0.9"), killed=Decimal("0.75"))
    return (
        p.FloorSet(**_head(7, CY, policy), floor=floor, reason="as agreed with audit"),
        p.Specified(
            **_head(8, ANA, policy), policy_version=2, text="Feature: refunds", text_digest=DIGEST
        ),
        p.Proposed(
            **_head(9, ANA, policy),
            **signed,
            **why,
            relaxes=True,
            approver=Seat.RISK_OWNER,
            acknowledged=("old-rule",),
            gate=gate,
        ),
        p.Approved(**_head(10, CY, policy), **signed, **why, report=gate.digest),
        p.Refused(**_head(11, CY, policy), **why),
        p.RolledBack(
            **_head(12, CY, policy),
            **why,
            digest=DIGEST,
            instead_of=3,
            difference=DIGEST,
            relaxes=False,
        ),
    )


if __name__ == "__main__":
    for added in add_missing():
        print(f"added {added.name}")
