"""Payloads: real recommendations from the catalogue's data, each on a subject of its own."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from adapters.demo.cases import DATA

DECISION_TYPE = "support_triage"
MARK = "bos311-"
DIGITS = 12


@dataclass(frozen=True, slots=True)
class Template:
    """A recommendation cut where its subject's number goes."""

    before: bytes
    after: bytes

    def body(self, number: bytes) -> bytes:
        return b"%b%b%b" % (self.before, number, self.after)


def templates(decision_type: str = DECISION_TYPE) -> list[Template]:
    """Every case of a decision type as its producer would send it."""
    lines = (DATA / f"{decision_type}.jsonl").read_text(encoding="utf-8").splitlines()
    return [_template(json.loads(line)) for line in lines]


def _template(row: dict[str, object]) -> Template:
    body = {
        "decision_type": row["decision_type"],
        "subject": "<subject>",
        "recommendation": {
            "action": row["recommended_action"],
            "confidence": row["confidence"],
            "risk": row["risk"],
        },
        "model": row["model"],
        "context": row["context"],
        "workflow": "benchmark",
        "recommended_at": row["recommended_at"],
    }
    before, _, after = json.dumps(body).partition("<subject>")
    return Template(f"{before}{MARK}".encode(), after.encode())


def numbers(first: int) -> Iterator[bytes]:
    """Subject numbers without end, all of one width, so that a body's length is its template's."""
    number = first
    while True:
        yield b"%0*d" % (DIGITS, number)
        number += 1


def posts(path: str, header: bytes, first: int) -> Iterator[bytes]:
    """Requests without end, one recommendation each, under an idempotency key of its own."""
    cut = [
        (_head("POST", path, header, len(t.before) + DIGITS + len(t.after)), t) for t in templates()
    ]
    subjects = numbers(first)
    while True:
        for head, template in cut:
            number = next(subjects)
            yield b"%bContent-Type: application/json\r\nIdempotency-Key: bench-%b\r\n\r\n%b" % (
                head,
                number,
                template.body(number),
            )


def batches(path: str, header: bytes, first: int, lines: int) -> Iterator[bytes]:
    """Requests without end, each of many recommendations, a line each."""
    cut, subjects = templates(), numbers(first)
    place = 0
    while True:
        chosen = [cut[(place + i) % len(cut)] for i in range(lines)]
        place += lines
        body = b"".join(template.body(next(subjects)) + b"\n" for template in chosen)
        head = _head("POST", path, header, len(body))
        kind = b"Content-Type: application/x-ndjson\r\nIdempotency-Key: bench-%b\r\n\r\n"
        yield head + kind % next(subjects) + body


def asked(method: str, paths: list[str], header: bytes) -> Iterator[bytes]:
    """These requests without a body, over and over."""
    line = b"%b %b HTTP/1.1\r\nHost: bench\r\n%b\r\n"
    requests = [line % (method.encode(), path.encode(), header) for path in paths]
    while True:
        yield from requests


def _head(method: str, path: str, header: bytes, length: int) -> bytes:
    return b"%b %b HTTP/1.1\r\nHost: bench\r\n%bContent-Length: %d\r\n" % (
        method.encode(),
        path.encode(),
        header,
        length,
    )
