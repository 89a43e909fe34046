"""Invariant 12: erasing a person's data changes no hash, and verification still passes.

Any histories of decisions about several people; some of the people are erased. Every stored byte is
as it was, and so is whatever is computed from it; the erased people's data are nowhere, at rest
they never were in plain, and everybody else's still read.
"""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from a_service import REFUND
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from psycopg.rows import tuple_row
from psycopg.sql import SQL, Identifier
from pydantic import JsonValue

from adapters.assembly import codec, postgres_desk
from adapters.eventstore.vault import Vault
from adapters.memory.log import MemoryEventLog
from adapters.memory.projections import MemoryProjectionStore
from adapters.postgres.log import PostgresEventLog
from adapters.postgres.projections import ProjectionStore
from adapters.settings import BadSettings, Settings
from application.desk import Desk
from application.erasing import Erase, erase
from application.feed import EventView
from application.governing import adopt
from application.lots import LotDrawer
from application.metrics.formulas import compute
from application.metrics.window import Window
from application.ports import Append, EventLog, Forgotten
from application.projections.catalogue import ALL
from application.projections.feedback import Feedback
from application.recommending import Recommend, recommend
from application.replaying_log import replay_log
from application.trail import trail_line
from application.views import DecisionView
from domain.decision.state import Decision
from domain.model import Refusal
from tests.application import office as offices
from tests.application.office import caller
from tests.application.personal import DPO, PersonalOffice, a_personal_adoption
from tests.domain.builders import DAY, HOUR, MODEL, NOON, a_recommendation

KEY = "0123456789abcdef" * 4
VAULT = Vault(bytes.fromhex(KEY), "kek-1")
PEOPLE = ("ann", "bob", "eve")
FEW = settings(
    max_examples=12,
    deadline=None,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
ACTS = (
    "recommend small", "recommend large", "recommend suspicious", "recommend without amount",
    "recommend otherwise", "inform", "refresh", "uphold", "override", "request_info", "refer",
    "report", "contest", "observe", "withdraw", "wait",
)  # fmt: skip
histories = st.lists(
    st.tuples(st.sampled_from(PEOPLE), st.sampled_from(ACTS)), min_size=4, max_size=25
)
AMOUNTS = {"small": 40, "large": 400, "suspicious": 40, "otherwise": 400}

Stored = tuple[int, UUID, int, str, bytes]


# ── both logs


@dataclass
class Book:
    """A log that can be looked at from outside, byte by byte."""

    log: EventLog
    run: Callable[[Any], Any]
    stored: Callable[[], list[Stored]]
    rows: Callable[[], dict[str, dict[str, str]]]
    """Every row of every projection, brought up to the log, as JSON by projection and key."""
    at_rest: Callable[[], str]
    """All that is kept, as text; stored bytes as hexadecimal digits too."""
    feedback: Callable[[], list[Any]]


@contextmanager
def in_memory() -> Generator[Book]:
    log = MemoryEventLog(codec(VAULT))
    store = MemoryProjectionStore(log)

    def stored() -> list[Stored]:
        found = log._recorder.select_notifications(None, 100_000)
        return [
            (int(n.id), UUID(str(n.originator_id)), n.originator_version, n.topic, n.state)
            for n in found
        ]

    def rows() -> dict[str, dict[str, str]]:
        return {each.name: _rows(store, each) for each in ALL}

    def at_rest() -> str:
        kept = [log._known_as, log._keys, log._commands, log._live, store._rows]
        return f"{kept} {[(row, row[4].hex()) for row in stored()]}"

    def feedback() -> list[Any]:
        return list(store.rows(Feedback()).values())

    with asyncio.Runner() as runner:
        yield Book(log, runner.run, stored, rows, at_rest, feedback)


@contextmanager
def on_postgres(url: str) -> Generator[Book]:
    def query(statement: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(url, row_factory=tuple_row) as connection:
            return connection.execute(statement).fetchall()

    def stored() -> list[Stored]:
        columns = "notification_id, originator_id, originator_version, topic, state"
        found = query(SQL(f"SELECT {columns} FROM remit_events ORDER BY 1"))  # type: ignore[arg-type]
        return [(a, b, c, d, bytes(e)) for a, b, c, d, e in found]

    def rows() -> dict[str, dict[str, str]]:
        with closing(ProjectionStore(url, codec())) as store:
            return {each.name: _rows(store, each) for each in ALL}

    def at_rest() -> str:
        tables = query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        texts = [
            text
            for (table,) in tables
            for (text,) in query(SQL("SELECT t::text FROM {} AS t").format(Identifier(table)))
        ]
        return " ".join([*texts, *(repr(row[4]) for row in stored())])

    def feedback() -> list[Any]:
        with closing(ProjectionStore(url, codec())) as store:
            return list(store.rows(Feedback()).values())

    with asyncio.Runner() as runner:
        log = PostgresEventLog(url, codec(VAULT))
        runner.run(log.open())
        try:
            yield Book(log, runner.run, stored, rows, at_rest, feedback)
        finally:
            runner.run(log.close())


def _rows(store: Any, projection: Any) -> dict[str, str]:
    store.catch_up(projection)
    assert store.verify(projection) == []
    return {key: row.model_dump_json() for key, row in store.rows(projection).items()}


@pytest.fixture(params=["memory", "postgres"])
def book(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Generator[Book]:
    opened = (
        in_memory()
        if request.param == "memory"
        else on_postgres(request.getfixturevalue("database_url"))
    )
    with opened as found:
        monkeypatch.setattr(offices, "run", found.run)  # a pool belongs to one event loop
        yield found


# ── people and what happens to their decisions


@dataclass
class Town:
    """Decisions about people, and every word that was said about each of them and taken in."""

    office: PersonalOffice
    mark: str = field(default_factory=lambda: f"zq{uuid4().hex[:10]}")
    words: dict[str, set[str]] = field(default_factory=lambda: {who: set() for who in PEOPLE})
    saying: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    ids: dict[str, list[UUID]] = field(default_factory=lambda: {who: [] for who in PEOPLE})

    def reference(self, who: str) -> str:
        return f"{self.mark}-customer-{who}"

    def about(self, who: str) -> dict[str, JsonValue]:
        """Facts about a person that nobody else shares and nothing else spells."""
        said = [f"{self.mark} {who} {uuid4().hex[:8]}" for _ in range(2)]
        account = 10**24 + uuid4().int % 10**24
        self.saying = {*said, str(account)}
        return {"name": said[0], "account": account, "words": [said[1]]}

    def act(self, who: str, act: str) -> None:
        self.saying = set()
        try:
            match act.split():
                case ["recommend", *kind]:
                    self._recommend(who, kind[-1])
                case ["wait"]:
                    self.office.pass_time(HOUR)
                case _ if self.ids[who]:
                    self._on_the_newest(who, act)
        except Refusal:
            self.refused |= self.saying
        else:
            self.words[who] |= self.saying

    def _recommend(self, who: str, kind: str) -> None:
        context = self.about(who)
        if kind != "amount":
            context |= {"amount": AMOUNTS[kind], "suspicious": kind == "suspicious"}
        bot = "other-bot" if kind == "otherwise" else "bot"
        subject = f"order {self.mark} {len(self.ids[who]) // 3} {PEOPLE.index(who)}"
        answer = self.office.recommend(
            bot, subject, context=context, data_subject=self.reference(who), key=uuid4().hex
        )
        self.ids[who].append(answer.decision.id)

    def _on_the_newest(self, who: str, act: str) -> None:
        office, id = self.office, self.ids[who][-1]
        acts: dict[str, Callable[[], object]] = {
            "inform": lambda: office.inform(id, {"amount": 40, **self.about(who)}),
            "refresh": lambda: office.refresh(id, "2", {"amount": 40, **self.about(who)}),
            "uphold": lambda: office.choose(id),
            "override": lambda: office.choose(
                id, "override", action="replace", reason_code="OVR.X"
            ),
            "request_info": lambda: office.choose(id, "request_info", comment="which?"),
            "refer": lambda: office.choose(id, "refer"),
            "report": lambda: office.report(id),
            "contest": lambda: office.contest(id),
            "observe": lambda: office.observe(id, correct=False),
            "withdraw": lambda: office.withdraw(id),
        }
        acts[act]()

    def told(self, who: Sequence[str]) -> str:
        """Everything the service answers about these people, and the feed of everything."""
        desk, run = self.office.desk, offices.run
        answers = [EventView.of(p.event, p.position).model_dump_json() for p in self.office.log()]
        for id in (id for one in who for id in self.ids[one]):
            answers.append(DecisionView.of(self.office.decision(id)).model_dump_json())
            answers.extend(trail_line(e).model_dump_json() for e in run(desk.history(id)))
        return "\n".join(answers)

    def states(self, who: Sequence[str]) -> list[Decision]:
        return [self.office.decision(id) for one in who for id in self.ids[one]]


def a_town(book: Book) -> Town:
    office = PersonalOffice()
    office.desk = Desk(book.log, office.clock, LotDrawer(b"lots of a test", "test"))
    office.adopt(a_personal_adoption())
    return Town(office)


def chain(stored: Sequence[Stored]) -> str:
    """A SHA-256 chain over the log as it is stored."""
    link = b""
    for position, stream, version, topic, state in stored:
        row = f"{position} {stream} {version} {topic} ".encode()
        link = sha256(link + row + state).digest()
    return link.hex()


def measured(book: Book) -> str:
    window = Window(since=NOON - DAY, until=NOON + 30 * DAY)
    return compute(book.feedback(), window=window, as_of=NOON + 30 * DAY).model_dump_json()


# ── the invariant


def test_erasing_people_changes_no_hash_and_leaves_nothing_of_them(book: Book) -> None:
    @FEW
    @given(history=histories, erased=st.sets(st.sampled_from(PEOPLE), min_size=1))
    def any_history(history: list[tuple[str, str]], erased: set[str]) -> None:
        town = a_town(book)
        for who, act in history:
            town.act(who, act)
        _check(book, town, sorted(erased))

    any_history()


def _check(book: Book, town: Town, erased: list[str]) -> None:
    others = [who for who in PEOPLE if who not in erased]
    run, office = offices.run, town.office
    stored, rows, replayed = book.stored(), book.rows(), run(replay_log(office.desk))
    figures, untouched, before = measured(book), town.states(others), town.told(PEOPLE)
    assert all(word in before for who in PEOPLE for word in town.words[who])
    _nothing_in_plain(book, town)

    held = [who for who in erased if office.erase(town.reference(who)).erased]
    assert held == [who for who in erased if town.ids[who]]

    after = book.stored()
    assert after[: len(stored)] == stored
    assert chain(after[: len(stored)]) == chain(stored)
    assert [topic for *_, topic, _ in after[len(stored) :]] == [
        "data_subject.erased.v1" for _ in held
    ]
    assert run(replay_log(office.desk)) == replayed
    assert replayed.drifted == ()
    assert measured(book) == figures
    rows_after = book.rows()
    for name, known in rows.items():
        assert {key: rows_after[name][key] for key in known} == known
    assert town.states(others) == untouched
    told = town.told(PEOPLE)
    assert not [word for who in held for word in town.words[who] if word in told]
    assert all(word in told for who in others for word in town.words[who])
    _nothing_in_plain(book, town)
    assert not any(office.erase(town.reference(who)).erased for who in erased)
    assert book.stored() == after


def _nothing_in_plain(book: Book, town: Town) -> None:
    kept = book.at_rest()
    said = town.refused.union(*town.words.values(), map(town.reference, PEOPLE))
    assert not [word for word in said if word in kept or word.encode().hex() in kept]


# ── the files of the database


def test_no_file_of_the_database_holds_a_word_about_anyone(database_url: str) -> None:
    async def recorded(mark: str) -> None:
        async with PostgresEventLog(database_url, codec(VAULT)) as log:
            office = PersonalOffice()
            office.desk = Desk(log, office.clock, LotDrawer(b"lots of a test", "test"))
            await adopt(a_personal_adoption(), caller("operator"), office.desk)
            for n in range(20):
                command = Recommend(
                    decision_type="refund",
                    subject=f"plain-{mark}",
                    recommendation=a_recommendation(),
                    model=MODEL,
                    context={"amount": 40, "name": f"name-{mark}", "words": [f"word-{mark}"]},
                    data_subject=f"who-{mark}-{n}",
                )
                await recommend(command, caller("bot", f"{mark}-{n}", mark), office.desk)

    mark = uuid4().hex
    asyncio.run(recorded(mark))
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        (directory,) = connection.execute("SHOW data_directory").fetchone() or ("",)
    found = {
        kind: sum(f"{kind}-{mark}".encode() in _content(file) for file in _files(Path(directory)))
        for kind in ("plain", "name", "word", "who")
    }
    assert found.pop("plain") > 0, "the search sees what is stored in plain"
    assert found == {"name": 0, "word": 0, "who": 0}


def _files(directory: Path) -> list[Path]:
    # Not rglob: it fails where another test's database is dropped meanwhile.
    return [Path(folder, name) for folder, _, names in os.walk(directory) for name in names]


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


# ── rows folded anew


def test_the_processes_of_a_rebuild_need_no_key(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with on_postgres(database_url) as book:
        monkeypatch.setattr(offices, "run", book.run)
        town = a_town(book)
        for who in PEOPLE:
            town.act(who, "recommend large")
            town.act(who, "uphold")
        followed = book.rows()
        assert followed["feedback"].keys() == {str(id) for who in PEOPLE for id in town.ids[who]}
        town.office.erase(town.reference("ann"))
        with closing(ProjectionStore(database_url, codec(VAULT))) as store:
            for projection in ALL:
                store.rebuild(projection, part=5)
        folded_anew = book.rows()
        for name, known in followed.items():
            assert {key: folded_anew[name][key] for key in known} == known
        _nothing_in_plain(book, town)


# ── at the same time, and in the middle


def test_decisions_without_personal_facts_ask_for_no_key(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nobody_asks(*_: object) -> Any:
        raise AssertionError("a type without personal facts pays nothing")

    with on_postgres(database_url) as book:
        monkeypatch.setattr(offices, "run", book.run)
        office = PersonalOffice()
        office.desk = Desk(book.log, office.clock, LotDrawer(b"lots of a test", "test"))
        data_subjects = book.log._data_subjects  # type: ignore[attr-defined]
        monkeypatch.setattr(data_subjects, "_rows", nobody_asks)
        monkeypatch.setattr(data_subjects, "_run", nobody_asks)
        office.adopt()
        id = office.recommend(context={}).decision.id
        office.inform(id, {"amount": 400, "suspicious": False})
        office.choose(id)
        assert office.replayed(id).verdict == "match"
        assert not [row for row in book.stored() if b"data_subject" in row[4]]


def test_who_is_erased_between_deciding_and_writing_is_someone_new(book: Book) -> None:
    """The id was looked up, then the person was erased: nothing is sealed for nobody."""
    town = a_town(book)
    office, log = town.office, book.log
    real, lookups = log.data_subject, list[UUID]()

    async def erased_at_once(reference: str) -> UUID:
        lookups.append(await real(reference))
        if len(lookups) == 1:
            await erase(Erase(data_subject=reference), DPO, office.desk)
        return lookups[-1]

    log.data_subject = erased_at_once  # type: ignore[method-assign]
    decision = office.recommend(context={"amount": 40, "name": "Ann"}, data_subject="x").decision
    assert len(lookups) == 2 and decision.data_subject == lookups[1] != lookups[0]
    assert office.decision(decision.id).context["name"] == "Ann"


def test_an_append_for_someone_erased_is_refused_alone(book: Book) -> None:
    town = a_town(book)
    first = town.office.recommend(context={"amount": 40, "name": "Ann"}, data_subject="x")
    stream = offices.run(book.log.stream(first.decision.id))
    town.office.erase("x")
    moved = stream[0].model_copy(update={"originator_id": uuid4()})
    with pytest.raises(Forgotten):
        offices.run(book.log.append(Append((moved,))))


def test_everybody_who_asks_at_once_for_someone_new_gets_the_same_id(book: Book) -> None:
    async def all_at_once() -> set[UUID]:
        return set(await asyncio.gather(*(book.log.data_subject("x") for _ in range(20))))

    assert len(offices.run(all_at_once())) == 1


KILLED = """
import asyncio, os, signal, sys
from adapters.assembly import codec
from adapters.eventstore.vault import Vault
from adapters.postgres.log import PostgresEventLog

async def main(url, key):
    async with PostgresEventLog(url, codec(Vault(bytes.fromhex(key), "kek-1"))) as log:
        print(await log.data_subject("customer 7"), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main(*sys.argv[1:]))
"""


def test_a_process_killed_between_the_key_and_the_event_leaves_nothing_broken(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Path(__file__).parents[2] / "src"
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, database_url, KEY],
        env=os.environ | {"PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    with on_postgres(database_url) as book:
        monkeypatch.setattr(offices, "run", book.run)
        office = a_town(book).office
        assert office.erase("customer 7").erased, "a key without an event can be erased too"
        again = office.recommend(context={"amount": 40, "name": "Ann"}, data_subject="customer 7")
        assert str(again.decision.data_subject) != killed.stdout.strip()
        assert office.decision(again.decision.id).context["name"] == "Ann"


def test_an_erasure_holds_at_once_in_every_process(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with on_postgres(database_url) as here:
        monkeypatch.setattr(offices, "run", here.run)
        office = a_town(here).office
        decision = office.recommend(context={"amount": 400, "name": "Ann"}).decision
        office.claim(decision.id)
        with on_postgres(database_url) as elsewhere:
            other = PersonalOffice()
            other.desk = Desk(elsewhere.log, other.clock, office.desk.lots)
            monkeypatch.setattr(offices, "run", elsewhere.run)
            assert other.decision(decision.id).context["name"] == "Ann"
            assert other.erase(decision.subject).erased
        monkeypatch.setattr(offices, "run", here.run)
        assert office.decision(decision.id).erased == ("name",)
        assert office.release(decision.id).decision.erased == ("name",)


def test_many_processes_of_an_erasure_record_it_once(book: Book) -> None:
    town = a_town(book)
    town.office.recommend(context={"amount": 40, "name": "Ann"}, data_subject="x")

    async def all_at_once() -> list[bool]:
        desk = town.office.desk
        each = [erase(Erase(data_subject="x"), DPO, desk) for _ in range(8)]
        return [erasure.erased for erasure in await asyncio.gather(*each)]

    assert sum(offices.run(all_at_once())) == 1
    topics = [topic for *_, topic, _ in book.stored()]
    assert topics.count("data_subject.erased.v1") == 1


# ── without the key


@pytest.mark.parametrize(
    ("given_key", "found"), [("", "found none"), ("f" * 64, "found another one")]
)
def test_a_process_without_the_key_does_not_start_on_sealed_data(
    database_url: str, given_key: str, found: str
) -> None:
    """What is sealed would look as if it were erased."""
    right = {"lot_key": "a secret of the tests alone", "key_encryption_key": KEY}

    async def opened(content: dict[str, str]) -> None:
        async with postgres_desk(database_url, Settings.model_validate(content)) as desk:
            await desk.data_subject("customer 7")

    asyncio.run(opened(right))
    with pytest.raises(BadSettings, match=f"REMIT_KEY_ENCRYPTION_KEY: {found}.*under kek-1"):
        asyncio.run(opened(right | {"key_encryption_key": given_key}))


@pytest.mark.parametrize("key", ["short", "g" * 64, "0" * 63, "0" * 65])
def test_a_key_that_is_none_is_refused_by_name_and_not_shown(database_url: str, key: str) -> None:
    settings = Settings.model_validate(
        {"lot_key": "a secret of the tests alone", "key_encryption_key": key}
    )

    async def opened() -> None:
        async with postgres_desk(database_url, settings):
            pass

    with pytest.raises(BadSettings, match="REMIT_KEY_ENCRYPTION_KEY: found") as told:
        asyncio.run(opened())
    assert key not in str(told.value)


# ── at the command line


def test_an_operator_erases_on_the_risk_owners_word(database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "refund.yaml"
    text = REFUND.replace("context:\n", "context:\n    name: {type: code, personal: true}\n")
    file.write_text(text, encoding="utf-8")
    settings = Settings.model_validate(
        {"lot_key": "a secret of the tests alone", "key_encryption_key": KEY}
    )
    environment = {
        "REMIT_DATABASE_URL": database_url,
        "REMIT_LOT_KEY": "a secret of the tests alone",
        "REMIT_KEY_ENCRYPTION_KEY": KEY,
    }

    def remit(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "adapters", *words],
            env=os.environ | environment | more,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    unable = remit("adopt", str(file), REMIT_KEY_ENCRYPTION_KEY="")
    assert unable.returncode == 2 and "REJ.no_key_encryption_key" in unable.stderr
    assert remit("adopt", str(file)).returncode == 0

    async def recorded() -> Decision:
        async with postgres_desk(database_url, settings) as desk:
            command = Recommend(
                decision_type="refund",
                subject="customer 7",
                recommendation=a_recommendation(),
                model=MODEL,
                context={"amount": 40, "name": "Ann"},
            )
            return (await recommend(command, caller("bot"), desk)).decision

    async def looked_at(id: UUID) -> tuple[Decision, Any]:
        async with postgres_desk(database_url, settings) as desk:
            return await desk.decision(id), (await desk.log.after(0))[-1].event

    decision = asyncio.run(recorded())
    done = remit("erase", "customer 7", "--for", "cy", "--by", "olga")
    assert done.returncode == 0, done.stderr
    after, erased = asyncio.run(looked_at(decision.id))
    assert after.erased == ("name",)
    assert (erased.actor.id, erased.actor.via) == ("cy", "command line by olga")
    again = remit("erase", "customer 7", "--for", "cy")
    assert again.returncode == 1 and "nothing is held" in again.stdout
