"""What a process did or saw, on disk line by line, so that it is there after a SIGKILL."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path


class Journal:
    """A file of lines that is only added to. Whoever begins again finds whole lines alone."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
        whole = path.read_bytes().rpartition(b"\n")
        os.truncate(self._file, len(whole[0]) + len(whole[1]))
        self.last = whole[0].rpartition(b"\n")[2].decode()

    def add(self, lines: Iterable[str]) -> None:
        """Add lines by one write."""
        if content := "".join(f"{line}\n" for line in lines):
            os.write(self._file, content.encode())


def whole_lines(path: Path) -> Iterator[str]:
    """A journal's lines, but for one that was cut off."""
    with path.open() as file:
        yield from (line.rstrip("\n") for line in file if line.endswith("\n"))
