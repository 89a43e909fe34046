"""The application: every operation of the service, behind one door."""

from functools import cache
from typing import Any

import msgspec
from litestar import Litestar, Request, Response
from litestar.config.app import AppConfig
from litestar.datastructures import State
from litestar.exceptions import MethodNotAllowedException, NotFoundException
from litestar.plugins.pydantic import PydanticPlugin
from litestar.routes import HTTPRoute
from litestar.types import ControllerRouterHandler
from pydantic import BaseModel

from adapters.http.aftermath import Aftermath
from adapters.http.analyses import Analyses
from adapters.http.callers import OPEN_TO_ALL, Keys, identity_of, keeps_the_door
from adapters.http.conflicts import Conflicts
from adapters.http.data_subjects import DataSubjects
from adapters.http.decisions import Decisions
from adapters.http.description import Description
from adapters.http.dispositions import Bulk
from adapters.http.feeds import Feed
from adapters.http.figures import Figures
from adapters.http.governance import DecisionTypes
from adapters.http.health import Healths
from adapters.http.lists import Lists
from adapters.http.parts import Trials, parts
from adapters.http.policies import Policies
from adapters.http.problems import Rejected, answer_problem
from adapters.http.proofs import Proofs
from adapters.http.queues import Queues
from adapters.http.reading import JsonRequest, decode
from adapters.http.rehearsals import Rehearsals
from adapters.http.reviews import Reviews
from adapters.http.short_way import ShortWay
from adapters.settings import Settings
from application.desk import Desk
from application.reading import Reader

OPERATIONS: tuple[ControllerRouterHandler, ...] = (
    Decisions,
    Reviews,
    Bulk,
    Aftermath,
    Conflicts,
    DecisionTypes,
    Analyses,
    Policies,
    Rehearsals,
    DataSubjects,
    Feed,
    Lists,
    Proofs,
    Queues,
    Figures,
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

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer by the short way, or as the framework does."""
        await self.short_way(scope, receive, send)

    async def in_general(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer as the framework does."""
        await super().__call__(scope, receive, send)


def create_app(
    desk: Desk,
    keys: Keys,
    settings: Settings,
    reader: Reader | None = None,
    trials: Trials | None = None,
) -> Service:
    """The service over a desk, for those who hold a key. Its caller opens and closes the desk.

    Without a reader of projections, lists, queues and metrics are not to be had; without trials,
    no rehearsals.
    """
    app = _application(desk, keys, settings, reader, trials)
    app.short_way = ShortWay(desk, keys, settings.max_body_bytes, app.in_general)
    return app


def _application(
    desk: Desk, keys: Keys, settings: Settings, reader: Reader | None, trials: Trials | None
) -> Service:
    return Service(
        route_handlers=OPERATIONS,
        dependencies=parts(desk, reader, trials),
        guards=[keeps_the_door],
        before_request=_answer_options,
        exception_handlers={
            Exception: answer_problem,
            NotFoundException: _answer_unknown,
            MethodNotAllowedException: _answer_unknown,
        },
        request_class=JsonRequest,
        request_max_body_size=settings.max_body_bytes,
        state=State({"api_keys": keys, "settings": settings}),
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


def _answer_unknown(request: Request[Any, Any, Any], failure: Exception) -> Response[bytes]:
    """What isn't there isn't told to strangers either, but for what is open to all."""
    if request.scope["path"] not in _open_paths(request.app):
        try:
            identity_of(request.headers, request.app.state.api_keys)
        except Rejected as unknown:
            return answer_problem(request, unknown)
    return answer_problem(request, failure)


@cache
def _open_paths(app: Litestar) -> frozenset[str]:
    return frozenset(
        route.path
        for route in app.routes
        if isinstance(route, HTTPRoute)
        and any(handler.opt.get(OPEN_TO_ALL) for handler in route.route_handlers)
    )
