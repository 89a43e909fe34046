"""Aftermath: what became of an action, what proved right, and who objects."""

from types import MappingProxyType
from uuid import UUID

from litestar import Controller, Response, post
from litestar.params import FromPath, JSONBody

from adapters.http.answers import decided
from adapters.http.bodies import OutcomeBody
from adapters.http.callers import CONDITIONAL
from adapters.http.parts import TheCaller, TheDesk
from application import delivering, observing
from application.delivering import Reverse
from application.informing import Refresh, refresh
from application.observing import QualityVerdict, Remark, Reply
from application.views import DecisionView
from domain.decision.acting import Report


class Aftermath(Controller):
    """What follows a recommendation, in the world and here."""

    path = "/v1/decisions/{id:uuid}"
    tags = ("Decisions",)
    opt = MappingProxyType({CONDITIONAL: True})

    @post("/receipt", status_code=200)
    async def receipt(
        self, id: FromPath[UUID], data: JSONBody[Report], desk: TheDesk, caller: TheCaller
    ) -> Response[DecisionView]:
        """Report what became of the action, or reconcile one that was unknown or had failed."""
        return decided(await delivering.report(id, data, caller, desk), caller)

    @post("/reverse", status_code=200)
    async def reverse(
        self, id: FromPath[UUID], data: JSONBody[Reverse], desk: TheDesk, caller: TheCaller
    ) -> Response[DecisionView]:
        """Order an action undone."""
        return decided(await delivering.reverse(id, data, caller, desk), caller)

    @post("/outcome", status_code=200)
    async def outcome(
        self, id: FromPath[UUID], data: JSONBody[OutcomeBody], desk: TheDesk, caller: TheCaller
    ) -> Response[DecisionView]:
        """Say what proved right in the end."""
        return decided(await observing.observe(id, data, caller, desk), caller)

    @post("/quality", status_code=200)
    async def quality(
        self, id: FromPath[UUID], data: JSONBody[QualityVerdict], desk: TheDesk, caller: TheCaller
    ) -> Response[DecisionView]:
        """Say what you think of an automated decision that the lot fell on."""
        return decided(await observing.judge(id, data, caller, desk), caller)

    @post("/contest", status_code=200)
    async def contest(
        self,
        id: FromPath[UUID],
        desk: TheDesk,
        caller: TheCaller,
        data: JSONBody[Remark | None] = None,
    ) -> Response[DecisionView]:
        """Object to what was decided."""
        return decided(await observing.contest(id, data or Remark(), caller, desk), caller)

    @post("/answer", status_code=200)
    async def answer(
        self, id: FromPath[UUID], data: JSONBody[Reply], desk: TheDesk, caller: TheCaller
    ) -> Response[DecisionView]:
        """Say why what was done stays, though it was contested, overturned or not undone."""
        return decided(await observing.answer(id, data, caller, desk), caller)

    @post("/withdraw", status_code=200)
    async def withdraw(
        self,
        id: FromPath[UUID],
        desk: TheDesk,
        caller: TheCaller,
        data: JSONBody[Remark | None] = None,
    ) -> Response[DecisionView]:
        """Take a recommendation back."""
        return decided(await observing.withdraw(id, data or Remark(), caller, desk), caller)

    @post("/refresh", status_code=200)
    async def refresh(
        self,
        id: FromPath[UUID],
        desk: TheDesk,
        caller: TheCaller,
        data: JSONBody[Refresh | None] = None,
    ) -> Response[DecisionView]:
        """The subject has moved on: route again with fresh input, or let it expire without any."""
        return decided(await refresh(id, data or Refresh(), caller, desk), caller)
