"""Sentences that the terminal and the page have in common."""

from domain.guardrail.dead import DeadRule
from domain.guardrail.difference import Difference


def dead_text(rule: DeadRule) -> str:
    """What is the matter with a dead rule."""
    if not rule.covered_by:
        return f"{rule.id}: its condition can't be true"
    return f"{rule.id}: never decides anything, since {', '.join(rule.covered_by)} covers it"


def summary(difference: Difference) -> str:
    """What changes all in all, in a few words."""
    kinds = dict.fromkeys(effect.bucket for effect in difference.total)
    return ", ".join(kinds) or "every case is treated as before"


def approver_text(difference: Difference) -> str:
    """Who has to approve, and why."""
    match difference.approver:
        case None:
            return "nobody; the versions mean the same"
        case seat if difference.relaxes:
            return f"the {seat.replace('_', ' ')}, since something is relaxed"
        case seat:
            return f"the {seat.replace('_', ' ')}, since nothing is relaxed"
