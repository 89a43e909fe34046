"""What is written in one turn of the loop goes out in one piece, and nothing is lost."""

import asyncio
from typing import Any, cast

from adapters.http.sending import MOST_GATHERED, GatheringTransport


class Wire(asyncio.Transport):
    """Keeps what is written on it, piece by piece."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        self.pieces.append(bytes(data))

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True


def gathering(wire: Wire) -> asyncio.Transport:
    return cast(asyncio.Transport, GatheringTransport(wire, asyncio.get_running_loop()))


def test_a_head_and_its_body_go_out_together() -> None:
    async def pieces() -> list[bytes]:
        wire = Wire()
        transport = gathering(wire)
        transport.write(b"head ")
        transport.write(b"body")
        assert wire.pieces == []
        await asyncio.sleep(0)
        transport.write(b"next")
        await asyncio.sleep(0)
        return wire.pieces

    assert asyncio.run(pieces()) == [b"head body", b"next"]


def test_what_was_written_before_closing_is_sent_and_nothing_after() -> None:
    async def pieces() -> list[bytes]:
        wire = Wire()
        transport = gathering(wire)
        transport.write(b"last")
        transport.close()
        assert transport.is_closing()
        transport.write(b"too late")
        await asyncio.sleep(0)
        return wire.pieces

    assert asyncio.run(pieces()) == [b"last"]


def test_what_grows_large_is_sent_at_once() -> None:
    async def pieces() -> list[int]:
        wire = Wire()
        gathering(wire).write(b"x" * (MOST_GATHERED + 1))
        return [len(piece) for piece in wire.pieces]

    assert asyncio.run(pieces()) == [MOST_GATHERED + 1]
