"""Rehearsal: what trying a version on recorded history has shown, in short."""

from uuid import UUID

from pydantic import AwareDatetime

from domain.model import Value


class Rehearsal(Value):
    """The counts that are kept with the version; the whole report stands under the id."""

    id: UUID
    version: int
    against: int | None
    since: AwareDatetime
    until: AwareDatetime
    position: int
    decisions: int
    changed: int
    automated: int
    automated_before: int
    report_digest: str
