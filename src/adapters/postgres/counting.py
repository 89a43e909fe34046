"""Sums of what rows count for, in a table beside theirs, moved in the same transaction."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from psycopg import Cursor

from adapters.postgres import arrays
from adapters.postgres.arrays import Bigints, Texts
from adapters.postgres.rows import statement_of, tuples
from application.metrics.periods import holding
from application.projections import Key, Projection, R

ADD = """
    INSERT INTO {table} AS kept (decision_type, period, measure, label, n)
    SELECT * FROM unnest(%b, %b, %b, %b, %b)
    ON CONFLICT (decision_type, period, measure, label) DO UPDATE SET n = kept.n + excluded.n
"""
FORGET = """
    DELETE FROM {table} AS kept
    USING unnest(%b, %b, %b, %b)
        AS gone (decision_type, period, measure, label)
    WHERE kept.decision_type = gone.decision_type AND kept.period = gone.period
        AND kept.measure = gone.measure AND kept.label = gone.label AND n = 0
"""
FILL = "COPY {table} (decision_type, period, measure, label, n) FROM STDIN"
Sums = Counter[Key]


def add(sums: Sums, projection: Projection[R], rows: Iterable[R], sign: int = 1) -> None:
    """Count these rows in, or out."""
    for row in rows:
        for key, n in projection.counted(row):
            sums[key] += sign * n


def in_every_period(sums: Mapping[Key, int]) -> Sums:
    """The same, and the months and years that hold these days."""
    found: defaultdict[Key, int] = defaultdict(int)
    for (decision_type, day, measure, label), n in sums.items():
        if n:
            for period in holding(day):
                found[decision_type, period, measure, label] += n
    return Counter(found)


def keep(cursor: Cursor[Any], table: str, changes: Mapping[Key, int]) -> None:
    """Change the sums by so much; one that comes to nothing is no more."""
    found = sorted((key, n) for key, n in in_every_period(changes).items() if n)
    if not found:
        return
    arrays.register(cursor)
    numbers = Bigints.of([n for _, n in found])
    add = statement_of(ADD, table=table)
    cursor.execute(add, (*_columns([key for key, _ in found]), numbers), prepare=True)
    if less := [key for key, n in found if n < 0]:
        cursor.execute(statement_of(FORGET, table=table), _columns(less), prepare=True)


def _columns(keys: Sequence[Key]) -> list[Texts]:
    """The parts of the keys, packed."""
    return [Texts.of([part.encode() for part in parts]) for parts in zip(*keys, strict=True)]


def fill(cursor: Cursor[Any], table: str, sums: Mapping[Key, int]) -> None:
    """Put the sums into an empty table."""
    with tuples(cursor).copy(statement_of(FILL, table=table)) as copy:
        for key, n in sorted(in_every_period(sums).items()):
            copy.write_row((*key, n))
