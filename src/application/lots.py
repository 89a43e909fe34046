"""Drawing lots: keyed, so that nobody can guess one, and anyone with the key can check it."""

import hmac
from dataclasses import dataclass, field
from functools import cache
from uuid import UUID

from domain.guardrail.document import Guardrail
from domain.values import Lane, QualityDraw

LOTS = 2**64


@dataclass(frozen=True, slots=True)
class LotDrawer:
    """HMAC-SHA256 (RFC 2104) of the decision's id under a named key; the first 8 bytes count."""

    key: bytes = field(repr=False)
    key_id: str

    def quality(self, decision_id: UUID, guardrail: Guardrail) -> QualityDraw | None:
        """Whether a person checks this decision if it automates; None where no sample is drawn."""
        samples = [sample for sample in guardrail.sampling if sample.of is Lane.AUTOMATE]
        if not samples:
            return None
        sample = samples[0]
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


@cache
def _keyed(key: bytes) -> hmac.HMAC:
    """Made ready once: a copy of it takes a third of the time of beginning with the key."""
    return hmac.new(key, digestmod="sha256")
