"""Doors: an API key or an access token, and whose it is."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from adapters.identity.api_keys import PREFIX
from adapters.identity.tokens import Expected, IssuerKeys, verified
from application.ports import Identity, NotLetIn

OwnerSeats = Callable[[str], Awaitable[Mapping[str, frozenset[str]]]]
"""The seats that decision types themselves give a person."""


class Door(Protocol):
    """One way of proving who one is."""

    async def identify(self, credential: str) -> Identity:
        """Whose it is; raises `NotLetIn`."""
        ...


@dataclass(frozen=True, slots=True)
class Tokens:
    """The door for whoever an issuer vouches for.

    The issuer says who someone is, and which roles they have. Which owner's seats a person holds is
    written in the decision types, so it is read there.
    """

    expected: Expected
    keys: IssuerKeys
    owner_seats: OwnerSeats

    async def identify(self, credential: str) -> Identity:
        """Whose token this is; raises `NotLetIn`."""
        claimed = await verified(credential, self.expected, self.keys)
        if claimed.kind == "service":
            return claimed.identity
        seats = dict(claimed.seats)
        for name, owned in (await self.owner_seats(claimed.id)).items():
            seats[name] = seats.get(name, frozenset()) | owned
        return replace(claimed.identity, seats=seats)


@dataclass(frozen=True, slots=True)
class Doors:
    """All ways in: what begins as our keys do is one, anything else is a token."""

    keys: Door | None
    tokens: Door | None

    async def identify(self, credential: str) -> Identity:
        """Whose credential this is; raises `NotLetIn`."""
        is_key = credential.startswith(f"{PREFIX}_")
        door = self.keys if is_key else self.tokens
        if door is None:
            raise NotLetIn(
                "API keys open nothing here" if is_key else "no token opens anything here"
            )
        return await door.identify(credential)
