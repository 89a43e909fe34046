"""Proofs: the log's newest checkpoint, and what shows that an event is in it, unchanged."""

from uuid import UUID

from litestar import Controller, get
from pydantic import AwareDatetime, Field

from adapters.http.parts import Asked, TheCaller, TheReader
from application.audit.asking import prove
from application.audit.ledger import Inclusion, Standing, consistency, standing
from application.audit.notes import base64, proof_file
from domain.model import Value

LARGEST = 2**63 - 1


class CheckpointView(Value):
    """What was last published, and what is not protected by it yet."""

    size: int
    """Events in the published checkpoint; 0 if there is none."""
    root: str | None
    note: str | None
    """The checkpoint as it was signed (C2SP tlog-checkpoint): what counts."""
    published_at: AwareDatetime | None
    recorded: int
    """Events that are recorded by now."""
    unprotected: int
    """Those after the checkpoint: nobody outside would notice if they were changed."""

    @classmethod
    def of(cls, known: Standing) -> "CheckpointView":
        """The view of how far the record is protected."""
        newest = known.checkpoint
        return cls(
            size=newest.size if newest else 0,
            root=base64(newest.root) if newest else None,
            note=newest.note if newest else None,
            published_at=newest.published_at if newest else None,
            recorded=known.head.size + known.head.behind,
            unprotected=known.unprotected,
        )


class InclusionAsked(Value):
    """Which event is to be proved; in the newest published checkpoint unless a size is named."""

    event: UUID
    size: int | None = Field(default=None, ge=1, le=LARGEST)


class InclusionView(Value):
    """That an event is in the log's tree (RFC 6962): hash the entry, then up to the root."""

    event: UUID
    entry: str
    """The leaf, letter by letter: canonical JSON with a digest of what is stored."""
    index: int
    size: int
    root: str
    hashes: tuple[str, ...]
    protected: bool
    """Whether the root is that of a published checkpoint."""
    proof: str | None
    """The whole as a file that can be checked offline (C2SP tlog-proof), if it is protected."""

    @classmethod
    def of(cls, event: UUID, found: Inclusion) -> "InclusionView":
        """The view of a proof."""
        checkpoint = found.checkpoint
        return cls(
            event=event,
            entry=found.entry.decode(),
            index=found.index,
            size=found.size,
            root=base64(found.root),
            hashes=tuple(map(base64, found.hashes)),
            protected=checkpoint is not None,
            proof=proof_file(found.index, found.hashes, checkpoint.note) if checkpoint else None,
        )


class ConsistencyAsked(Value):
    """Two sizes that the log had; the later one is what it has now unless it is named."""

    old: int = Field(alias="from", ge=1, le=LARGEST)
    new: int | None = Field(default=None, alias="to", ge=1, le=LARGEST)


class ConsistencyView(Value):
    """That the log of one size begins with that of a smaller one: nothing was changed between."""

    from_size: int
    to_size: int
    from_root: str
    to_root: str
    hashes: tuple[str, ...]


class Proofs(Controller):
    """What needs no trust in whoever runs this service."""

    path = "/v1/audit"
    tags = ("Audit",)

    @get("/checkpoint")
    async def checkpoint(self, reader: TheReader, caller: TheCaller) -> CheckpointView:  # noqa: ARG002 - a known caller, whoever it is
        """What was last published of the log, and how many events it does not protect yet."""
        return CheckpointView.of(await standing(reader.ledger))

    @get("/inclusion")
    async def inclusion(
        self, asked: Asked[InclusionAsked], reader: TheReader, caller: TheCaller
    ) -> InclusionView:
        """Prove that an event is in the log as it is stored."""
        return InclusionView.of(asked.event, await prove(asked.event, caller, reader, asked.size))

    @get("/consistency")
    async def consistency(
        self,
        asked: Asked[ConsistencyAsked],
        reader: TheReader,
        caller: TheCaller,  # noqa: ARG002 - a known caller, whoever it is
    ) -> ConsistencyView:
        """Prove that the log of one size begins with that of a smaller one."""
        found = await consistency(asked.old, asked.new, reader.ledger)
        return ConsistencyView(
            from_size=found.old,
            to_size=found.new,
            from_root=base64(found.old_root),
            to_root=base64(found.new_root),
            hashes=tuple(map(base64, found.hashes)),
        )
