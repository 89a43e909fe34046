"""Patience: how long the web server waits for what a client began to send.

A client that sends a byte now and then would hold a connection for ever, and many of them all there
are. One look at each connection every now and then is enough, so a request pays next to nothing.
"""

from typing import Any

from adapters.http.sending import Gathering

LARGEST_HEAD = 65_536
LOOKS_PER_WAIT = 4
LATE = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
LARGE = b"HTTP/1.1 431 Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Patient(Gathering):
    """The web server's protocol, with an end to its patience."""

    head_seconds: float = 10
    body_seconds: float = 60

    _since: float
    """When the client began to send what it has not finished."""
    _in_head = True
    _in_body = False
    _of_known_length = True
    _head_size = 0

    def connection_made(self, transport: Any) -> None:
        """A client has come, and is expected to say something."""
        super().connection_made(transport)
        self._since = self.loop.time()
        self._look_again()

    def data_received(self, data: bytes) -> None:
        """A piece of a request; the first one of a head begins the wait for the rest."""
        if not self._in_body:
            if not self._in_head:
                self._since, self._in_head, self._head_size = self.loop.time(), True, 0
        elif not self._of_known_length:
            self._since = self.loop.time()
        super().data_received(data)
        if self._in_head:
            self._head_size += len(data)
            if self._head_size > LARGEST_HEAD:
                self._end(LARGE)

    def on_headers_complete(self) -> None:
        """The head is there; what follows is the body, if anything does."""
        super().on_headers_complete()
        self._in_head, self._in_body, self._since = False, True, self.loop.time()
        self._of_known_length = all(name != b"transfer-encoding" for name, _ in self.headers)

    def on_message_complete(self) -> None:
        """All of it is there; from here on the client waits for us."""
        self._in_head = self._in_body = False
        super().on_message_complete()

    def _look_again(self) -> None:
        shortest = min(self.head_seconds, self.body_seconds)
        self.loop.call_later(shortest / LOOKS_PER_WAIT, self._look)

    def _look(self) -> None:
        if self.transport.is_closing():
            return
        waited = self.loop.time() - self._since
        if self._in_body and waited > self.body_seconds:
            self.transport.close()
        elif self._in_head and waited > self.head_seconds and not self._answers:
            self._end(LATE)
        self._look_again()

    @property
    def _answers(self) -> bool:
        """Whether a request is being answered; a stream of events is for hours."""
        return self.cycle is not None and not self.cycle.response_complete  # pyright: ignore[reportUnnecessaryComparison] - none before the first

    def _end(self, said: bytes) -> None:
        if not self._answers:
            self.transport.write(said)
        self.transport.close()


def patient(head_seconds: float, body_seconds: float) -> type[Patient]:
    """The protocol with these waits."""
    return type("Patient", (Patient,), {"head_seconds": head_seconds, "body_seconds": body_seconds})
