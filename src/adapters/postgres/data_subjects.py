"""Data subjects on PostgreSQL: who a reference means, and the wrapped keys of what is sealed.

Keys are read with each request and kept by none, so that an erasure holds at once everywhere.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, LiteralString
from uuid import UUID, uuid4

from adapters.postgres.encoding import EventCodec, Keys
from application.ports import Forgotten
from domain.model import Event

KNOWN_AS = "SELECT id FROM data_subjects WHERE reference = %b"
MAKE_KNOWN = """
    INSERT INTO data_subjects (id, reference, wrapped_key) VALUES (%b, %b, %b)
    ON CONFLICT (reference) DO NOTHING
"""
KEYS = "SELECT id, wrapped_key FROM data_subjects WHERE id = ANY (%b)"
ANY_KEY = "SELECT id, wrapped_key FROM data_subjects LIMIT 1"

# Behind the append of the same transaction: only who is on record as erased goes.
FORGET = """
    DELETE FROM data_subjects AS subject USING remit_events AS erased
    WHERE subject.id = ANY (%b) AND erased.originator_id = subject.id
"""

Rows = Callable[[LiteralString, Sequence[Any]], Awaitable[list[tuple[Any, ...]]]]
Run = Callable[[LiteralString, Sequence[Any]], Awaitable[None]]
NOBODYS: Keys = {}


class DataSubjects:
    """The table of data subjects, through the log's own connections."""

    def __init__(self, codec: EventCodec, rows: Rows, run: Run) -> None:
        self._codec = codec
        self._rows = rows
        self._run = run

    async def known_as(self, reference: str) -> UUID | None:
        """The id of whoever a reference means; None if nobody."""
        vault = self._codec.vault
        if vault is None:
            return None
        found = await self._rows(KNOWN_AS, (vault.reference(reference),))
        return found[0][0] if found else None

    async def make_known(self, reference: str) -> UUID:
        """The same; who is new gets a random id and a key, durable before this answers."""
        vault = self._codec.vault
        assert vault is not None, "asked only where personal facts can be sealed"
        while (known := await self.known_as(reference)) is None:
            id = uuid4()
            key = vault.new_key(id, reference)
            await self._run(MAKE_KNOWN, (id, vault.reference(reference), key))
        return known

    async def keys_to_read(self, states: Iterable[bytes]) -> Keys:
        """The keys that open what is stored, as far as they still exist.

        Whoever has no vault opens nothing: what is sealed reads as if it were erased.
        """
        if self._codec.vault is None:
            return NOBODYS
        sealed_for = self._codec.sealed_for
        return await self._keys({id for state in states if (id := sealed_for(state))})

    async def keys_to_write(self, events: Iterable[Event]) -> Keys:
        """The keys that seal these events; `Forgotten` if one is no more."""
        needed = {id for event in events if (id := self._codec.seals_for(event))}
        keys = await self._keys(needed)
        if needed - keys.keys():
            raise Forgotten("a data subject was erased meanwhile")
        return keys

    async def any_key(self) -> tuple[UUID, bytes] | None:
        """Some key, to see whether it can be unwrapped; None if nothing is sealed here."""
        found = await self._rows(ANY_KEY, ())
        return (found[0][0], found[0][1]) if found else None

    async def _keys(self, ids: set[UUID]) -> Keys:
        return dict(await self._rows(KEYS, (list(ids),))) if ids else NOBODYS
