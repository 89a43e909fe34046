"""Glimpses: what of a stored event matters to routing, without reading the rest of it.

Reading an event in full checks all of it, at many times the cost. What is not as we write it is
read in full after all. No key is needed: what is sealed decides nothing.
"""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec

from adapters.eventstore.codec import SEALED, Codec, Undecodable, UnknownTopic, stored_topic
from application.replaying import Ruled, Spoke
from application.replaying_log import (
    ROUTE,
    Glimpse,
    Learning,
    Opening,
    Unreadable,
    glimpse_of,
)
from domain.decision.events import InformationProvided, Recommended, Rerouted
from domain.values import Lane, ModelRef, QualityDraw, Recommendation


class _Actor(msgspec.Struct):
    id: str


class _Recommendation(msgspec.Struct):
    action: str
    confidence: Decimal | None = None
    risk: Decimal | None = None


class _Model(msgspec.Struct):
    name: str
    version: str


class _Opening(msgspec.Struct):
    decision_type: str
    actor: _Actor
    recommendation: _Recommendation
    context: dict[str, Any]
    personal: frozenset[str] = frozenset()
    model: _Model | None = None


class _Learning(msgspec.Struct):
    context: dict[str, Any]
    personal: frozenset[str] = frozenset()


class _Reason(msgspec.Struct):
    code: str


class _Ref(msgspec.Struct):
    version: int
    hash: str


class _Routing(msgspec.Struct):
    lane: str
    rule: str
    reasons: list[_Reason]
    policy: _Ref | None
    decision_type_version: int
    trace_digest: str
    draw: int | None = None
    semantics: str = "v1"
    organisation: _Ref | None = None
    halts: int | None = None


class _Draw(msgspec.Struct):
    rate: Decimal
    key_id: str
    sampled: bool
    queue: str | None = None


class _Routed(msgspec.Struct):
    routing: _Routing | None = None
    quality: _Draw | None = None


_LANES = {str(lane): lane for lane in Lane}


class Glimpses:
    """Reads glimpses of rows."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._fast: dict[str, Callable[[bytes], Glimpse]] = {
            stored_topic(Recommended): _opening,
            stored_topic(InformationProvided): partial(_learning, anew=False),
            stored_topic(Rerouted): partial(_learning, anew=True),
            **{stored_topic(event): _ruled for event in ROUTE},
        }

    def __reduce__(self) -> tuple[Any, ...]:
        """Another process makes it anew; what was compiled stays here."""
        return Glimpses, (self._codec,)

    def read(self, stream: str, version: int, topic: str, state: bytes) -> Glimpse:
        """What of an event matters."""
        fast = self._fast.get(topic)
        if fast is not None:
            content = state
            if state.startswith(SEALED):
                content = b"{" + state[len(SEALED) :].partition(b'",')[2]
            try:
                return fast(content)
            except (msgspec.MsgspecError, UnicodeDecodeError, KeyError, _Unlikely):
                pass
        try:
            return glimpse_of(self._codec.read(stream, version, topic, state))
        except (Undecodable, UnknownTopic, ValueError):
            return Unreadable(stream=stream, version=version, type=topic)


_OPENING = msgspec.json.Decoder(_Opening)
_LEARNING = msgspec.json.Decoder(_Learning)
_ROUTED = msgspec.json.Decoder(_Routed)


class _Unlikely(Exception):
    """Not as we write it."""


def _opening(state: bytes) -> Opening:
    found = _OPENING.decode(state)
    said = found.recommendation
    for share in (said.confidence, said.risk):
        if share is not None and not 0 <= share <= 1:
            raise _Unlikely
    recommendation = Recommendation.model_construct(
        action=said.action, confidence=said.confidence, risk=said.risk
    )
    told = recommendation, found.context, found.personal, _model(found.model)
    return Opening(found.decision_type, found.actor.id, *told)


def _model(said: _Model | None) -> ModelRef | None:
    if said is None:
        return None
    return ModelRef.model_construct(name=said.name, version=said.version)


def _learning(state: bytes, *, anew: bool) -> Learning:
    found = _LEARNING.decode(state)
    return Learning(found.context, found.personal, anew)


def _ruled(state: bytes) -> Ruled | None:
    routed = _ROUTED.decode(state)
    said = routed.routing
    if said is None:
        return None
    return Ruled(
        lane=_LANES[said.lane],
        rule=said.rule,
        codes=tuple([one.code for one in said.reasons]),
        trace_digest=said.trace_digest,
        semantics=said.semantics,
        decision_type_version=said.decision_type_version,
        draw=said.draw,
        policy=_spoke(said.policy),
        organisation=_spoke(said.organisation),
        halts=said.halts,
        quality=_draw(routed.quality),
    )


def _draw(said: _Draw | None) -> QualityDraw | None:
    if said is None:
        return None
    return QualityDraw.model_construct(
        rate=said.rate, key_id=said.key_id, sampled=said.sampled, queue=said.queue
    )


def _spoke(said: _Ref | None) -> Spoke | None:
    return None if said is None else Spoke(said.version, said.hash)
