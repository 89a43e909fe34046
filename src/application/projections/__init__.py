"""Projections: a key and a fold over the log. Storage merely remembers them."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Generic, Self, TypeVar

from application.ports import Positioned
from domain.model import Event, Value


class Row(Value):
    """One row of a projection; its fields are the columns of the projection's table."""

    key: str

    def changed(self, changes: Mapping[str, Any]) -> Self:
        """This row with some columns changed. Nothing is checked again: what a fold says comes from
        events that were checked when they were read. (`model_copy` costs three times as much.)"""
        row = object.__new__(type(self))
        _set(row, "__dict__", {**self.__dict__, **changes})
        _set(row, "__pydantic_fields_set__", self.__pydantic_fields_set__)
        _set(row, "__pydantic_extra__", None)
        _set(row, "__pydantic_private__", None)
        return row


_set = object.__setattr__
R = TypeVar("R", bound=Row)
Key = tuple[str, str, str, str]
"""What a sum is kept under: a decision type, a day, a measure, a label."""


class Projection(ABC, Generic[R]):
    """What is remembered about the log, one row a key.

    A fold sees only the row and the event, so the same events always give the same rows. All events
    of a row are of one stream, so rows can be folded anew stream by stream, unless it says that
    they are to be folded `in_order`.
    """

    name: ClassVar[str]
    """Also the name of its table and of its position in the log."""
    topics: ClassVar[tuple[str, ...]] = ()
    """The event topics it follows; none means all of them."""
    in_order: ClassVar[bool] = False
    """Whether events of many streams make a row: they are folded in the order of the log. Such
    rows are few."""
    Row: type[R]
    counts: ClassVar[str | None] = None
    """The table of the sums of what its rows count for, if they are counted."""

    def counted(self, row: R) -> Iterable[tuple[Key, int]]:  # noqa: ARG002 - most count nothing
        """What a row counts for: kept up with the rows, in the same transaction."""
        return ()

    @abstractmethod
    def key(self, event: Event) -> str | None:
        """The row that an event concerns, or nothing if it concerns none."""

    @abstractmethod
    def fold(self, row: R | None, positioned: Positioned) -> R | None:
        """The row after the event; None if there is no longer one."""

    def concerned(self, events: Iterable[Positioned]) -> list[tuple[str, Positioned]]:
        """The events that concern a row, each with that row's key, in order."""
        return [(key, p) for p in events if (key := self.key(p.event)) is not None]


def fold_onto(
    projection: Projection[R], rows: dict[str, R | None], events: Iterable[tuple[str, Positioned]]
) -> None:
    """Fold each event into the row it concerns; a row that is no more becomes None."""
    for key, positioned in events:
        rows[key] = projection.fold(rows.get(key), positioned)
