"""Kill switches beyond a decision type's own: everything's, and each model's."""

from litestar import Controller, Response, get, post
from litestar.params import JSONBody

from adapters.http.answers import versioned
from adapters.http.parts import TheCaller, TheDesk
from application import halting
from application.halting import Halt, HaltView


class Halts(Controller):
    """Everything, or all that one model recommends, stopped at once."""

    path = "/v1/halt"
    tags = ("Kill switches",)

    @get()
    async def halts(self, desk: TheDesk) -> HaltView:
        """The kill switches that are on. A decision type says of its own whether it is."""
        return HaltView.of(await desk.kill_switches())

    @post(status_code=200)
    async def halt(
        self, data: JSONBody[Halt], desk: TheDesk, caller: TheCaller
    ) -> Response[HaltView]:
        """Pull a kill switch: from the answer on, nothing that is meant automates anywhere.

        Without a model, everything is meant: that takes an owner's seat for all decision types. A
        model can be stopped from an owner's seat of any.
        """
        replayed = await desk.repeated(caller) is not None
        state = await halting.pull(data, caller, desk)
        return versioned(HaltView.of(state), state.version, replayed=replayed)

    @post("/lift", status_code=200)
    async def lift(
        self, data: JSONBody[Halt], desk: TheDesk, caller: TheCaller
    ) -> Response[HaltView]:
        """Allow automation again. It takes the risk owner's seat for all decision types."""
        replayed = await desk.repeated(caller) is not None
        state = await halting.lift(data, caller, desk)
        return versioned(HaltView.of(state), state.version, replayed=replayed)
