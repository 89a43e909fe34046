"""Sending: what is written in one turn of the loop goes out in one piece.

The web server writes an answer's head and its body one after the other, and each would be a call
of the system and a packet that wakes the client.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_GATHERED = 65_536
"""In bytes: more is sent at once, so that a slow client is noticed as soon as ever."""


class GatheringTransport:
    """A transport that lets writes gather until the loop's next turn; else it is the one within."""

    def __init__(self, within: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._within = within
        self._loop = loop
        self._gathered: list[bytes] = []
        self._size = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._within, name)

    def write(self, data: bytes) -> None:
        """Send this with whatever else is written in this turn."""
        if not self._gathered:
            self._loop.call_soon(self._send)
        self._gathered.append(data)
        self._size += len(data)
        if self._size > MOST_GATHERED:
            self._send()

    def close(self) -> None:
        """Send what has gathered, then close."""
        self._send()
        self._within.close()

    def _send(self) -> None:
        gathered, self._gathered, self._size = self._gathered, [], 0
        if gathered and not self._within.is_closing():
            self._within.write(b"".join(gathered))


class Gathering(HttpToolsProtocol):
    """The web server's protocol over such a transport."""

    def connection_made(self, transport: Any) -> None:
        """A client has come."""
        # It has what the protocol asks of a transport, and is none by name.
        super().connection_made(GatheringTransport(transport, self.loop))  # type: ignore[arg-type]
