"""Why a command on a decision may be refused: one class a rule, named after it."""

from datetime import datetime

from domain.model import Forbidden, Malformed, Outdated, Unauthorised


class NotHeld(Forbidden):
    """Only a decision that waits for information can be given any."""

    CODE = "REJ.not_held"


class NobodysData(Forbidden):
    """Personal facts are taken only where it is known whose they are."""

    CODE = "REJ.data_subject_unknown"


class AlreadyDecided(Forbidden):
    """Once an action is authorised or the decision has ended, this can't be done any more."""

    CODE = "REJ.already_decided"


class NotProducer(Unauthorised):
    """Only the producer of a recommendation may do this."""

    CODE = "REJ.not_producer"


class InConflict(Forbidden):
    """What stands in a conflict is settled by its arbitration, and by nothing else."""

    CODE = "REJ.in_conflict"


class OtherInForce(Forbidden):
    """Of what can't all be carried out, only one may be in force."""

    CODE = "REJ.other_in_force"


class NotWaiting(Forbidden):
    """Only a decision that waits for a person can be claimed or disposed of."""

    CODE = "REJ.not_waiting"


class NotAPerson(Unauthorised):
    """A service never counts as a person."""

    CODE = "REJ.not_a_person"


class WrongSeat(Unauthorised):
    """The seat does not carry the authority for this."""

    CODE = "REJ.seat"


class NotOnRoster(Unauthorised):
    """Where the decision type names who may review, nobody else may."""

    CODE = "REJ.not_on_roster"


class LeaseHeld(Forbidden):
    """One person at a time decides: someone else holds the lease."""

    CODE = "REJ.lease_held"

    def __init__(self, holder: str, expires_at: datetime) -> None:
        super().__init__(f"{holder} holds it until {expires_at.isoformat()}")
        self.holder = holder
        self.expires_at = expires_at


class NoLease(Forbidden):
    """A disposition needs a live lease of one's own."""

    CODE = "REJ.lease_missing"


class SeenOtherVersion(Outdated):
    """A disposition is about the version that the reviewer saw."""

    CODE = "REJ.version_seen"


class OtherActionShown(Forbidden):
    """A disposition is about the exact action that was shown."""

    CODE = "REJ.action_digest"


class SamePerson(Unauthorised):
    """The second pair of eyes belongs to another person."""

    CODE = "REJ.four_eyes"


class UnknownAction(Malformed):
    """Only an action that the decision type permits can be chosen."""

    CODE = "REJ.action_unknown"


class IncompleteDisposition(Malformed):
    """Each disposition needs its own particulars."""

    CODE = "REJ.disposition_incomplete"


class CarriedOutHere(Unauthorised):
    """This service carries the action out, and records by itself what became of it."""

    CODE = "REJ.carried_out_here"


class NothingToReport(Forbidden):
    """A receipt reports on an action that is in force."""

    CODE = "REJ.no_action_in_force"


class ActionUnsettled(Forbidden):
    """What became of the action is unknown; it must be reconciled before anything else."""

    CODE = "REJ.action_unknown_outcome"


class NotReversible(Forbidden):
    """Only a delivered action that can be undone can be reversed."""

    CODE = "REJ.not_reversible"


class NotSampled(Forbidden):
    """Only a sampled, automated decision gets a quality verdict, and only one."""

    CODE = "REJ.not_sampled"


class NotEnded(Forbidden):
    """Only a completed decision can be contested."""

    CODE = "REJ.not_ended"


class NothingToAnswer(Forbidden):
    """Only what was raised over a decision and still waits can be answered."""

    CODE = "REJ.nothing_to_answer"


class AlreadyObserved(Forbidden):
    """An observed outcome is recorded once."""

    CODE = "REJ.outcome_known"


class AlreadyInvolved(Unauthorised):
    """Someone not involved before must look."""

    CODE = "REJ.already_involved"
