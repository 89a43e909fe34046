"""Telling: a subscription is told of an event, as the feed has it but for personal facts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar, cast
from uuid import UUID

from application.delivering import Attempt
from application.feed import EventView
from application.ports import Positioned
from application.subscribing import Subscription
from domain.decision.events import HoldsContext
from domain.model import Event

E = TypeVar("E", bound=Event)


class Sender(Protocol):
    """Carries what a subscription is told to its receiver; never raises for what that one does."""

    async def send(self, to: Subscription, id: UUID, body: bytes) -> Attempt:
        """Send it once, signed with every secret that is in use."""
        ...


@dataclass(frozen=True, slots=True)
class Subscriber:
    """The follower that a subscription is."""

    subscription: Subscription
    sender: Sender

    @property
    def topics(self) -> Sequence[str]:
        """What it asked for."""
        return self.subscription.topics

    @property
    def stays(self) -> bool:
        """It is told in order, so nothing is passed over."""
        return True

    def wants(self, told: Positioned) -> bool:
        """Whether it may see it."""
        return self.subscription.sees(getattr(told.event, "decision_type", None))

    async def tell(self, told: Positioned) -> Attempt:
        """The event, under its own id, so that a receiver knows it again."""
        view = EventView.of(impersonal(told.event), told.position)
        return await self.sender.send(
            self.subscription, told.event.id, view.model_dump_json().encode()
        )


def impersonal(event: E) -> E:
    """The event as it reads when whoever it is about has been erased: what leaves can't be."""
    if not isinstance(event, HoldsContext) or not event.personal:
        return event
    context = event.context | dict.fromkeys(event.personal)
    return cast("E", event.model_copy(update={"context": context}))
