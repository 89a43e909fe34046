"""Dispositions: one choice over many decisions."""

from uuid import UUID

from litestar import Controller, post
from litestar.params import JSONBody

from adapters.http.parts import TheCaller, TheDesk
from adapters.http.problems import Problem, problem_of
from application.reviewing import Dispositions, dispose
from application.views import DecisionView
from domain.model import Refusal, Value


class Disposed(Value):
    """What came of it for one decision: the decision, or the problem that stood in the way."""

    id: UUID
    decision: DecisionView | None = None
    problem: Problem | None = None


class Disposal(Value):
    """What came of one choice over many decisions, in the order they were given."""

    batch_id: UUID
    """The correlation id of every event that this wrote."""
    results: tuple[Disposed, ...]


class Bulk(Controller):
    """One choice over many decisions."""

    path = "/v1/decisions"
    tags = ("Review",)

    @post("/review", status_code=200)
    async def dispose(
        self, data: JSONBody[Dispositions], desk: TheDesk, caller: TheCaller
    ) -> Disposal:
        """Dispose of many claimed decisions at once: each is decided, or refused, by itself."""
        answers = await dispose(data, caller, desk)
        results = [
            Disposed(id=seen.id, problem=problem_of(answer)[0])
            if isinstance(answer, Refusal)
            else Disposed(id=seen.id, decision=DecisionView.of(answer.decision))
            for seen, answer in zip(data.items, answers, strict=True)
        ]
        return Disposal(batch_id=caller.correlation_id, results=tuple(results))
