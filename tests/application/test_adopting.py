"""Adopting a file: each step is recorded as the owner's whose step it is."""

from domain.decision_type.events import Drafted, OwnerAssigned
from domain.model import Seat
from tests.application.office import an_adoption, an_office
from tests.domain.builders import a_definition


def test_a_file_that_names_another_decision_owner_is_the_sitting_ones_word() -> None:
    office = an_office()
    before = office.length()
    owners = a_definition().owners | {Seat.DECISION_OWNER: "zoe"}
    office.adopt(an_adoption(a_definition(owners=owners)))
    drafted, assigned = (p.event for p in office.log()[before:])
    assert isinstance(drafted, Drafted)
    assert isinstance(assigned, OwnerAssigned)
    assert (drafted.actor.id, drafted.actor.via) == ("ana", "adoption by operator")
    assert (assigned.seat, assigned.person) == (Seat.DECISION_OWNER, "zoe")
    again = a_definition(owners=owners, title="All refunds")
    office.adopt(an_adoption(again))
    assert office.log()[-1].event.actor.id == "zoe"
