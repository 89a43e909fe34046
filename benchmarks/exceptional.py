"""Exceptional traffic: submissions that each end in an exception, mixed among those that do not.

They are of every class that a submission can bring about, in turn. The other classes come of what
happens to a decision later on: a deadline, a receipt, a verdict, an objection.
"""

import itertools
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.demo.cases import CATALOGUE, DATA
from benchmarks import payloads

ONE_IN = 5
LAPSES_AFTER = timedelta(seconds=1)
HALTED, VACANT, UNSTAFFED = "halted_triage", "vacant_triage", "unstaffed_triage"
CLASSES = frozenset(
    {
        *("LOW_CONFIDENCE", "CONFIDENCE_MISSING", "MISSING_INPUT", "CONFLICT", "SUPERSEDED"),
        *("EXPIRED", "AUTOMATION_HALTED", "OWNER_VACANT", "NO_ELIGIBLE_REVIEWER"),
    }
)
"""What the log must hold after such a load; INVALID_INPUT is answered 422 beside these."""
Json = dict[str, Any]


class Affected(bytes):
    """A request that ends in an exception: how long its own answer takes is not what is asked."""


def source_of(name: str) -> str:
    """The catalogue's type under another name."""
    text = (CATALOGUE / "support_triage.yaml").read_text(encoding="utf-8")
    return text.replace("name: support_triage", f"name: {name}", 1)


def mixed(path: str, header: bytes, others: bytes, first: int) -> Iterator[bytes]:
    """Requests without end; every fifth is a case for somebody. `others` is another producer's."""
    plain = payloads.posts(path, header, first)
    affected = _affected(path, (header, others), first)
    for place in itertools.count():
        yield next(plain) if place % ONE_IN else next(affected)


def _affected(path: str, headers: tuple[bytes, bytes], first: int) -> Iterator[Affected]:
    lines = (DATA / "support_triage.jsonl").read_text(encoding="utf-8").splitlines()
    rows = itertools.cycle([json.loads(line) for line in lines[:200]])
    for number in itertools.count():
        row = next(rows)
        for place, (change, anew, other) in enumerate(CASES):
            subject = f"exceptional-{first}-{number}-{place if anew else place - 1}"
            body = _body(row, subject)
            change(body)
            yield _request(path, headers[other], f"{subject}-{place}", body)


def _body(row: Json, subject: str) -> Json:
    said = {"action": row["recommended_action"], "confidence": 0.97, "risk": 0.05}
    kept = ("decision_type", "model", "context")
    return {**{name: row[name] for name in kept}, "subject": subject, "recommendation": said}


def _request(path: str, header: bytes, key: str, body: Json) -> Affected:
    content = json.dumps(body).encode()
    return Affected(
        b"POST %b HTTP/1.1\r\nHost: bench\r\n%bContent-Length: %d\r\n"
        b"Content-Type: application/json\r\nIdempotency-Key: %b\r\n\r\n%b"
        % (path.encode(), header, len(content), key.encode(), content)
    )


def _unsure(body: Json) -> None:
    body["recommendation"]["confidence"] = 0.1


def _says_not_how_sure(body: Json) -> None:
    del body["recommendation"]["confidence"]


def _leaves_out(body: Json) -> None:
    body["context"] = {}


def _mistakes(body: Json) -> None:
    body["context"] = body["context"] | {"is_weekend": "perhaps"}


def _lapses(body: Json) -> None:
    _unsure(body)
    body["expires_at"] = (datetime.now(UTC) + LAPSES_AFTER).isoformat()


def _other_action(body: Json) -> None:
    body["recommendation"]["action"] = "route_park_general_comments"


def _of(name: str) -> Callable[[Json], None]:
    def change(body: Json) -> None:
        body["decision_type"] = name

    return change


def _is_well(body: Json) -> None:
    """What the next one is about."""


CASES: tuple[tuple[Callable[[Json], None], bool, int], ...] = (
    (_unsure, True, 0),
    (_says_not_how_sure, True, 0),
    (_leaves_out, True, 0),
    (_mistakes, True, 0),
    (_lapses, True, 0),
    (_unsure, True, 0),
    (_is_well, False, 0),  # on the same subject: the one before is superseded
    (_unsure, True, 0),
    (_other_action, False, 1),  # on the same subject: a conflict
    (_of(HALTED), True, 1),
    (_of(VACANT), True, 1),
    (_of(UNSTAFFED), True, 1),
)
"""What is changed, whether the subject is a new one, and which of two producers says it."""
