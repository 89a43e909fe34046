"""Submitting: what is handed over becomes a recommendation, or a refusal that is on record."""

from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256

from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

from application.attempts import record_attempt
from application.desk import Answer, Caller, Desk, NoSuchDecisionType
from application.recommending import Recommend, as_before, recommend
from application.wording import problems_of
from domain.admission import InvalidInput
from domain.decision_type.definition import Name
from domain.guardrail.facts import Problem
from domain.model import Malformed, Seat


class _Named(BaseModel):
    """All that must be readable for an attempt to be on record."""

    decision_type: Name


async def hand_over(said: Mapping[str, object], caller: Caller, desk: Desk) -> Answer:
    """Recommend in one's own process, in words that may not fit, as over HTTP they may not."""
    try:
        command = Recommend.model_validate(said)
    except ValidationError as error:
        flaws = problems_of(error, Recommend, "recommendation")
        answer = await misfit(to_json(said, fallback=str), flaws, caller, desk)
        if answer is None:
            raise Malformed("; ".join(map(str, flaws))) from None
        return answer
    return await recommend(command, caller, desk)


async def misfit(
    content: bytes, flaws: tuple[Problem, ...], caller: Caller, desk: Desk
) -> Answer | None:
    """Refuse JSON that is no recommendation, and record that a producer tried: `InvalidInput`.

    None if it names no decision type that the caller is a producer of: then there is nothing to
    record it under, and refusing is left to whoever read it.
    """
    name = _decision_type_in(content)
    if name is None or not await _produces(caller, name, desk):
        return None
    if prior := await desk.repeated(caller):
        return await as_before(prior, desk)
    refusal = InvalidInput(flaws)
    digest = f"sha256:{sha256(content).hexdigest()}"
    await record_attempt(name, refusal, digest, caller, desk)
    raise refusal


def _decision_type_in(content: bytes) -> str | None:
    with suppress(ValidationError):
        return _Named.model_validate_json(content, strict=True).decision_type
    return None


async def _produces(caller: Caller, name: str, desk: Desk) -> bool:
    """Whether the decision type is known and the caller a producer of it."""
    if caller.actor(name, Seat.PRODUCER).seat is None:
        return False
    with suppress(NoSuchDecisionType):
        return bool(await desk.governed(name))
    return False
