"""Health: whether the process lives, and whether it can do its work."""

from types import MappingProxyType

from litestar import Controller, get

from adapters.http.callers import OPEN_TO_ALL
from adapters.http.parts import TheDesk
from domain.model import Value


class Health(Value):
    """That it is well."""

    status: str = "ok"


class Healths(Controller):
    """For whoever watches the process."""

    path = "/health"
    tags = ("Health",)
    opt = MappingProxyType({OPEN_TO_ALL: True})

    @get("/live")
    async def live(self) -> Health:
        """The process answers."""
        return Health()

    @get("/ready")
    async def ready(self, desk: TheDesk) -> Health:
        """The process reaches its event log."""
        await desk.log.after(0, limit=1)
        return Health()
