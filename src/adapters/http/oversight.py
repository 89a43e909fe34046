"""Oversight: whether reviewers look, for owners and for the reviewer concerned."""

from litestar import Controller, get

from adapters.http.bodies import Word
from adapters.http.parts import Asked, TheCaller, TheDesk, TheReader
from adapters.http.spans import Span
from application.overseeing import OversightView, overseen


class OversightAsked(Span):
    """Of which decision type, from, up to and without to; everything until now by default."""

    decision_type: Word


class OversightFigures(Controller):
    """Whether review is real."""

    path = "/v1/metrics/oversight"
    tags = ("Feedback",)

    @get()
    async def oversight(
        self, asked: Asked[OversightAsked], desk: TheDesk, reader: TheReader, caller: TheCaller
    ) -> OversightView:
        """How long reviewers look, and how they agree beside their peers: all of them for an owner
        or an auditor, their own line for a reviewer."""
        window = asked.window(desk.clock.now())
        return await overseen(asked.decision_type, window, caller, desk, reader)
