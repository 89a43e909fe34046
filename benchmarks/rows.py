"""Rows: what is claimed, of which measurements it is made, and what it must reach."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Literal

from benchmarks.subjects import Figures

Round = Mapping[str, Figures]
Pair = tuple[float, float]
Verdict = Literal["reached", "met", "must not met", "failed", "for information", "not run"]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `pair` takes ours and theirs out of a round's measurements."""

    name: str
    what: str
    needs: tuple[str, ...]
    pair: Callable[[Round], Pair]
    unit: str
    must: float | None = None
    reach: float | None = None
    less_is_better: bool = False
    absolute: bool = False
    """The bar is a figure of ours, not a ratio."""
    objection: Callable[[Round], str] = lambda _: ""
    """What else speaks against a round."""

    def outcome(self, rounds: list[Round], failures: Mapping[str, str]) -> "Outcome":
        """What all rounds say: the median of the rounds' ratios, not the ratio of medians."""
        broken = [failures[need] for need in self.needs if need in failures]
        whole = [each for each in rounds if all(need in each for need in self.needs)]
        pairs = [self.pair(each) for each in whole]
        if broken or not pairs:
            why = broken[0] if broken else ""
            return Outcome(self, (), "failed" if broken else "not run", why)
        if objections := [said for each in whole if (said := self.objection(each))]:
            return Outcome(self, tuple(pairs), "must not met", objections[0])
        return Outcome(self, tuple(pairs), self._verdict(pairs), "")

    def figure(self, pair: Pair) -> float:
        """What is held against the bar."""
        return pair[0] if self.absolute else pair[0] / pair[1]

    def _verdict(self, pairs: list[Pair]) -> Verdict:
        figure = median(self.figure(pair) for pair in pairs)
        if self.must is None:
            return "for information"
        if self._within(figure, self.reach):
            return "reached"
        return "met" if self._within(figure, self.must) else "must not met"

    def _within(self, figure: float, bar: float | None) -> bool:
        if bar is None:
            return False
        return figure <= bar if self.less_is_better else figure >= bar


@dataclass(frozen=True, slots=True)
class Outcome:
    """A row with what was measured for it."""

    row: Row
    pairs: tuple[Pair, ...]
    verdict: Verdict
    why: str

    @property
    def figures(self) -> list[float]:
        """The figure of each round."""
        return [self.row.figure(pair) for pair in self.pairs]


GROWS_AT_MOST = 10.0
"""Megabytes that the last quarter may lie above the second: caches fill, garbage waits."""


def _grew(megabytes: float) -> str:
    return f"it grew by {megabytes:.0f} MB" if megabytes > GROWS_AT_MOST else ""


def rates(ours: str, theirs: str) -> Callable[[Round], Pair]:
    """Both subjects' rates."""
    return lambda r: (r[ours].rate, r[theirs].rate)


def alone(ours: str) -> Callable[[Round], Pair]:
    """A rate of ours, held against nothing."""
    return lambda r: (r[ours].rate, 0.0)


def _against(name: str, what: str, theirs: str, must: float | None, reach: float | None) -> Row:
    needs = ("remit_32", theirs)
    return Row(name, what, needs, rates(*needs), "decisions/s", must, reach)


ROWS = (
    _against("single", "one decision a request, 32 connections / pgbench", "pgbench_32", 0.3, 0.5),
    _against("handwritten", "the same / hand-written Litestar + psycopg", "handwritten", 2, 3),
    _against("langgraph", "the same / LangGraph + PostgreSQL, FastAPI", "langgraph", 25, 40),
    Row(
        "latency",
        "p50, one connection / pgbench, one client",
        ("remit_1", "pgbench_1"),
        lambda r: (r["remit_1"].p50, r["pgbench_1"].p50),
        "ms",
        5,
        3,
        less_is_better=True,
    ),
    Row(
        "tail",
        "p99 / p50 at 32 connections",
        ("remit_32",),
        lambda r: (r["remit_32"].p99, r["remit_32"].p50),
        "ms",
        4,
        3,
        less_is_better=True,
    ),
    Row(
        "batch",
        "batches of 100, 4 connections / pgbench",
        ("remit_batch_4", "pgbench_32"),
        rates("remit_batch_4", "pgbench_32"),
        "decisions/s",
        1.5,
        2.5,
    ),
    Row(
        "two",
        "two server processes / one",
        ("remit_two_32", "remit_32"),
        rates("remit_two_32", "remit_32"),
        "decisions/s",
        1.2,
        1.4,
    ),
    Row(
        "get",
        "GET a decision, then its events: both a second, 32 connections",
        ("get_both",),
        alone("get_both"),
        "/s",
        5_000,
        8_000,
        absolute=True,
    ),
    Row(
        "get_decision",
        "GET a decision alone",
        ("get_decision",),
        alone("get_decision"),
        "/s",
        absolute=True,
    ),
    Row(
        "get_events",
        "GET its events alone",
        ("get_events",),
        alone("get_events"),
        "/s",
        absolute=True,
    ),
    Row(
        "exceptions",
        "p99 of unaffected submissions, 200 a second in all: a fifth of them exceptions / none",
        ("beside_exceptions", "unaffected"),
        lambda r: (r["beside_exceptions"].p99, r["unaffected"].p99),
        "ms",
        1.10,
        less_is_better=True,
    ),
    Row(
        "deliveries",
        "webhook deliveries of one worker to a receiver on this machine",
        ("deliveries",),
        alone("deliveries"),
        "/s",
        200,
        absolute=True,
    ),
    Row(
        "growth",
        "time a decision takes, 32 connections: large store / 10,000 events",
        ("large_store", "small_store"),
        lambda r: (32_000 / r["large_store"].rate, 32_000 / r["small_store"].rate),
        "ms",
        1.15,
        1.05,
        less_is_better=True,
    ),
    Row(
        "rebuild",
        "rebuild of the feedback facts",
        ("rebuild",),
        alone("rebuild"),
        "events/s",
        50_000,
        200_000,
        absolute=True,
    ),
    Row(
        "replay",
        "replay of the whole log",
        ("replay",),
        alone("replay"),
        "decisions/s",
        20_000,
        absolute=True,
    ),
    Row(
        "merkle",
        "the Merkle log built anew",
        ("merkle",),
        alone("merkle"),
        "events/s",
        50_000,
        80_000,
        absolute=True,
    ),
    Row(
        "proof",
        "p50 of an inclusion proof, on the largest store grown",
        ("proof",),
        lambda r: (r["proof"].p50, 0.0),
        "ms",
        5,
        2,
        less_is_better=True,
        absolute=True,
    ),
    Row(
        "memory",
        "memory of one server process over a million decisions",
        ("memory",),
        alone("memory"),
        "MB",
        200,
        less_is_better=True,
        absolute=True,
        objection=lambda r: _grew(r["memory"].more["grew_by"]),
    ),
    Row(
        "metrics_page",
        "p50 of every metric of a type, on the largest store grown",
        ("metrics_page",),
        lambda r: (r["metrics_page"].p50, 0.0),
        "ms",
        100,
        50,
        less_is_better=True,
        absolute=True,
    ),
    Row(
        "queue_page",
        "p50 of a queue's first page, on the largest store grown",
        ("queue_page",),
        lambda r: (r["queue_page"].p50, 0.0),
        "ms",
        absolute=True,
    ),
    Row(
        "claim_next",
        "p50 of claiming the next one, 100,000 waiting",
        ("claim_many",),
        lambda r: (r["claim_many"].p50, 0.0),
        "ms",
        5,
        less_is_better=True,
        absolute=True,
    ),
    Row(
        "claim_length",
        "the same: 100,000 waiting / 1,000 waiting",
        ("claim_many", "claim_few"),
        lambda r: (r["claim_many"].p50, r["claim_few"].p50),
        "ms",
        1.15,
        less_is_better=True,
    ),
    Row(
        "beside",
        "`serve --no-work` with `work` beside it / pgbench",
        ("remit_beside_32", "pgbench_32"),
        rates("remit_beside_32", "pgbench_32"),
        "decisions/s",
    ),
    _against("dbos", "one decision a request / DBOS, FastAPI", "dbos", None, None),
    _against("stock", "the same / `eventsourcing` as it comes, no HTTP", "stock", None, None),
    Row(
        "load",
        "the load generator against an application that does nothing / ours",
        ("echo", "remit_32"),
        rates("echo", "remit_32"),
        "/s",
    ),
)
