"""Patterns: a recorded life cut where another life would differ, to be filled in at speed.

What differs is what belongs to one decision alone: its id, its subject, its moments, its events'
ids and positions, the correlation of its commands and the digests of its actions. All else stays.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from hashlib import sha256
from random import getrandbits
from typing import Any
from uuid import UUID, uuid5

from adapters.eventstore.codec import Codec
from application.metrics.counting import day_of
from application.ports import Positioned
from application.projections import Key, Projection, Row, fold_onto
from application.projections.catalogue import ALL
from application.projections.counting import counts_of
from application.projections.feedback_row import FeedbackRow
from benchmarks.lives import DAWN, Life
from domain.decision.events import ActionAuthorised, Claimed
from domain.decision.state import digest_of_action

MOMENT = rb"2026-01-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"
CLOCK = rb" \d\d:\d\d:\d\d\b"
"""A moment as a sentence tells it."""
FIRST_POSITION = 900_000_000_000
"""Positions of a template's events: numbers that stand nowhere else in it."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text with gaps, and which of a life's values goes into each."""

    text: bytes
    gaps: tuple[int, ...]

    def filled(self, values: Sequence[bytes]) -> bytes:
        return self.text % tuple([values[gap] for gap in self.gaps])


@dataclass(frozen=True, slots=True)
class EventPattern:
    """One event: when it happened, and what is stored of it."""

    version: int
    after: float
    """Seconds after the life began."""
    topic: bytes
    state: Pattern


@dataclass(frozen=True, slots=True)
class Counted:
    """What a life counts for so many seconds after it began; NUL stands for the day in a label."""

    after: float
    measure: str
    label: str
    n: int


@dataclass(frozen=True, slots=True)
class Template:
    """A life ready to be told again."""

    events: tuple[EventPattern, ...]
    rows: tuple[tuple[str, Pattern], ...]
    """What the projections remember of it: the table, and the row as COPY reads it."""
    moments: tuple[float, ...]
    """Seconds after the life began, for each moment that is named in it."""
    clocks: tuple[float, ...]
    """The same, for each time of day that a sentence tells."""
    correlations: int
    digests: tuple[Pattern, ...]
    """The texts of which each action's digest is made."""
    decision_type: str
    producer: str
    recorded_version: int
    """The version that the command which opened it left it at."""
    is_open: bool
    sampled: bool | None
    counts: tuple["Counted", ...]

    def count(self, start: datetime, sums: Counter[Key]) -> None:
        """Add what the projections count of a life that began then."""
        begin = start.timestamp()
        for each in self.counts:
            day = _day(int((begin + each.after) // A_DAY))
            sums[self.decision_type, day, each.measure, each.label.replace("\0", day)] += each.n

    def values(
        self, id: UUID, subject: bytes, start: datetime, positions: Sequence[int]
    ) -> list[bytes]:
        """What belongs to one decision, in the order of the gaps' numbers."""
        # In the order in which `Cutter` numbers them.
        text = str(id).encode()
        values = [text, subject]
        values += [_event_id(id, event.version) for event in self.events]
        values += [b"%d" % position for position in positions]
        begin = start.timestamp()
        values += [str(time_ordered(begin)).encode() for _ in range(self.correlations)]
        values += [_told(begin + after, MOMENT_FORM) for after in self.moments]
        values += [_told(begin + after, CLOCK_FORM) for after in self.clocks]
        values += [
            b"sha256:" + sha256(digest.filled(values)).hexdigest().encode()
            for digest in self.digests
        ]
        return values


def _event_id(id: UUID, version: int) -> bytes:
    return str(uuid5(id, str(version))).encode()


def time_ordered(at: float) -> UUID:
    """A UUIDv7 (RFC 9562) as if made at that moment."""
    head = int(at * 1000) << 80 | 7 << 76 | getrandbits(12) << 64
    return UUID(int=head | 2 << 62 | getrandbits(62))


A_DAY = 86_400


@cache
def _day(number: int) -> str:
    return (date(1970, 1, 1) + timedelta(days=number)).isoformat()


MOMENT_FORM = "%Y-%m-%dT%H:%M:%S.%fZ"
CLOCK_FORM = " %H:%M:%S"


def _told(at: float, form: str) -> bytes:
    return datetime.fromtimestamp(at, DAWN.tzinfo).strftime(form).encode()


class Cutter:
    """Finds in one life's texts everything that is this decision's alone."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._known: dict[bytes, int] = {}
        self._moments: dict[bytes, float] = {}
        self._clocks: dict[bytes, float] = {}
        self._compiled, self._compiled_for = re.compile(b""), 0
        id = life.decision.id
        self._number(str(id), life.decision.subject)
        self._number(*(str(event.id) for event in life.events))
        self._number(*(str(FIRST_POSITION + e.originator_version) for e in life.events))
        commands = dict.fromkeys(str(event.correlation_id) for event in life.events)
        self._number(*commands)
        self.correlations = len(commands)

    def _number(self, *texts: str) -> None:
        for text in texts:
            self._known.setdefault(text.encode(), len(self._known))

    def find_moments(self, texts: Sequence[bytes]) -> None:
        """Number every moment there is in these texts, then every time of day that one is."""
        for moment in _found(MOMENT, texts):
            at = datetime.fromisoformat(moment.decode())
            self._moments[moment] = (at - DAWN).total_seconds()
        told = {
            (DAWN + timedelta(seconds=after)).strftime(CLOCK_FORM).encode(): after
            for after in self._moments.values()
        }
        self._clocks = {clock: told[clock] for clock in _found(CLOCK, texts) if clock in told}
        self._number(*(text.decode() for text in (*self._moments, *self._clocks)))

    @property
    def moments(self) -> tuple[float, ...]:
        return tuple(self._moments.values())

    @property
    def clocks(self) -> tuple[float, ...]:
        return tuple(self._clocks.values())

    def digests(self) -> tuple[Pattern, ...]:
        """Number every action's digest, and give the texts that they are digests of."""
        decision = self._life.decision
        shown: dict[str, bytes] = {}
        for action, parameters in self._actions():
            names = (decision.id, decision.subject, decision.subject_version)
            digest = digest_of_action(*names, action, parameters)
            text = [str(names[0]), *names[1:], action, parameters]
            shown[digest] = json.dumps(
                text, sort_keys=True, separators=(",", ":"), ensure_ascii=False
            ).encode()
        patterns = tuple(self.cut(text) for text in shown.values())
        self._number(*shown)
        return patterns

    def _actions(self) -> Iterable[tuple[str, dict[str, Any]]]:
        said = self._life.decision.recommendation
        for event in self._life.events:
            if isinstance(event, Claimed):
                yield said.action, said.parameters
            elif isinstance(event, ActionAuthorised):
                yield event.action, event.parameters

    def cut(self, text: bytes) -> Pattern:
        """The text with a gap for everything that was found."""
        gaps: list[int] = []

        def gap(match: re.Match[bytes]) -> bytes:
            gaps.append(self._known[match[0]])
            return b"\0"

        left = self._anything().sub(gap, text)
        return Pattern(left.replace(b"%", b"%%").replace(b"\0", b"%b"), tuple(gaps))

    def _anything(self) -> re.Pattern[bytes]:
        """Whatever is numbered so far, the longest first."""
        if self._compiled_for != len(self._known):
            texts = sorted(self._known, key=len, reverse=True)
            self._compiled = re.compile(b"|".join(map(re.escape, texts)))
            self._compiled_for = len(self._known)
        return self._compiled


def template_of(life: Life, codec: Codec) -> Template:
    """Cut one life."""
    stored = [codec.to_stored_event(event) for event in life.events]
    found = [(p, row) for p in ALL if not p.in_order for row in _rows(p, life)]
    rows = [(p.name, copied(p, row)) for p, row in found]
    cutter = Cutter(life)
    cutter.find_moments([*(event.state for event in stored), *(text for _, text in rows)])
    digests = cutter.digests()
    first = life.events[0].correlation_id
    return Template(
        events=tuple(
            EventPattern(
                event.originator_version,
                (event.timestamp - DAWN).total_seconds(),
                kept.topic.encode(),
                cutter.cut(kept.state),
            )
            for event, kept in zip(life.events, stored, strict=True)
        ),
        rows=tuple((table, cutter.cut(text)) for table, text in rows),
        moments=cutter.moments,
        clocks=cutter.clocks,
        correlations=cutter.correlations,
        digests=digests,
        decision_type=life.decision.decision_type,
        producer=life.producer,
        recorded_version=sum(event.correlation_id == first for event in life.events),
        is_open=life.decision.is_open,
        sampled=life.sampled,
        counts=tuple(
            Counted((at - DAWN).total_seconds(), measure, text.replace(day_of(at), "\0"), n)
            for _, row in found
            if isinstance(row, FeedbackRow)
            for at, measure, text, n in counts_of(row)
        ),
    )


def _found(pattern: bytes, texts: Iterable[bytes]) -> list[bytes]:
    """Every match in these texts, each once, in order."""
    return list(dict.fromkeys(match for text in texts for match in re.findall(pattern, text)))


def _rows(projection: Projection[Any], life: Life) -> list[Row]:
    """What a projection remembers of this life alone."""
    events = [Positioned(FIRST_POSITION + e.originator_version, e) for e in life.events]
    rows: dict[str, Row | None] = {}
    fold_onto(projection, rows, projection.concerned(events))
    return [row for row in rows.values() if row is not None]


def copied(projection: Projection[Any], row: Row) -> bytes:
    """A row as a line that COPY reads."""
    content: Mapping[str, Any] = json.loads(row.model_dump_json())
    return b"\t".join(_field(content[name]) for name in projection.Row.model_fields) + b"\n"


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _field(value: Any) -> bytes:
    if value is None:
        return b"\\N"
    if isinstance(value, bool):
        return b"t" if value else b"f"
    if isinstance(value, str):
        return value.translate(_ESCAPES).encode()
    if isinstance(value, int | float):
        return str(value).encode()
    return json.dumps(value, ensure_ascii=False).translate(_ESCAPES).encode()
