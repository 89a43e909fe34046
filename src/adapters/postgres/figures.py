"""What the metrics look up: sums by period, and the few things that no sum can say."""

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

from psycopg.sql import SQL

from application.metrics.agreement import AtRisk
from application.metrics.counting import REVERSAL_HORIZON, Counts, day_of
from application.metrics.formulas import Found
from application.metrics.intake import Intake
from application.metrics.oversight import RUN, reviewers
from application.metrics.periods import day_window, midnight, periods_of, whole_days
from application.metrics.timing import Stages
from application.metrics.window import Window

Rows = Callable[[SQL, Any], Awaitable[list[tuple[Any, ...]]]]

TYPES = """
    WITH RECURSIVE known AS (
        (SELECT decision_type FROM feedback_counts ORDER BY decision_type LIMIT 1)
        UNION ALL
        SELECT (SELECT decision_type FROM feedback_counts
            WHERE decision_type > known.decision_type ORDER BY decision_type LIMIT 1)
        FROM known WHERE known.decision_type IS NOT NULL
    )
    SELECT decision_type FROM known WHERE decision_type IS NOT NULL
    UNION SELECT decision_type FROM volumes
"""
EXTENT = """
    SELECT min(c.period), max(c.period)
    FROM unnest(%(types)s::text[]) AS t (decision_type), unnest(%(measures)s::text[]) AS m (measure)
    CROSS JOIN LATERAL (
        SELECT period FROM feedback_counts
        WHERE decision_type = t.decision_type AND measure = m.measure
            AND length(period) = 10 AND period >= %(first)s AND period < %(end)s
    ) AS c
"""
# A look-up by the key for each type and period: OFFSET keeps the planner from reading it all.
COUNTS = """
    SELECT w.place, c.measure, c.label, sum(c.n)::bigint
    FROM unnest(%(places)s::integer[], %(periods)s::text[]) AS w (place, period)
    CROSS JOIN unnest(%(types)s::text[]) AS t (decision_type)
    CROSS JOIN LATERAL (
        SELECT measure, label, n FROM feedback_counts
        WHERE decision_type = t.decision_type AND period = w.period AND measure < '~' OFFSET 0
    ) AS c
    GROUP BY w.place, c.measure, c.label
"""
EVIDENCE = """
    SELECT label, sum(n)::bigint FROM feedback_counts
    WHERE decision_type = %(decision_type)s AND period = ANY (%(periods)s)
        AND measure = %(measure)s
    GROUP BY label
"""
LANES = """
    SELECT w.place, split_part(c.label::jsonb ->> 5, '|', 1), sum(c.n)::bigint
    FROM unnest(%(places)s::integer[], %(periods)s::text[]) AS w (place, period)
    JOIN feedback_counts AS c ON c.decision_type = %(decision_type)s AND c.period = w.period
        AND c.measure = %(measure)s
    GROUP BY 1, 2
"""
STILL_OPEN = """
    SELECT w.place,
        sum(f.stages_due) + count(*) FILTER (WHERE f.stage_due_at < %(as_of)s),
        sum(f.stages_missed) + count(*) FILTER (WHERE f.stage_due_at < %(as_of)s)
    FROM unnest(%(since)s::timestamptz[], %(until)s::timestamptz[]) WITH ORDINALITY
        AS w (since, until, place)
    JOIN feedback AS f ON f.stage_due_at >= w.since AND f.stage_due_at < w.until
    WHERE f."end" IS NULL AND NOT f.is_test AND f.decision_type = ANY (%(types)s)
    GROUP BY w.place
"""
AT_THE_HORIZON = """
    SELECT count(*), count(*) FILTER (WHERE reversed_at < ended_at + %(horizon)s)
    FROM feedback
    WHERE lane = 'automate' AND authorised_by = 'policy' AND "end" <> 'withdrawn' AND NOT is_test
        AND ended_at >= %(midnight)s AND ended_at <= %(youngest)s
        AND decision_type = ANY (%(types)s)
"""
RUNS = """
    SELECT w.place, r.name, array_agg(last.agreed ORDER BY last.ended_at, last.key)
    FROM unnest(%(since)s::timestamptz[], %(until)s::timestamptz[]) WITH ORDINALITY
        AS w (since, until, place)
    JOIN unnest(%(places)s::integer[], %(reviewers)s::text[]) AS r (place, name) USING (place)
    CROSS JOIN LATERAL (
        SELECT f.* FROM unnest(%(types)s::text[]) AS t (decision_type)
        CROSS JOIN LATERAL (
            SELECT ended_at, key, CASE WHEN final_action IS NULL THEN disposition <> 'override'
                ELSE final_action = recommended_action END AS agreed
            FROM feedback
            WHERE decision_type = t.decision_type AND disposed_by = r.name
                AND disposed_in = 'review' AND ended_at >= w.since AND ended_at < w.until
                AND disposition IN ('uphold', 'override', 'modify') AND "end" <> 'withdrawn'
                AND NOT is_test
            ORDER BY ended_at DESC, key DESC LIMIT %(most)s
        ) AS f
        ORDER BY f.ended_at DESC, f.key DESC LIMIT %(most)s
    ) AS last
    GROUP BY w.place, r.name
"""
# What came in the days of a month that were all declared is looked up as the month's.
INTAKE = """
    WITH declared AS (
        SELECT w.place, v.decision_type, left(v.period, 7) AS month,
            array_agg(v.period) AS periods, count(*) AS n, sum(v.eligible) AS eligible,
            sum(v.bypassed) AS bypassed,
            sum(v.eligible) FILTER (WHERE v.bypassed IS NOT NULL) AS told,
            count(*) = date_part('day',
                date_trunc('month', min(v.first_day)) + interval '1 month - 1 day') AS whole
        FROM unnest(%(first)s::date[], %(end)s::date[]) WITH ORDINALITY AS w (first, "end", place)
        JOIN volumes AS v
            ON v.first_day >= w.first AND v.first_day < w."end" AND v.last_day < w."end"
        WHERE v.decision_type = ANY (%(types)s)
        GROUP BY w.place, v.decision_type, left(v.period, 7)
    )
    SELECT d.place, sum(d.n)::bigint, sum(d.eligible)::bigint,
        coalesce(sum(c.n), 0)::bigint, coalesce(sum(d.bypassed), 0)::bigint,
        coalesce(sum(d.told), 0)::bigint
    FROM declared AS d
    CROSS JOIN LATERAL (
        SELECT sum(n) AS n FROM feedback_counts
        WHERE decision_type = d.decision_type AND measure = 'received' AND label = ''
            AND period = ANY (CASE WHEN d.whole THEN ARRAY[d.month] ELSE d.periods END)
    ) AS c
    GROUP BY d.place
"""
DATED = ("received", "ended", "raised", "active")
"""Whatever counts at all on a day counts under one of these."""


class Figures:
    """Looks up what is known of windows of whole days, all of them at once."""

    def __init__(self, rows: Rows, types: list[str] | None) -> None:
        self._rows = rows
        self._types = types

    async def extent(self, window: Window) -> Window | None:
        """The days of a window from the first to the last on which anything counts."""
        ends = {"first": day_of(window.since), "end": day_of(window.until)}
        ((first, last),) = await self._ask(EXTENT, ends | {"measures": list(DATED)})
        return None if first is None else day_window(first, last)

    async def found(self, windows: Sequence[Window], as_of: datetime) -> list[Found]:
        """What is known of each window."""
        days = [whole_days(window, as_of) or window for window in windows]
        counts = await self._counts(days)
        declared = await self._declared(days)
        spans: dict[str, Any] = {
            "since": [window.since for window in windows],
            "until": [window.until for window in windows],
        }
        still_open = await self._still_open(spans | {"as_of": as_of})
        runs = await self._runs(spans, counts)
        youngest = as_of - REVERSAL_HORIZON
        edge = await self._ended_on_the_day_of(youngest)
        return [
            Found(
                window=window,
                counts=counts[place],
                runs=runs[place],
                still_open=still_open.get(place, Stages()),
                at_risk=_at_risk(window, counts[place], youngest, edge),
                intake=declared.get(place, Intake()),
            )
            for place, window in enumerate(windows)
        ]

    async def _counts(self, windows: Sequence[Window]) -> list[Counts]:
        named = [(n, period) for n, window in enumerate(windows) for period in periods_of(window)]
        asked = {"places": [n for n, _ in named], "periods": [period for _, period in named]}
        sums: list[Counter[tuple[str, str]]] = [Counter() for _ in windows]
        for place, measure, label, n in await self._ask(COUNTS, asked):
            sums[place][measure, label] = n
        return [Counts(each) for each in sums]

    async def _declared(self, windows: Sequence[Window]) -> dict[int, Intake]:
        asked = {
            "first": [day_of(window.since) for window in windows],
            "end": [day_of(window.until) for window in windows],
        }
        return {place - 1: Intake(*sums) for place, *sums in await self._ask(INTAKE, asked)}

    async def _still_open(self, spans: dict[str, Any]) -> dict[int, Stages]:
        rows = await self._ask(STILL_OPEN, spans)
        return {place - 1: Stages(int(due), int(missed)) for place, due, missed in rows}

    async def _runs(
        self, spans: dict[str, Any], counts: Sequence[Counts]
    ) -> list[dict[str, list[bool]]]:
        asked = [(n + 1, name) for n, each in enumerate(counts) for name in reviewers(each)]
        named: dict[str, Any] = {
            "most": RUN,
            "places": [n for n, _ in asked],
            "reviewers": [name for _, name in asked],
        }
        found: defaultdict[int, dict[str, list[bool]]] = defaultdict(dict)
        for place, name, agreed in await self._ask(RUNS, spans | named):
            found[place - 1][name] = agreed
        return [found[place] for place in range(len(counts))]

    async def _ended_on_the_day_of(self, youngest: datetime) -> AtRisk:
        """Those of the one day of which only a part has been at risk for long enough."""
        times = {"midnight": midnight(youngest), "youngest": youngest}
        (row,) = await self._ask(AT_THE_HORIZON, times | {"horizon": REVERSAL_HORIZON})
        return AtRisk(*row)

    async def _ask(self, statement: Any, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
        if self._types is None:
            self._types = [name for (name,) in await self._rows(SQL(TYPES), ())]
        return await self._rows(SQL(statement), parameters | {"types": self._types})


def _at_risk(window: Window, counts: Counts, youngest: datetime, of_its_day: AtRisk) -> AtRisk:
    """Those that ended on earlier days, and the part of the last one."""
    last = day_of(youngest)

    def before(measure: str) -> int:
        return sum(n for day, n in counts.by_label(measure).items() if day < last)

    partly = of_its_day if window.holds(youngest) else AtRisk()
    return AtRisk(before("automated") + partly.n, before("reversed") + partly.reversed)
