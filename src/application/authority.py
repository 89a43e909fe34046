"""Authority: who may do what. One declaration, which the doors obey and `docs/authority.md` prints.

A seat opens the door to an operation; the rules behind it ask more: the seat on this decision type,
a person where a person decides, an owner whom the decision type really names.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from application.desk import READ_ONLY, NoAuthority
from application.ports import Identity
from domain.model import OWNER_SEATS, ActorKind, Seat

READERS = tuple(seat for seat in Seat if seat is not Seat.ADMINISTRATOR)
"""Whoever has a part in a decision type reads what belongs to it; administrators have none."""
READING = frozenset(map(str, READERS))
ACTING = READING - READ_ONLY
"""Auditors read everything that belongs to their decision types, and change nothing; what they may
do all the same, subscribe for example, names their seat."""
DECISION, PRODUCT, RISK, ESCALATION = OWNER_SEATS
FALLBACK, REVIEWER, QUALITY = Seat.FALLBACK_OWNER, Seat.REVIEWER, Seat.QUALITY_REVIEWER
PRODUCER = Seat.PRODUCER


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may do one thing."""

    seats: tuple[Seat, ...]
    """From which seats; none at all means that anyone who is known may ask."""
    people: bool = False
    """Whether a person has to do it; a service never counts as one."""
    reads: bool = False
    """Whether it changes nothing."""
    besides: str = ""
    """What is asked besides the seat."""

    @property
    def asks_anyone(self) -> bool:
        """Whether anyone who is known may ask; what they see is what their seats reach."""
        return not self.seats


KNOWN = Rule((), reads=True, besides="shows what the caller's seats reach")
READ = Rule(READERS, reads=True)
WRITE_POLICY = Rule((PRODUCT, DECISION, RISK), people=True)
TRY_POLICY = Rule((PRODUCT, RISK, DECISION), people=True)
OWN = Rule(READERS, besides="whose it is")
OWN_WORK = "whose recommendation it is"

AUTHORITY: dict[str, Rule] = {
    # Decisions
    "recommend": Rule((PRODUCER,)),
    "recommend_many": Rule((PRODUCER,), besides="each line by itself"),
    "search": KNOWN,
    "read": READ,
    "events": READ,
    "trail": READ,
    "replay": READ,
    "explanation": READ,
    "receipt": Rule(
        (PRODUCER, *OWNER_SEATS, FALLBACK),
        besides=f"the producer {OWN_WORK}, or the decision owner; if it failed, any owner",
    ),
    "reverse": Rule((DECISION, ESCALATION), people=True),
    "outcome": Rule((PRODUCER, DECISION, PRODUCT)),
    "quality": Rule((QUALITY,), people=True, besides="who had no say in it before"),
    "contest": Rule((DECISION, RISK, PRODUCER)),
    "answer": Rule(
        (DECISION, RISK, ESCALATION, PRODUCT, REVIEWER, QUALITY, FALLBACK),
        people=True,
        besides="an objection: who had no say before; else the decision, risk or escalation owner",
    ),
    "withdraw": Rule((PRODUCER,), besides=OWN_WORK),
    "refresh": Rule((PRODUCER,)),
    # Reviews
    "claim": Rule(
        (REVIEWER, ESCALATION, FALLBACK),
        people=True,
        besides="a review as reviewer, an escalation as its owner",
    ),
    "release": Rule((REVIEWER, ESCALATION, FALLBACK), people=True, besides="who holds the lease"),
    "review": Rule(
        (REVIEWER,),
        people=True,
        besides="on the roster, holding the lease, and not the one who reviewed first",
    ),
    "resolve": Rule((ESCALATION, FALLBACK), people=True, besides="holding the lease"),
    "dispose": Rule(
        (REVIEWER, ESCALATION, FALLBACK), people=True, besides="each decision by itself"
    ),
    "inform": Rule((PRODUCER, REVIEWER, DECISION, ESCALATION)),
    "queues": KNOWN,
    "queue": KNOWN,
    "claim_next": Rule((REVIEWER, ESCALATION, FALLBACK), people=True),
    # Conflicts
    "read_conflict": READ,
    "arbitrate": Rule((ESCALATION, FALLBACK), people=True),
    # Decision types
    "all_types": KNOWN,
    "read_type": READ,
    "suspend": Rule(OWNER_SEATS, people=True),
    "resume": Rule((RISK,), people=True),
    "assign_owner": Rule((*OWNER_SEATS, FALLBACK), people=True),
    "vacate_owner": Rule((*OWNER_SEATS, FALLBACK), people=True),
    "write": Rule((DECISION,), people=True),
    "activate_type": Rule((DECISION,), people=True),
    "set_stage": Rule((DECISION, RISK), people=True, besides="one proposes, the other agrees"),
    "register_baseline": Rule((DECISION,), people=True),
    # Policies
    "draft": WRITE_POLICY,
    "history": READ,
    "read_version": READ,
    "set_floor": Rule((RISK,), people=True),
    "specify": WRITE_POLICY,
    "gate": READ,
    "propose": WRITE_POLICY,
    "approve": Rule(
        (RISK, PRODUCT),
        people=True,
        besides="neither who wrote it nor who proposed it; only the risk owner, if it relaxes",
    ),
    "refuse": Rule((RISK, PRODUCT), people=True),
    "activate": WRITE_POLICY,
    "roll_back": Rule((RISK, PRODUCT), people=True, besides="only the risk owner, if it relaxes"),
    "retire": Rule((RISK, DECISION), people=True),
    "evaluate": READ,
    "proofs": READ,
    "diff": READ,
    # Rehearsals
    "begin": TRY_POLICY,
    "look": READ,
    "cancel": TRY_POLICY,
    "start_shadow": TRY_POLICY,
    "stop_shadow": TRY_POLICY,
    "shadow": READ,
    # Kill switches beyond a decision type's own
    "halts": Rule((), reads=True, besides="shows those that are on"),
    "halt": Rule(
        OWNER_SEATS,
        people=True,
        besides="a model: owners of any decision type; everything: an owner for all of them (`*`)",
    ),
    "lift": Rule((RISK,), people=True, besides="for all decision types (`*`)"),
    # Subscriptions
    "subscribe": Rule(READERS, besides="sees what the caller's seats reach"),
    "subscriptions": Rule((), reads=True, besides="shows the caller's own, and what they oversee"),
    "subscription": Rule(
        (*READERS, Seat.ADMINISTRATOR), reads=True, besides="whose it is, or who oversees it"
    ),
    "unsubscribe": Rule(
        (*READERS, Seat.ADMINISTRATOR), besides="whose it is, or an administrator of all it sees"
    ),
    "rotate_secret": OWN,
    "resume_subscription": OWN,
    # Data subjects
    "erase": Rule((RISK,), people=True, besides="for all decision types (`*`)"),
    # Figures, history, the service itself
    "follow": KNOWN,
    "audit_trail": KNOWN,
    "checkpoint": Rule((), reads=True, besides="hashes; no content"),
    "consistency": Rule((), reads=True, besides="hashes; no content"),
    "inclusion": Rule(READERS, reads=True, besides="of what the caller's seats reach"),
    "metrics": KNOWN,
    "formulas": Rule((), reads=True),
    "thresholds": READ,
    "breakers": READ,
    "oversight": Rule(READERS, reads=True, besides="of colleagues: owners and auditors"),
    "calibration": READ,
    "models": READ,
    "maps": READ,
    "fit_map": Rule((PRODUCT, RISK, DECISION)),
    "adopt_map": Rule((PRODUCT, RISK), people=True),
    "declared_volumes": READ,
    "declare_volume": Rule((PRODUCER, PRODUCT, DECISION)),
    "projections": Rule((), reads=True, besides="how far they are; no content"),
    "description": Rule((), reads=True),
}
"""Each operation of the service, by its name in the OpenAPI document."""


class Undeclared(Exception):
    """Every operation says who may ask for it, before anyone can."""


def require_declared(operations: Iterable[str]) -> None:
    """Refuse to serve an operation that nobody has said who may do."""
    if unknown := sorted(set(operations) - AUTHORITY.keys()):
        names = ", ".join(unknown)
        raise Undeclared(f"{names}: say who may, in AUTHORITY of application/authority.py")


def admit(operation: str, identity: Identity) -> None:
    """Refuse whoever takes no part anywhere, before anything is looked at.

    Which seat it takes on which decision type is for the rules behind to say, in their own words.
    Whom something falls to may hold no seat that a key names, so that is theirs to say as well.
    """
    rule = AUTHORITY[operation]
    falls_to_them = FALLBACK in rule.seats and identity.kind == ActorKind.HUMAN
    if rule.asks_anyone or falls_to_them:
        return
    enough = (READING if rule.reads else ACTING) | set(rule.seats)
    if all(enough.isdisjoint(held) for held in identity.seats.values()):
        names = " or ".join(seat.spoken for seat in rule.seats)
        raise NoAuthority(f"{identity.id} is not {names}")
