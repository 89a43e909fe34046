"""Refunds whose context says who the customer is: the name, the year of birth, what they wrote."""

from decimal import Decimal
from typing import Any

from application.desk import Caller
from application.erasing import Erase, Erasure, erase
from application.governing import Adoption
from application.ports import Identity
from domain.guardrail.facts import Code, FactType, Number, Tags
from tests.application import office as offices
from tests.application.office import Office, an_adoption
from tests.domain.builders import CONTEXT, a_definition

PERSONAL: dict[str, FactType] = {
    "name": Code(personal=True),
    "account": Number(required=False, personal=True, min=Decimal(0)),
    "words": Tags(required=False, personal=True),
}
DPO = Caller(Identity("cy", "human", {"*": frozenset({"risk_owner"})}))


def a_personal_adoption(**changes: Any) -> Adoption:
    """The refunds of every test, with personal facts that no policy asks about."""
    return an_adoption(a_definition(context={**CONTEXT, **PERSONAL}, **changes))


class PersonalOffice(Office):
    """The office, and who answers for people's data."""

    def erase(self, reference: str, who: Caller = DPO) -> Erasure:
        return offices.run(erase(Erase(data_subject=reference), who, self.desk))


def a_personal_office() -> PersonalOffice:
    """An office where refunds with personal facts are live."""
    office = PersonalOffice()
    office.adopt(a_personal_adoption())
    return office
