"""What is exported is what was recorded, as the tools say that it is meant for."""

import asyncio
import csv
import io
import json
import random
import subprocess
import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TextIO, cast
from uuid import UUID, uuid4
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prov.model import ProvDocument
from pyarrow import parquet

from adapters.exporting.ocel import OcelWriter
from adapters.exporting.prov import ProvWriter
from adapters.exporting.tables import COLUMNS, CsvWriter, ParquetWriter
from adapters.exporting.writers import Writer
from adapters.exporting.xes import XesWriter
from application.exporting.histories import History, Wanted, events, facts, histories
from domain.decision.events import Recommended
from tests.application.office import Office, an_office, run
from tests.application.personal import a_personal_adoption
from tests.domain.builders import DAY, HOUR, LARGE, NOON, SMALL, SUSPICIOUS, a_recommendation

HERE = Path(__file__).parent
Known = list[History]


def a_busy_office() -> Office:
    """Some of everything that may become of a decision."""
    office = an_office()
    for n in range(6):
        office.report(office.recommend("bot", f"small {n}", context=SMALL).decision.id)
    for n in range(3):
        office.choose(office.recommend("bot", f"large {n}", context=LARGE).decision.id)
    id = office.recommend("bot", 'odd <&> "subject" =1+1 \x01', context=SUSPICIOUS).decision.id
    office.choose(id)
    office.choose(id, who="sam")
    unsure = a_recommendation(confidence="0.30")
    office.choose(office.recommend("bot", "unsure", recommendation=unsure).decision.id, who="di")
    late = office.recommend("bot", "late", context=LARGE).decision.id
    office.pass_time(5 * HOUR)
    office.strike(late)
    office.withdraw(office.recommend("bot", "back", context=LARGE).decision.id)
    gone = office.recommend("bot", "=cmd()").decision.id
    office.report(gone)
    office.contest(gone)
    office.reverse(gone)
    return office


OFFICE = a_busy_office()


def all_histories(office: Office, **wanted: Any) -> Known:
    async def read() -> Known:
        return [history async for history in histories(Wanted(**wanted), office.desk)]

    return run(read())


KNOWN = all_histories(OFFICE)


def written(kind: Callable[[TextIO], Writer], known: Known = KNOWN) -> str:
    out = io.StringIO()
    writer = kind(out)
    for history in known:
        writer.add(history)
    writer.end()
    return out.getvalue()


def variants(known: Known) -> list[list[Any]]:
    """The same sequences of events, and how many decisions took each."""
    counted = Counter(tuple(event.TOPIC for event in history) for history in known)
    return sorted([list(variant), size] for variant, size in counted.items())


def many() -> Known:
    """Enough at one moment that a tool which sorts by time alone would mix them up."""
    known: Known = []
    for history in KNOWN * 30:
        other = {"originator_id": uuid4()}
        known.append(tuple(event.model_copy(update=other) for event in history))
    random.Random(4711).shuffle(known)
    return known


def mined(format: str, text: str, directory: Path) -> dict[str, Any]:
    file = directory / f"log.{'xes' if format == 'xes' else 'jsonocel'}"
    file.write_text(text, encoding="utf-8")
    read = subprocess.run(
        [sys.executable, str(HERE / "mining.py"), format, str(file)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert read.returncode == 0, read.stderr
    found: dict[str, Any] = json.loads(read.stdout[read.stdout.index("{") :])
    return found


def test_every_decision_is_there_with_its_whole_life() -> None:
    log = [p.event for p in OFFICE.log()]
    ids = [event.originator_id for event in log if isinstance(event, Recommended)]
    assert [history[0].originator_id for history in KNOWN] == ids
    assert sum(map(len, KNOWN)) == sum(event.originator_id in set(ids) for event in log)
    assert len(variants(KNOWN)) >= 6


# ── process mining


@pytest.mark.parametrize(("format", "kind"), [("xes", XesWriter), ("ocel", OcelWriter)])
def test_pm4py_finds_the_same_cases_events_and_variants(
    format: str, kind: Callable[[TextIO], Writer], tmp_path: Path
) -> None:
    known = many()
    found = mined(format, written(kind, known), tmp_path)
    assert found["cases"] == len(known)
    assert found["events"] == sum(map(len, known))
    assert found["variants"] == variants(known)
    assert found["activities"] == Counter(event.TOPIC for history in known for event in history)
    assert {"lane", "queue", "reason_code", "confidence"} <= set(found["columns"])


def test_pm4py_finds_the_same_objects(tmp_path: Path) -> None:
    found = mined("ocel", written(OcelWriter), tmp_path)
    subjects = {cast("Recommended", history[0]).subject for history in KNOWN}
    people = {e.actor.id for h in KNOWN for e in h if e.actor.is_person}
    assert found["objects"]["decision"] == len(KNOWN)
    assert found["objects"]["subject"] == len(subjects)
    assert found["objects"]["person"] == len(people)
    assert (found["objects"]["decision_type"], found["objects"]["service"]) == (1, 1)


def test_ocel_names_every_type_attribute_and_object_that_it_uses() -> None:
    ocel = json.loads(written(OcelWriter))
    types = {t["name"]: {a["name"]: a["type"] for a in t["attributes"]} for t in ocel["eventTypes"]}
    objects = {one["id"]: one for one in ocel["objects"]}
    assert len(objects) == len(ocel["objects"])
    for event in ocel["events"]:
        assert {one["name"] for one in event["attributes"]} <= types[event["type"]].keys()
        assert all(one["objectId"] in objects for one in event["relationships"])
    kinds = {t["name"]: {a["name"] for a in t["attributes"]} for t in ocel["objectTypes"]}
    for one in ocel["objects"]:
        assert {a["name"] for a in one["attributes"]} <= kinds[one["type"]]
        assert all(r["objectId"] in objects for r in one["relationships"])


def test_xes_is_well_formed_whatever_a_subject_is_called() -> None:
    root = ET.fromstring(written(XesWriter))
    space = {"x": "http://www.xes-standard.org/"}
    assert root.get("xes.version") == "1.0"
    said = {
        one.get("value")
        for one in root.findall("x:trace/x:string", space)
        if one.get("key") == "subject"
    }
    assert 'odd <&> "subject" =1+1 \N{REPLACEMENT CHARACTER}' in said


@given(st.text(min_size=1))
def test_no_text_breaks_an_export(text: str) -> None:
    first = cast("Recommended", KNOWN[0][0]).model_copy(update={"subject": text})
    known: Known = [(first, *KNOWN[0][1:])]
    if "\ud800" <= text <= "\udfff":
        return
    ET.fromstring(written(XesWriter, known).encode(errors="replace"))
    assert json.loads(written(OcelWriter, known))["events"]
    assert len(list(csv.reader(io.StringIO(written(CsvWriter, known), newline="")))) == 2
    json.loads(written(ProvWriter, known))


# ── tables


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_csv_has_a_row_a_decision_with_what_the_metrics_know() -> None:
    found = rows(written(CsvWriter))
    assert [row["key"] for row in found] == [str(h[0].originator_id) for h in KNOWN]
    for row, history in zip(found, KNOWN, strict=True):
        known = facts(history)
        assert (row["state"], row["lane"]) == (known.state, str(known.lane or ""))
        assert row["confidence"] == str(float(known.confidence or 0))
        assert row["reason_codes"] == ";".join(known.reason_codes)
    assert found[0]["received_at"] == "2026-01-05T12:00:00.000000Z"


def test_no_cell_is_carried_out_by_a_spreadsheet() -> None:
    found = {row["subject"] for row in rows(written(CsvWriter))}
    assert "'=cmd()" in found
    assert not any(subject.startswith("=") for subject in found)


def test_parquet_has_the_same_rows_with_their_types(tmp_path: Path) -> None:
    file = tmp_path / "decisions.parquet"
    writer = ParquetWriter(file)
    for history in KNOWN:
        writer.add(history)
    writer.end()
    table = parquet.read_table(file)
    assert table.column_names == list(COLUMNS)
    found = table.to_pylist()
    assert [row["key"] for row in found] == [str(h[0].originator_id) for h in KNOWN]
    assert found[0]["received_at"] == NOON
    assert found[0]["confidence"] == 0.95
    assert {row["subject"] for row in found} >= {"=cmd()", "small 0"}


# ── provenance


@pytest.mark.parametrize("history", KNOWN, ids=lambda h: cast("Recommended", h[0]).subject[:12])
def test_the_provenance_of_a_decision_reads_back(history: History) -> None:
    document = ProvDocument.deserialize(content=written(ProvWriter, [history]), format="json")
    kinds = Counter(type(record).__name__ for record in document.get_records())
    assert kinds["ProvActivity"] == kinds["ProvGeneration"] == len(history)
    assert kinds["ProvDerivation"] == len(history) - 1
    agents = {str(r.identifier) for r in document.get_records() if "Agent" in type(r).__name__}
    people = {f"remit:person/{e.actor.id}" for e in history if e.actor.is_person}
    assert people <= agents


# ── what is wanted


def test_a_window_holds_what_was_received_in_it_with_all_that_came_later() -> None:
    office = an_office()
    before = office.recommend("bot", "a", context=LARGE).decision.id
    office.pass_time(timedelta(hours=1))
    inside = office.recommend("bot", "b", context=LARGE).decision.id
    office.pass_time(timedelta(hours=1))
    office.recommend("bot", "c", context=LARGE)
    office.choose(inside)
    found = all_histories(office, since=NOON + HOUR, until=NOON + 2 * HOUR)
    assert [history[0].originator_id for history in found] == [inside]
    assert len(found[0]) == 5
    assert all_histories(office, decision_type="loans") == []
    assert all_histories(office, until=NOON + HOUR)[0][0].originator_id == before
    assert all_histories(office, since=NOON + DAY) == []


def test_what_comes_while_it_is_written_does_not_keep_it_from_ending() -> None:
    office = an_office()
    office.recommend("bot", "first", context=SMALL)

    async def read() -> list[UUID]:
        found = []
        async for history in histories(Wanted(), office.desk):
            found.append(history[0].originator_id)
            assert len(found) < 5
            await asyncio.to_thread(office.recommend, "bot", f"more {len(found)}", context=SMALL)
        return found

    assert len(run(read())) == 1


def test_nothing_personal_is_in_any_export(tmp_path: Path) -> None:
    office = Office().adopt(a_personal_adoption())
    facts_of = {**LARGE, "name": "Ada Lovelace", "account": 4711, "words": ["geheim"]}
    office.choose(office.recommend("bot", "a", context=facts_of).decision.id)
    known = all_histories(office)
    told = [written(kind, known) for kind in (OcelWriter, XesWriter, CsvWriter, ProvWriter)]

    async def feed() -> str:
        return str([p.event.model_dump_json() async for p in events(Wanted(), office.desk)])

    told.append(run(feed()))
    assert "context" in told[-1]
    for text in told:
        for word in ("Ada", "4711", "geheim"):
            assert word not in text


def test_a_long_log_needs_no_more_memory_than_a_short_one() -> None:
    class Nowhere(io.StringIO):
        def write(self, text: str, /) -> int:
            return len(text)

    def peak(times: int) -> int:
        writer = OcelWriter(Nowhere())
        first = cast("Recommended", KNOWN[0][0])
        tracemalloc.start()
        for n in range(times):
            subject = {"subject": f"s-{n}", "originator_id": UUID(int=n)}
            writer.add((first.model_copy(update=subject), *KNOWN[0][1:]))
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        writer.end()
        return found

    assert peak(800) < 2 * peak(200) + 200_000
