"""The record as it leaves for an auditor: events as stored, what was logged, what was signed."""

import json
import zipfile
from base64 import b64encode
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Protocol

from adapters.trouble import Trouble
from application.audit.entries import Stored, recorded_at
from application.audit.ledger import Published
from application.audit.merkle import Frontier

MOST_CHECKPOINTS = 64
"""The newest, and so many more from all over the log: the others are consistent with these."""
SCRIPT = Path(__file__).with_name("verify.py")
KEEPS = 1_000
Progress = Callable[[int, int], None]
Files = Callable[[str], AbstractContextManager[IO[bytes]]]
"""Begins a file by its name."""


class Logged(Protocol):
    """What was logged of an event."""

    @property
    def position(self) -> int: ...

    @property
    def hash(self) -> bytes: ...


class Record(Protocol):
    """The record as of one moment, read as it is asked for."""

    @property
    def tree(self) -> Frontier: ...

    def events(self) -> Iterator[Stored]: ...

    def logged(self) -> "Iterator[Logged]": ...

    def checkpoints(self) -> list[Published]: ...


def row(stored: Stored) -> bytes:
    """An event as a line: its content letter by letter as it is stored."""
    said: dict[str, object] = {
        "position": stored.position,
        "stream": stored.stream,
        "version": stored.version,
        "type": stored.type,
        "recorded_at": recorded_at(stored.payload),
    }
    try:
        said["payload"] = stored.payload.decode()
    except UnicodeDecodeError:
        said["base64"] = b64encode(stored.payload).decode()
    return (
        json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
    )


def export(record: Record, key: str, files: Files, progress: Progress) -> int:
    """Write everything that it takes to check the record without us; give how many events."""
    published = record.checkpoints()
    if not published:
        raise Trouble(
            "no checkpoint was published yet: `remit audit publish` signs and brings out one"
        )
    lines(files, "checkpoints.jsonl", (spelt(one.note) for one in chosen(published)))
    lines(files, "key.txt", [f"{key}\n".encode()])
    lines(files, SCRIPT.name, [SCRIPT.read_bytes()])
    hashes = (f"{one.position} {one.hash.hex()}\n".encode() for one in record.logged())
    lines(files, "hashes.txt", hashes)
    return lines(
        files, "events.jsonl", map(row, record.events()), lambda n: progress(n, record.tree.size)
    )


def lines(
    files: Files,
    name: str,
    content: Iterable[bytes],
    heard: Callable[[int], object] = lambda _: None,
) -> int:
    """Write a file line by line; give how many there were."""
    written = 0
    with files(name) as file:
        for line in content:
            file.write(line)
            written += 1
            if written % KEEPS == 0:
                heard(written)
    return written


def spelt(note: str) -> bytes:
    """A note as one line of JSON."""
    return json.dumps(note, ensure_ascii=False).encode() + b"\n"


def chosen(published: Sequence[Published]) -> list[Published]:
    """The newest checkpoint, and some of those before it, the oldest first."""
    step = -(-len(published) // MOST_CHECKPOINTS)
    return list(reversed(published[::-1][::step]))


@contextmanager
def destination(out: Path) -> Generator[Files]:
    """A directory that is new or empty, or a zip file that is new."""
    if out.suffix == ".zip":
        if out.exists():
            raise Trouble(f"--out: {out} is there already")
        with zipfile.ZipFile(out, "x", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            yield lambda name: archive.open(name, "w", force_zip64=True)
        return
    out.mkdir(parents=True, exist_ok=True)
    if any(out.iterdir()):
        raise Trouble(f"--out: {out} is not empty")
    yield lambda name: (out / name).open("wb")
