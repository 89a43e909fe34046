"""Circuit breakers: where those of a decision type stand."""

from litestar import Controller, get
from litestar.params import FromPath

from adapters.http.parts import TheCaller, TheDesk
from application.breaker_views import BreakersView, breakers_of


class CircuitBreakers(Controller):
    """What stops automation by itself when the evidence turns."""

    path = "/v1/decision-types/{name:str}/breakers"
    tags = ("Feedback",)

    @get()
    async def breakers(self, name: FromPath[str], desk: TheDesk, caller: TheCaller) -> BreakersView:
        """Each stream's evidence at the end of the log, and the bounds it is held against."""
        return await breakers_of(name, caller, desk)
