"""Submissions: the bytes of one recommendation, read and handed over."""

from adapters.http.bodies import RecommendBody
from adapters.http.problems import WrongContent
from adapters.http.reading import read
from application.desk import Answer, Caller, Desk
from application.recommending import recommend
from application.submitting import misfit
from domain.guardrail.facts import Problem


async def submit(raw: bytes, caller: Caller, desk: Desk) -> Answer:
    """Recommend what was sent; what doesn't fit is refused, and that is on record."""
    try:
        command = read(RecommendBody, raw)
    except WrongContent as wrong:
        flaws = tuple(Problem(**dict(error)) for error in wrong.errors)
        if answer := await misfit(raw, flaws, caller, desk):
            return answer
        raise
    return await recommend(command, caller, desk)
