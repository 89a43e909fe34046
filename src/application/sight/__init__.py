"""Sight: what a caller may see of a decision, in every view of it.

Who has a seat where a decision belongs sees all of it, but for those who are still to look at it
with fresh eyes: before a quality check (`quality`), and before a second review where the decision
type says so (`second_review`).
"""

from collections.abc import Sequence

from application.desk import Caller, Desk
from application.feed import EventView
from application.ports import Positioned, Told
from application.projections.audit_trail import AuditLine
from application.sight import quality, second_review


async def events_for(history: list[Told], caller: Caller, desk: Desk) -> list[Told]:
    """The events of one decision, as far as the caller may see them."""
    left = await quality.events_for(history, caller, desk)
    return [await second_review.told_for(each, caller, desk) for each in left]


async def event_for(positioned: Positioned, caller: Caller, desk: Desk) -> EventView | None:
    """An event of the log, as far as the caller may see it; None if not at all."""
    view = await quality.event_for(positioned, caller, desk)
    if view is None or not await second_review.withheld(positioned.event, caller, desk):
        return view
    return view.kept_back(second_review.WITHHELD)


async def lines_for(lines: Sequence[AuditLine], caller: Caller, desk: Desk) -> list[AuditLine]:
    """The lines of the audit trail that the caller may see, as far as they may."""
    left = [await quality.line_for(line, caller, desk) for line in lines]
    return [await second_review.line_for(line, caller, desk) for line in left if line is not None]
