"""Feeds: everything that happened, in order, for other systems to follow."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from litestar import Controller, Request, Response, get
from litestar.response import ServerSentEvent, ServerSentEventMessage
from pydantic import Field

from adapters.http.answers import Page
from adapters.http.operations import ALSO
from adapters.http.parts import Asked, TheCaller, TheDesk
from adapters.http.problems import FieldError, WrongContent
from application.desk import Caller, Desk
from application.feed import EventView
from application.ports import Positioned
from application.sight import event_for
from application.wording import shown
from domain.model import Value

STREAM = "text/event-stream"
NEWEST_POSSIBLE = 2**63 - 1
PAGE = 500


class Following(Value):
    """From where to follow the log, and how far at once."""

    after: int = Field(default=0, ge=0, le=NEWEST_POSSIBLE)
    limit: int = Field(default=100, ge=1, le=500)


class Feed(Controller):
    """The log, as far as the caller's seats reach."""

    path = "/v1/events"
    tags = ("Events",)

    @get(opt={ALSO: STREAM})
    async def follow(
        self,
        request: Request[Any, Any, Any],
        asked: Asked[Following],
        desk: TheDesk,
        caller: TheCaller,
    ) -> Response[Page[EventView]]:
        """Events behind a position; `next` is the `after` to go on with, now or later.

        With `Accept: text/event-stream` it keeps sending them, each with its position as its id,
        so that `Last-Event-ID` goes on where a lost connection ended.
        """
        after = _last_seen(request, asked.after)
        if STREAM in request.headers.get("accept", ""):
            return ServerSentEvent(_told(after, caller, desk))  # type: ignore[return-value]  # a stream, not a page
        found = await desk.log.after(after, limit=asked.limit)
        end = found[-1].position if found else after
        views = [await event_for(p, caller, desk) for p in found if _may_see(p, caller)]
        items = [view for view in views if view is not None]
        return Response(Page[EventView](items=items, next=str(end)))


def _last_seen(request: Request[Any, Any, Any], after: int) -> int:
    given = request.headers.get("last-event-id")
    if given is None:
        return after
    if not (given.isascii() and given.isdigit() and int(given) <= NEWEST_POSSIBLE):
        error = FieldError(
            field="Last-Event-ID", found=shown(given), allowed="the id of an event of this feed"
        )
        raise WrongContent(error)
    return int(given)


async def _told(
    position: int, caller: Caller, desk: Desk
) -> AsyncGenerator[ServerSentEventMessage, None]:
    async for _ in desk.log.changes():
        while found := await desk.log.after(position, limit=PAGE):
            for positioned in found:
                view = None
                if _may_see(positioned, caller):
                    view = await event_for(positioned, caller, desk)
                if view is not None:
                    yield ServerSentEventMessage(
                        data=view.model_dump_json(),
                        event=view.type,
                        id=positioned.position,
                    )
            position = found[-1].position
        await asyncio.sleep(0)


def _may_see(positioned: Positioned, caller: Caller) -> bool:
    """Whether the caller has a seat where the event belongs."""
    return bool(caller.seats(getattr(positioned.event, "decision_type", "*")))
