"""The worked case of the metrics' definition: one type, one window, twelve decisions."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from application.metrics.facts import DecisionFacts, EscalationCause
from application.metrics.window import Window
from domain.values import Disposition, Lane

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY = Window(since=datetime(2026, 3, 2, tzinfo=UTC), until=datetime(2026, 3, 3, tzinfo=UTC))
AS_OF = DAY.until
TOOK = timedelta(seconds=900)
RATE = Decimal("0.75")


def a_decision(key: str = "d0", **facts: object) -> DecisionFacts:
    """A decision just received, with whatever is said of it."""
    said: dict[str, object] = {
        "key": key,
        "decision_type": "support_triage",
        "subject": f"ticket-{key}",
        "producer": "triage-bot",
        "model_name": "triage",
        "model_version": "7",
        "policy_version": 3,
        "state": "received",
        "updated_version": 1,
        "recommended_action": "refund",
        "received_at": NOON,
    }
    return DecisionFacts.model_validate(said | facts)


def automated(key: str, confidence: str, **facts: object) -> DecisionFacts:
    """Carried out on the policy's authority, delivered and completed."""
    said: dict[str, object] = {
        "lane": Lane.AUTOMATE,
        "confidence": Decimal(confidence),
        "state": "completed",
        "end": "completed",
        "ended_at": NOON + TOOK,
        "final_action": "refund",
        "authorised_by": "policy",
        "delivered_at": NOON + TOOK,
        "receipt": "delivered",
        "sampled": False,
        "sampling_rate": RATE,
    }
    return a_decision(key, **(said | facts))


def judged(key: str, confidence: str, right: bool, **facts: object) -> DecisionFacts:
    """Automated, and checked afterwards because the lot fell on it."""
    said: dict[str, object] = {
        "sampled": True,
        "quality_verdict": "confirm" if right else "overturn",
        "label": right,
        "label_probability": RATE,
    }
    return automated(key, confidence, **(said | facts))


def settled(
    key: str, confidence: str, disposition: Disposition, dwell: int, **facts: object
) -> DecisionFacts:
    """Settled by a person in time, and carried out."""
    upheld = disposition is not Disposition.OVERRIDE
    said: dict[str, object] = {
        "lane": Lane.REVIEW,
        "confidence": Decimal(confidence),
        "state": "completed",
        "end": "completed",
        "ended_at": NOON + TOOK,
        "final_action": "refund" if upheld else "decline",
        "authorised_by": "person",
        "delivered_at": NOON + TOOK,
        "receipt": "delivered",
        "human_before_end": True,
        "queue": "front",
        "entered_queue_at": NOON,
        "first_claimed_at": NOON + timedelta(seconds=60),
        "disposed_at": NOON + timedelta(seconds=60 + dwell),
        "disposed_by": "ana",
        "disposed_in": Lane.REVIEW,
        "disposition": disposition,
        "override_reason": None if upheld else "OVR.wrong_action",
        "dwell_seconds": Decimal(dwell),
        "minimum_dwell_seconds": Decimal(20),
        "stages_due": 1,
        "label": upheld,
        "label_probability": Decimal(1),
    }
    return a_decision(key, **(said | facts))


def escalated(*causes: EscalationCause, exceptions: tuple[str, ...]) -> dict[str, object]:
    return {
        "escalations": causes,
        "exceptions": exceptions,
        "exception_events": tuple({"code": code, "at": NOON} for code in exceptions),
        "queue": "senior",
        "disposed_in": Lane.ESCALATE,
        "disposed_by": "omar",
    }


WORKED = (
    judged("d1", ".95", right=True),
    judged(
        "d2",
        ".92",
        right=False,
        state="reversed",
        reversed_at=NOON + timedelta(hours=3),
        exception_events=({"code": "QA_OVERTURNED", "at": NOON + timedelta(hours=2)},),
    ),
    automated("d3", ".97"),
    judged("d4", ".90", right=True),
    automated(
        "d5",
        ".99",
        exceptions=("ACTION_FAILED",),
        exception_events=({"code": "ACTION_FAILED", "at": NOON},),
        human_before_end=True,
    ),
    settled("d6", ".80", Disposition.UPHOLD, dwell=40),
    settled("d7", ".75", Disposition.OVERRIDE, dwell=35),
    settled("d8", ".85", Disposition.UPHOLD, dwell=4),
    settled(
        "d9",
        ".70",
        Disposition.UPHOLD,
        dwell=90,
        stages_missed=1,
        **escalated("timeout", exceptions=("REVIEW_TIMEOUT",)),
    ),
    settled(
        "d10",
        ".40",
        Disposition.OVERRIDE,
        dwell=50,
        lane=Lane.ESCALATE,
        **escalated("policy", exceptions=("LOW_CONFIDENCE",)),
    ),
    a_decision(
        "d11",
        lane=Lane.ESCALATE,
        state="withdrawn",
        end="withdrawn",
        ended_at=NOON + TOOK,
        escalations=("exception",),
        exceptions=("MISSING_INPUT",),
        exception_events=({"code": "MISSING_INPUT", "at": NOON},),
    ),
    a_decision(
        "d12",
        lane=Lane.REVIEW,
        confidence=Decimal(".60"),
        state="expired",
        end="expired",
        ended_at=NOON + TOOK,
        queue="front",
        stages_due=1,
        stages_missed=1,
        exceptions=("REVIEW_TIMEOUT", "STALE_SUBJECT"),
        exception_events=(
            {"code": "REVIEW_TIMEOUT", "at": NOON},
            {"code": "STALE_SUBJECT", "at": NOON},
        ),
    ),
)
