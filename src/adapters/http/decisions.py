"""Decisions: services hand over recommendations; who has a seat reads what became of them."""

from typing import Any
from uuid import UUID

from litestar import Controller, MediaType, Request, Response, get, post
from litestar.params import FromPath

from adapters.http.answers import Page, answered, versioned
from adapters.http.batch import MEDIA_TYPE, BatchAnswer
from adapters.http.bodies import RecommendBody
from adapters.http.histories import Paging, When, decision_at, events_of, trail_of
from adapters.http.lists import DecisionFound, Sought, found
from adapters.http.operations import LINE_IN, LINE_OUT, READS, TAKES
from adapters.http.parts import Asked, TheCaller, TheDesk, TheReader
from adapters.http.problems import Problem
from adapters.http.submissions import submit
from application.explaining import DecisionExplanation, explain
from application.feed import EventView
from application.replaying import DecisionReplay, replay
from application.sight.quality import require_sight, view_at
from application.trail import TrailLine
from application.views import DecisionView


class Decisions(Controller):
    """A recommendation on its way to a governed outcome."""

    path = "/v1/decisions"
    tags = ("Decisions",)

    @post(opt={READS: RecommendBody})
    async def recommend(
        self, request: Request[Any, Any, Any], desk: TheDesk, caller: TheCaller
    ) -> Response[DecisionView]:
        """Hand over a recommendation and learn who acts: you at once, a person, or nobody yet."""
        answer = await submit(await request.json(), caller, desk)
        where = f"/v1/decisions/{answer.decision.id}"
        return answered(answer, DecisionView.of, 201, Location=where)

    @post(
        "/batch",
        status_code=200,
        request_max_body_size=None,
        media_type=MEDIA_TYPE,
        opt={TAKES: MEDIA_TYPE, LINE_IN: RecommendBody, LINE_OUT: DecisionView | Problem},
    )
    async def recommend_many(
        self, request: Request[Any, Any, Any], desk: TheDesk, caller: TheCaller
    ) -> BatchAnswer:
        """Hand over many, one JSON a line; each line is answered, in order, by its own line.

        A bad line is answered with its own problem document and stops nobody. With an
        Idempotency-Key, each line is a command of its own under that key and its line number.
        """
        return BatchAnswer(request, desk, caller)

    @get()
    async def search(
        self, asked: Asked[Sought], desk: TheDesk, reader: TheReader, caller: TheCaller
    ) -> Page[DecisionFound]:
        """Find decisions, the newest first."""
        return await found(asked, caller, desk, reader)

    @get("/{id:uuid}")
    async def read(
        self, id: FromPath[UUID], asked: Asked[When], desk: TheDesk, caller: TheCaller
    ) -> Response[DecisionView]:
        """The decision now, or as it was at a version or at a time."""
        decision = await decision_at(id, asked, caller, desk)
        return versioned(await view_at(decision, caller, desk), decision.version)

    @get("/{id:uuid}/events")
    async def events(
        self, id: FromPath[UUID], asked: Asked[Paging], desk: TheDesk, caller: TheCaller
    ) -> Response[Page[EventView]]:
        """Everything that happened to it, in order, as CloudEvents 1.0."""
        page = await events_of(id, asked, caller, desk)
        written: Any = page
        return Response(written, media_type=MediaType.JSON)

    @get("/{id:uuid}/trail")
    async def trail(
        self, id: FromPath[UUID], asked: Asked[Paging], desk: TheDesk, caller: TheCaller
    ) -> Page[TrailLine]:
        """The same as sentences, for people, with the attempts that were refused at their place."""
        return await trail_of(id, asked, caller, desk)

    @get("/{id:uuid}/replay")
    async def replay(self, id: FromPath[UUID], desk: TheDesk, caller: TheCaller) -> DecisionReplay:
        """Its routing evaluated again from what was recorded: does it still match?"""
        require_sight(await desk.decision(id), caller)
        return await replay(id, desk)

    @get("/{id:uuid}/explanation")
    async def explanation(
        self, id: FromPath[UUID], desk: TheDesk, caller: TheCaller
    ) -> DecisionExplanation:
        """Why it was routed so: every test, and which single fact would have had it automated."""
        require_sight(await desk.decision(id), caller)
        return await explain(id, desk)
