"""Asking for proofs: whoever may see an event may have it proved."""

from uuid import UUID

from application.audit.ledger import Inclusion, NotInTheLog, inclusion
from application.desk import Caller
from application.reading import Reader, TrailSearch, audit_trail


async def prove(event: UUID, caller: Caller, reader: Reader, size: int | None = None) -> Inclusion:
    """Prove that an event is in the log, to anyone who has a seat where it belongs."""
    found = await audit_trail(TrailSearch(event=event), None, 1, caller, reader)
    if not found.items:
        raise NotInTheLog(f"event: found {event}, which the audit trail does not know here yet")
    return await inclusion(found.items[0].position, reader.ledger, size)
