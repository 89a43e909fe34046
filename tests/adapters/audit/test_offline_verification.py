"""An export is checked without us, and whatever was changed in it is found, at its place."""

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.audit import verify
from adapters.audit.export import SCRIPT, chosen
from adapters.signing.keys import SigningKey
from adapters.trouble import Trouble
from tests.adapters.audit.a_record import KEY, ARecord, exported, some_events

COUNT = 21
RECORD = ARecord(some_events(COUNT), (5, 13, 20))
POSITIONS = [str(one.position) for one in RECORD.stored]
LAST = COUNT - 1
"""The one after the last checkpoint: nobody signed for it."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported(RECORD, tmp_path_factory.mktemp("export") / "whole")


@pytest.fixture(autouse=True)
def signatures_are_checked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """By arithmetic on plain numbers it takes its time."""
    monkeypatch.setattr(verify, "signs", cache(verify.signs))


def said(export: Path, *given: str) -> str:
    """What the script says of an export: empty where it is sound."""
    with pytest.raises(SystemExit) as ended:
        verify.main(str(export), *given)
    return str(ended.value.code or "")


def bad(position: str) -> str:
    return f"CHANGED, first bad position: {position}"


def changed(whole: Path, name: str, change: Callable[[list[bytes]], list[bytes]]) -> str:
    """What the script says after the lines of a file were changed."""
    file, before = whole / name, (whole / name).read_bytes()
    try:
        file.write_bytes(b"".join(change(before.splitlines(keepends=True))))
        return said(whole)
    finally:
        file.write_bytes(before)


FILES = st.sampled_from(["events.jsonl", "hashes.txt"])


def test_what_was_not_changed_is_sound(whole: Path, tmp_path: Path) -> None:
    zipped = exported(RECORD, tmp_path / "export.zip")
    for export in (whole, zipped):
        assert said(export) == said(export, str(KEY.verifier)) == ""


def test_the_script_needs_nothing_but_python(whole: Path, tmp_path: Path) -> None:
    assert len(SCRIPT.read_text(encoding="utf-8").splitlines()) < 150
    alone = shutil.copytree(whole, tmp_path / "alone")
    command = (sys.executable, "-I", "-S", str(alone / "verify.py"), str(alone))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "21 events, the last 1 of them not protected" in done.stdout
    (alone / "events.jsonl").write_bytes(b"")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.strip()) == (1, bad("2"))


@given(FILES, st.integers(0, LAST - 1), st.data())
def test_any_flipped_bit_is_found_at_its_place(
    whole: Path, name: str, index: int, data: st.DataObject
) -> None:
    def flip(lines: list[bytes]) -> list[bytes]:
        line = bytearray(lines[index])
        line[data.draw(st.integers(0, len(line) - 2))] ^= 1 << data.draw(st.integers(0, 7))
        if b"\n" in line[:-1]:
            line[line.index(b"\n")] = 0
        return [*lines[:index], bytes(line), *lines[index + 1 :]]

    assert changed(whole, name, flip) == bad(POSITIONS[index])


@given(FILES, st.integers(0, LAST - 1))
def test_a_dropped_line_is_found_at_its_place(whole: Path, name: str, index: int) -> None:
    found = changed(whole, name, lambda lines: lines[:index] + lines[index + 1 :])
    assert found == bad(POSITIONS[index])


@given(FILES, st.integers(0, LAST - 2))
def test_a_doubled_line_is_found_where_it_takes_anothers_place(
    whole: Path, name: str, index: int
) -> None:
    found = changed(whole, name, lambda lines: lines[: index + 1] + lines[index:])
    assert found == bad(POSITIONS[index + 1])


@given(FILES, st.integers(0, LAST - 2), st.integers(1, LAST))
def test_two_lines_that_changed_places_are_found_at_the_first(
    whole: Path, name: str, index: int, away: int
) -> None:
    other = min(index + away, LAST - 1)

    def swap(lines: list[bytes]) -> list[bytes]:
        lines[index], lines[other] = lines[other], lines[index]
        return lines

    assert changed(whole, name, swap) == bad(POSITIONS[index])


@given(FILES, st.integers(0, LAST))
def test_what_was_cut_off_is_found_where_it_ends(whole: Path, name: str, index: int) -> None:
    assert changed(whole, name, lambda lines: lines[:index]) == bad(POSITIONS[index])


@pytest.mark.parametrize("name", ["events.jsonl", "hashes.txt"])
def test_what_was_put_at_the_end_is_found(whole: Path, name: str) -> None:
    assert changed(whole, name, lambda lines: [*lines, lines[-1]]) == bad(POSITIONS[-1])
    assert changed(whole, name, lambda lines: [*lines, b"anything\n"]).startswith("CHANGED")


@given(st.integers(0, LAST - 1))
def test_a_history_that_was_written_anew_is_found_between_checkpoints(
    tmp_path_factory: pytest.TempPathFactory, whole: Path, index: int
) -> None:
    """All hashes agree, and the forger signs: checkpoints that were kept elsewhere know better."""
    forged = ARecord(some_events(COUNT, forked_from=index), (20,))
    export = exported(forged, tmp_path_factory.mktemp("forged") / "export")
    kept = tmp_path_factory.mktemp("kept")
    for one in RECORD.checkpoints():
        (kept / str(one.size)).write_text(one.note, encoding="utf-8")
    found = said(export, "", *(str(file) for file in sorted(kept.iterdir(), key=str)))
    sizes = [0, *RECORD.published]
    before, after = next((a, b) for a, b in pairwise(sizes) if index < b)
    last_sound = POSITIONS[before - 1] if before else "0"
    assert found == bad(f"after {last_sound}, up to {POSITIONS[after - 1]}")


def test_a_history_that_was_cut_short_is_known_by_a_later_checkpoint(
    whole: Path, tmp_path: Path
) -> None:
    export = exported(ARecord(RECORD.stored[:15], (5, 13)), tmp_path / "short")
    assert said(export) == ""
    kept = tmp_path / "checkpoint"
    kept.write_text(RECORD.checkpoints()[-1].note, encoding="utf-8")
    assert said(export, "", str(kept)) == bad(f"after {POSITIONS[14]}: 5 events are missing")


@given(st.data())
def test_a_checkpoint_that_was_changed_was_not_signed(whole: Path, data: st.DataObject) -> None:
    def flip(lines: list[bytes]) -> list[bytes]:
        line = bytearray(lines[0])
        line[data.draw(st.integers(0, len(line) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        return [bytes(line), *lines[1:]]

    assert changed(whole, "checkpoints.jsonl", flip).startswith("CHANGED")


def test_a_checkpoint_of_another_signer_is_none(whole: Path) -> None:
    other = str(SigningKey("example.org/log", bytes(32)).verifier)
    assert said(whole, other).startswith(bad("unknown (example.org/log did not sign"))


@pytest.mark.parametrize("name", ["events.jsonl", "hashes.txt", "checkpoints.jsonl", "key.txt"])
def test_a_file_that_is_gone_is_noticed(whole: Path, tmp_path: Path, name: str) -> None:
    export = shutil.copytree(whole, tmp_path / "export")
    (export / name).unlink()
    assert said(export).startswith("CHANGED")


def test_content_that_is_no_text_is_exported_as_it_is(tmp_path: Path) -> None:
    stored = [one._replace(payload=b"\xff\x00" + one.payload) for one in some_events(3)]
    assert said(exported(ARecord(stored, (3,)), tmp_path / "export")) == ""


def test_an_export_overwrites_nothing(whole: Path, tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="is not empty"):
        exported(RECORD, whole)
    (tmp_path / "there.zip").touch()
    with pytest.raises(Trouble, match="is there already"):
        exported(RECORD, tmp_path / "there.zip")


def test_a_record_of_which_nothing_was_published_is_not_exported(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="no checkpoint was published yet"):
        exported(ARecord(some_events(3), ()), tmp_path / "export")


def test_of_many_checkpoints_the_newest_and_some_before_are_exported() -> None:
    published = ARecord(some_events(10), range(1, 11)).checkpoints() * 20
    assert len(chosen(published)) <= 64
    assert chosen(published)[-1] == published[-1]


def test_a_zip_can_be_told_from_a_directory(tmp_path: Path) -> None:
    zipped = exported(RECORD, tmp_path / "export.zip")
    assert sorted(zipfile.ZipFile(zipped).namelist()) == [
        *("checkpoints.jsonl", "events.jsonl", "hashes.txt", "key.txt", "verify.py")
    ]
