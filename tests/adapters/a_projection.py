"""A projection of no business: how many notes a stream has, and what was counted on it."""

from typing import ClassVar
from uuid import UUID

from an_event import Counted, Noted

from application.ports import Positioned
from application.projections import Projection, Row
from domain.model import Event

TABLE = """
    CREATE TABLE tally (
        key text PRIMARY KEY,
        stream uuid NOT NULL,
        notes integer NOT NULL CHECK (notes >= 0),
        amount bigint NOT NULL,
        texts jsonb NOT NULL
    );
    CREATE INDEX tally_amount_idx ON tally (amount);
"""


class Tally(Row):
    """One stream's tally."""

    stream: UUID
    notes: int = 0
    amount: int = 0
    texts: tuple[str, ...] = ()


class Tallies(Projection[Tally]):
    """A note saying "forget" forgets the stream; one saying "stumble" can't be folded."""

    name: ClassVar[str] = "tally"
    Row = Tally

    def key(self, event: Event) -> str | None:
        return (
            None if isinstance(event, Noted) and event.text == "skip" else str(event.originator_id)
        )

    def fold(self, row: Tally | None, positioned: Positioned) -> Tally | None:
        event = positioned.event
        row = row or Tally(key=str(event.originator_id), stream=event.originator_id)
        if isinstance(event, Counted):
            return row.model_copy(update={"amount": row.amount + event.amount})
        assert isinstance(event, Noted)
        if event.text == "stumble":
            raise ArithmeticError("this note can't be folded")
        if event.text == "forget":
            return None
        texts = (*row.texts, event.text)[-3:]
        return row.model_copy(update={"notes": row.notes + 1, "texts": texts})


class Amounts(Tallies):
    """The same of counted events alone."""

    topics = (Counted.TOPIC,)
