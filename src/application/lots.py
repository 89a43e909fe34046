"""Drawing lots: keyed, so that nobody can guess one, and anyone with the key can check it."""

import hmac
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from uuid import UUID

from domain.guardrail.document import Guardrail, Sampling
from domain.values import Lane, QualityDraw

LOTS = 2**64


@dataclass(frozen=True, slots=True)
class LotDrawer:
    """HMAC-SHA256 (RFC 2104) of the decision's id under a named key; the first 8 bytes count."""

    key: bytes = field(repr=False)
    key_id: str

    def quality(self, decision_id: UUID, sample: Sampling) -> QualityDraw:
        """Whether a person checks this decision if it automates."""
        drawn = self._draw(decision_id.bytes) < sample.rate * LOTS
        return QualityDraw.model_construct(
            rate=sample.rate, key_id=self.key_id, sampled=drawn, queue=sample.queue
        )

    def partial(self, decision_id: UUID) -> int:
        """The lot by which stage `partial` picks; independent of the quality sample's."""
        return self._draw(b"partial:" + decision_id.bytes)

    def _draw(self, message: bytes) -> int:
        drawn = _keyed(self.key).copy()
        drawn.update(message)
        return int.from_bytes(drawn.digest()[:8])


def sampled(guardrail: Guardrail) -> Sampling | None:
    """The sample of automated decisions that a policy asks for, if it does."""
    return next((one for one in guardrail.sampling if one.of is Lane.AUTOMATE), None)


def more_checked(sample: Sampling | None, *, warned: bool, on_trial: bool) -> Sampling | None:
    """The sample as the circuit breaker has it: larger once it warned, everything on trial."""
    if on_trial:
        return (sample or EVERYTHING).model_copy(update={"rate": Decimal(1)})
    if sample is None or not warned:
        return sample
    return sample.model_copy(update={"rate": min(Decimal(1), sample.rate * TIMES)})


TIMES = 4
"""So much more is checked once the breaker of quality warned."""
EVERYTHING = Sampling(id="trial", of=Lane.AUTOMATE, rate=Decimal(1))


@cache
def _keyed(key: bytes) -> hmac.HMAC:
    """Made ready once: a copy of it takes a third of the time of beginning with the key."""
    return hmac.new(key, digestmod="sha256")
