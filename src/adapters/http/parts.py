"""Parts: what handlers are given besides the body: the desk, the caller, what is asked."""

from dataclasses import dataclass
from typing import Any, TypeVar, cast

from litestar import Request
from litestar.di import NamedDependency, Provide
from litestar.params import SkipValidation
from pydantic import BaseModel

from adapters.http.callers import caller_of
from adapters.http.problems import NoProjections
from adapters.http.reading import read_query
from application.desk import Caller, Desk
from application.reading import Reader
from application.rehearsing import Runner, Shelf
from application.shadowing import Figures
from application.subscribing import Outlets

Query = TypeVar("Query", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Trials:
    """Where policies are tried: rehearsals, who does them, and a trial's figures."""

    shelf: Shelf
    runner: Runner
    figures: Figures


# Ours from end to end, so the framework has nothing to validate about them.
TheDesk = NamedDependency[SkipValidation[Desk]]
TheCaller = NamedDependency[SkipValidation[Caller]]
TheReader = NamedDependency[SkipValidation[Reader]]
AnyEvidence = NamedDependency[SkipValidation[Reader | None]]
"""The reader of projections, if there is one, for what can be done without."""
TheTrials = NamedDependency[SkipValidation[Trials]]
TheOutlets = NamedDependency[SkipValidation[Outlets]]
Asked = NamedDependency[SkipValidation[Query]]
"""What the query string asks, as the model that the handler names."""


# Parts that don't depend on each other are made in tasks of their own, which costs a fifth of a
# small request; so each names the one before it, needed or not.
async def caller_after(request: Request[Any, Any, Any], desk: TheDesk) -> Caller:  # noqa: ARG001
    """The caller of this request."""
    return await caller_of(request)


def asked_of(request: Request[Any, Any, Any], caller: TheCaller) -> Any:  # noqa: ARG001
    """The query string as the model that the handler is annotated with."""
    asked = request.route_handler.parsed_fn_signature.parameters["asked"]
    return read_query(cast("type[BaseModel]", asked.annotation), request.query_params)


def _no_reader() -> Reader:
    raise NoProjections("this process follows no projections; commands and histories still work")


def _no_trials() -> Trials:
    raise NoProjections("this process tries no policies; it knows no history")


def _no_outlets() -> Outlets:
    raise NoProjections("this process keeps no subscriptions")


def parts(
    desk: Desk, reader: Reader | None, trials: Trials | None, outlets: Outlets | None
) -> dict[str, Provide]:
    """Everything a handler may name in its signature."""
    return {
        "desk": Provide(lambda: desk, sync_to_thread=False),
        "evidence": Provide(lambda: reader, sync_to_thread=False),
        "reader": Provide(lambda: reader or _no_reader(), sync_to_thread=False),
        "trials": Provide(lambda: trials or _no_trials(), sync_to_thread=False),
        "outlets": Provide(lambda: outlets or _no_outlets(), sync_to_thread=False),
        "caller": Provide(caller_after),
        "asked": Provide(asked_of, sync_to_thread=False),
    }
