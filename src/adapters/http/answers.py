"""Answers: what a use case gave back, with the headers that belong to it."""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from litestar import Response
from pydantic import BaseModel

from application.desk import Answer, Caller
from application.sight.quality import view_of
from application.views import DecisionView
from domain.decision.state import Decision
from domain.model import Value

Item = TypeVar("Item")
View = TypeVar("View", bound=BaseModel)

REPLAYED = {"Idempotent-Replayed": "true"}


class Page(Value, Generic[Item]):
    """A part of a list; `next` is the cursor of the part that follows, if one does."""

    items: Sequence[Item]
    next: str | None = None


def versioned(view: View, version: int, *, replayed: bool = False) -> Response[View]:
    """A view of something that has versions."""
    headers = {"ETag": f'"{version}"'} | (REPLAYED if replayed else {})
    return Response(view, headers=headers)


def answered(
    answer: Answer, view: Callable[[Decision], View], status: int = 200, **headers: str
) -> Response[View]:
    """What a command on a decision answers with."""
    said: dict[str, Any] = headers_of(answer) | headers
    return Response(view(answer.decision), status_code=status, headers=said)


def headers_of(answer: Answer) -> dict[str, str]:
    """The version of what a command left, and whether it had been said before."""
    version = {"ETag": f'"{answer.decision.version}"'}
    return version | REPLAYED if answer.replayed else version


def decided(answer: Answer, caller: Caller) -> Response[DecisionView]:
    """The decision after a command, as far as the caller may see it."""
    return answered(answer, lambda decision: view_of(decision, caller))
