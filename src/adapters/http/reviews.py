"""Reviews: people take decisions on, look, and decide."""

from types import MappingProxyType
from uuid import UUID

from litestar import Controller, Response, post
from litestar.params import FromPath, JSONBody

from adapters.http.answers import answered, decided
from adapters.http.bodies import ClaimBody
from adapters.http.callers import CONDITIONAL
from adapters.http.parts import TheCaller, TheDesk
from application import reviewing
from application.informing import Inform, inform
from application.views import ClaimView, DecisionView
from domain.decision.reviewing import Choice


class Reviews(Controller):
    """A person's part in a decision."""

    path = "/v1/decisions/{id:uuid}"
    tags = ("Review",)
    opt = MappingProxyType({CONDITIONAL: True})

    @post("/claim", status_code=200)
    async def claim(
        self,
        id: FromPath[UUID],
        desk: TheDesk,
        caller: TheCaller,
        data: JSONBody[ClaimBody | None] = None,
    ) -> Response[ClaimView]:
        """Take it on for a while; the answer shows the exact action that is asked about."""
        answer = await reviewing.claim(id, data or ClaimBody(), caller, desk)
        return answered(answer, ClaimView.of)

    @post("/release", status_code=200)
    async def release(
        self, id: FromPath[UUID], desk: TheDesk, caller: TheCaller
    ) -> Response[DecisionView]:
        """Give it back undecided."""
        return decided(await reviewing.release(id, caller, desk), caller)

    @post("/review", status_code=200)
    async def review(
        self, id: FromPath[UUID], data: JSONBody[Choice], desk: TheDesk, caller: TheCaller
    ) -> Response[DecisionView]:
        """Decide on what waits in review: uphold, override, modify, return, ask, or refer."""
        return decided(await reviewing.review(id, data, caller, desk), caller)

    @post("/resolve", status_code=200)
    async def resolve(
        self, id: FromPath[UUID], data: JSONBody[Choice], desk: TheDesk, caller: TheCaller
    ) -> Response[DecisionView]:
        """The escalation owner's answer."""
        return decided(await reviewing.resolve(id, data, caller, desk), caller)

    @post("/information", status_code=200)
    async def inform(
        self, id: FromPath[UUID], data: JSONBody[Inform], desk: TheDesk, caller: TheCaller
    ) -> Response[DecisionView]:
        """Supply what it waits for."""
        return decided(await inform(id, data, caller, desk), caller)
