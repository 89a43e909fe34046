"""The application: every operation of the service, behind one door."""

from functools import cache
from typing import Any

import msgspec
from litestar import Litestar, Request, Response
from litestar.config.app import AppConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.plugins.pydantic import PydanticPlugin
from litestar.routes import HTTPRoute
from litestar.types import ControllerRouterHandler
from pydantic import BaseModel

from adapters.http.aftermath import Aftermath
from adapters.http.analyses import Analyses
from adapters.http.breakers import CircuitBreakers
from adapters.http.callers import OPEN_TO_ALL, Doors, keeps_the_door, let_in
from adapters.http.conflicts import Conflicts
from adapters.http.data_subjects import DataSubjects
from adapters.http.decisions import Decisions
from adapters.http.description import Description
from adapters.http.dev import Dev, Issuer
from adapters.http.dispositions import Bulk
from adapters.http.feeds import Feed
from adapters.http.figures import Figures
from adapters.http.governance import DecisionTypes
from adapters.http.halts import Halts
from adapters.http.health import Healths
from adapters.http.lists import Lists
from adapters.http.oversight import OversightFigures
from adapters.http.pace import Pace
from adapters.http.parts import Trials, parts
from adapters.http.policies import Policies
from adapters.http.problems import MEDIA_TYPE, Rejected, answer_problem, told
from adapters.http.proofs import Proofs
from adapters.http.queues import Queues
from adapters.http.reading import JsonRequest, decode
from adapters.http.rehearsals import Rehearsals
from adapters.http.reliability import Calibrations, Recalibrating
from adapters.http.reviews import Reviews
from adapters.http.short_way import ShortWay
from adapters.http.subscriptions import Webhooks
from adapters.http.thresholds import ThresholdFigures
from adapters.http.volumes import EligibleVolume
from adapters.settings import Settings
from application.authority import require_declared
from application.desk import Desk
from application.reading import Reader
from application.subscribing import Outlets

OPERATIONS: tuple[ControllerRouterHandler, ...] = (
    Decisions,
    Reviews,
    Bulk,
    Aftermath,
    Conflicts,
    DecisionTypes,
    CircuitBreakers,
    Halts,
    Analyses,
    Policies,
    Rehearsals,
    DataSubjects,
    Feed,
    Webhooks,
    Lists,
    Proofs,
    Queues,
    Figures,
    OversightFigures,
    EligibleVolume,
    ThresholdFigures,
    Calibrations,
    Recalibrating,
    Healths,
    Description,
)


class OwnJson(PydanticPlugin):
    """JSON by pydantic's own reader and writer, from bytes and to bytes."""

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        app_config.type_encoders = {BaseModel: _written}
        app_config.type_decoders = [(_is_model, decode)]
        return app_config


def _written(model: BaseModel) -> msgspec.Raw:
    return msgspec.Raw(model.__pydantic_serializer__.to_json(model))


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


class Service(Litestar):
    """The application, with a short way for what callers wait for."""

    short_way: ShortWay
    doors: Doors
    pace: Pace

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer by the short way, or as the framework does."""
        await self.short_way(scope, receive, send)

    async def in_general(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer as the framework does, once it is known who asks, unless anyone may."""
        if scope["type"] == "http" and scope["path"].rstrip("/") not in _open_paths(self):
            try:
                scope["user"] = await let_in(_headers(scope), self.doors, self.pace)
            except Rejected as unknown:
                await _turn_away(unknown, scope, send)
                return
        await super().__call__(scope, receive, send)


def _headers(scope: Any) -> dict[str, str]:
    """The headers that say who asks. What is said twice is said by nobody."""
    given = [v for name, v in scope["headers"] if name == b"authorization"]
    return {"authorization": given[0].decode("latin-1")} if len(given) == 1 else {}


async def _turn_away(unknown: Rejected, scope: Any, send: Any) -> None:
    """What isn't there isn't told to strangers either."""
    status, content, more = told(unknown, scope["path"])
    said = [(name.lower().encode(), value.encode()) for name, value in more.items()]
    said += [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": status, "headers": said})
    body = b"" if scope["method"] == "HEAD" else content
    await send({"type": "http.response.body", "body": body, "more_body": False})


def create_app(
    desk: Desk,
    doors: Doors,
    settings: Settings,
    reader: Reader | None = None,
    trials: Trials | None = None,
    outlets: Outlets | None = None,
    issuer: Issuer | None = None,
) -> Service:
    """The service over a desk, for those whom its doors let in. Its caller opens and closes both.

    Without a reader of projections, lists, queues and metrics are not to be had; without trials,
    no rehearsals; without outlets, no subscriptions; with an issuer, anyone on this machine may be
    anybody.
    """
    app = _application(parts(desk, reader, trials, outlets), settings, issuer)
    require_declared(_guarded(app))
    app.doors, app.pace = doors, Pace(settings.most_per_second)
    app.short_way = ShortWay(desk, doors, app.pace, settings.max_body_bytes, app.in_general)
    return app


def _application(known: dict[str, Provide], settings: Settings, issuer: Issuer | None) -> Service:
    dev = (Dev,) if issuer else ()
    return Service(
        route_handlers=(*OPERATIONS, *dev),
        dependencies=known | {"issuer": Provide(lambda: issuer, sync_to_thread=False)},
        guards=[keeps_the_door],
        before_request=_answer_options,
        exception_handlers={
            Exception: answer_problem,
        },
        request_class=JsonRequest,
        request_max_body_size=settings.max_body_bytes,
        state=State({"settings": settings}),
        plugins=[OwnJson()],
        openapi_config=None,
        logging_config=None,
    )


async def _answer_options(request: Request[Any, Any, Any]) -> Response[None] | None:
    """What can be done with a thing, where the framework would name a part of it only."""
    if request.method != "OPTIONS":
        return None
    methods = _methods(request.app)[request.scope["path_template"]]
    return Response(None, status_code=204, headers={"Allow": ", ".join(sorted(methods))})


@cache
def _methods(app: Litestar) -> dict[str, set[str]]:
    return {
        route.path_format: {str(method) for method in route.methods}
        for route in app.routes
        if isinstance(route, HTTPRoute)
    }


@cache
def _open_paths(app: Litestar) -> frozenset[str]:
    return frozenset(
        route.path
        for route in app.routes
        if isinstance(route, HTTPRoute)
        and any(handler.opt.get(OPEN_TO_ALL) for handler in route.route_handlers)
    )


def _guarded(app: Litestar) -> frozenset[str]:
    """The operations that not everyone may ask for, by name."""
    return frozenset(
        handler.fn.__name__
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if not handler.opt.get(OPEN_TO_ALL) and "OPTIONS" not in handler.http_methods
    )
