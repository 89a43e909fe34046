"""Conflicts: recommendations on one subject that can't all be carried out."""

from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromPath, JSONBody

from adapters.http.answers import versioned
from adapters.http.parts import TheCaller, TheDesk
from application.arbitrating import Arbitrate, arbitrate_conflict
from domain.conflict import Conflict


class Conflicts(Controller):
    """Who stands against whom, and who goes on."""

    path = "/v1/conflicts/{id:uuid}"
    tags = ("Conflicts",)

    @get()
    async def read_conflict(
        self, id: FromPath[UUID], desk: TheDesk, caller: TheCaller
    ) -> Response[Conflict]:
        """The decisions that stand against each other, and what was arbitrated."""
        conflict = await desk.conflict(id)
        caller.require_any_seat(conflict.decision_type)
        return versioned(conflict, conflict.version)

    @post("/arbitrate", status_code=200)
    async def arbitrate(
        self, id: FromPath[UUID], data: JSONBody[Arbitrate], desk: TheDesk, caller: TheCaller
    ) -> Response[Conflict]:
        """The escalation owner says which one goes on, or none."""
        replayed = await desk.repeated(caller) is not None
        conflict = await arbitrate_conflict(id, data, caller, desk)
        return versioned(conflict, conflict.version, replayed=replayed)
