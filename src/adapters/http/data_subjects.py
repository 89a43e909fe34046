"""Data subjects: the people whose data decisions hold."""

from litestar import Controller, post
from litestar.params import JSONBody

from adapters.http.parts import TheCaller, TheDesk
from application.erasing import Erase, Erasure, erase


class DataSubjects(Controller):
    """Whose personal facts are recorded."""

    path = "/v1/data-subjects"
    tags = ("Data subjects",)

    @post("/erase", status_code=200)
    async def erase(self, data: JSONBody[Erase], desk: TheDesk, caller: TheCaller) -> Erasure:
        """Make everything personal that is held about someone unreadable, for good.

        It takes the risk owner's seat for all decision types. Sent again, it finds nothing.
        """
        return await erase(data, caller, desk)
