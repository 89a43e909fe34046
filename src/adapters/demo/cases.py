"""The demo's cases: real recommendations of real models, with what proved right."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

CATALOGUE = Path(__file__).resolve().parents[3] / "catalogue"
DATA = CATALOGUE / "data"


@dataclass(frozen=True, slots=True)
class RealCase:
    """One recommendation as its producer would send it, and the action that proved right."""

    decision_type: str
    recommendation: dict[str, Any]
    body: dict[str, Any]
    actual: str
    resolved_at: datetime | None

    @property
    def recommended_action(self) -> str:
        action: str = self.recommendation["action"]
        return action

    @property
    def was_right(self) -> bool:
        return self.recommended_action == self.actual


def real_cases(names: list[str]) -> list[RealCase]:
    """All cases of these decision types, mixed in the order they were recommended."""
    cases = [case for name in names for case in _read(DATA / f"{name}.jsonl")]
    # The sources lie years apart; by time of year they mix as they would in one company.
    return sorted(cases, key=lambda c: (c.body["recommended_at"][5:], c.body["subject"]))


def a_share_of(cases: list[RealCase], limit: int | None) -> list[RealCase]:
    """So many of the cases, spread over all of them: a few of every decision type, in order."""
    if limit is None or limit >= len(cases):
        return cases
    return [cases[at * len(cases) // limit] for at in range(limit)]


def _read(path: Path) -> Iterator[RealCase]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield _case(json.loads(line))


def _case(row: dict[str, Any]) -> RealCase:
    recommendation = {
        "action": row["recommended_action"],
        "confidence": row["confidence"],
        "risk": row["risk"],
    }
    body = {
        "decision_type": row["decision_type"],
        "subject": row["subject_id"],
        "recommendation": recommendation,
        "model": row["model"],
        "context": row["context"],
        "workflow": "demo",
        "recommended_at": row["recommended_at"],
    }
    resolved = row["resolved_at"]
    return RealCase(
        row["decision_type"],
        recommendation,
        body,
        row["actual_outcome"],
        None if resolved is None else datetime.fromisoformat(resolved),
    )
