"""Subscriptions: other systems ask to be told of events by webhook."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from litestar import Controller, Response, delete, get, post
from litestar.params import FromPath, JSONBody
from pydantic import AwareDatetime, Field

from adapters.http.answers import REPLAYED, Page
from adapters.http.parts import TheCaller, TheDesk, TheOutlets
from application import subscribing
from application.subscribing import Resume, Rotate, Standing, Subscribe
from domain.model import Value

PATH = "/v1/webhooks"


class SecretView(Value):
    """A secret that messages are signed with, without the secret."""

    made_at: AwareDatetime
    until: AwareDatetime | None
    """Until when, once there is another."""


class WebhookView(Value):
    """A subscription, how far it has come, and how it goes."""

    id: UUID
    url: str | None
    endpoint: str | None
    types: tuple[str, ...]
    decision_types: tuple[str, ...] | None
    """Whose events it sees; null for all."""
    created_by: str
    created_at: AwareDatetime
    state: Literal["active", "failing", "stopped"]
    """`failing`: tried again at `retry_at`. `stopped`: until somebody resumes it."""
    position: int
    """What lies behind it is still to be told."""
    attempts: int
    """How often in a row the next event could not be told."""
    failing_since: AwareDatetime | None
    retry_at: AwareDatetime | None
    problem: str | None
    """What came of the last attempt, while it fails, or why it stopped."""
    secrets: tuple[SecretView, ...]
    self: str

    @classmethod
    def of(cls, standing: Standing, now: datetime) -> Self:
        """The view of a subscription."""
        return cls(**_shown(standing, now))


class WebhookWithSecret(WebhookView):
    """The same, with the newest secret: it is shown this once."""

    secret: str | None = Field(description="whsec_ and base64, as Standard Webhooks has it.")

    @classmethod
    def of(cls, standing: Standing, now: datetime) -> Self:
        """The view of a subscription that was just made, or has a new secret."""
        secrets = standing.subscription.secrets
        text = secrets[0].text.get_secret_value() if secrets else None
        return cls(**_shown(standing, now), secret=text)


def _shown(standing: Standing, now: datetime) -> dict[str, Any]:
    one, at = standing.subscription, standing.bookmark
    return {
        "id": one.id,
        "url": one.url,
        "endpoint": one.endpoint,
        "types": one.types,
        "decision_types": one.decision_types,
        "created_by": one.created_by,
        "created_at": one.created_at,
        "state": standing.state,
        "position": at.position,
        "attempts": at.attempts,
        "failing_since": at.failing_since,
        "retry_at": at.retry_at,
        "problem": at.problem,
        "secrets": tuple(
            SecretView(made_at=s.made_at, until=s.until) for s in one.secrets if s.is_live(now)
        ),
        "self": f"{PATH}/{one.id}",
    }


class Webhooks(Controller):
    """Who is told of events, signed as Standard Webhooks has it."""

    path = PATH
    tags = ("Events",)

    @post()
    async def subscribe(
        self, data: JSONBody[Subscribe], desk: TheDesk, outlets: TheOutlets, caller: TheCaller
    ) -> Response[WebhookWithSecret]:
        """Be told of events, in order, each until it is confirmed with 2xx.

        It sees what its maker may see now, without personal facts. The secret is shown this once.
        """
        standing, replayed = await subscribing.subscribe(data, caller, desk, outlets)
        view = WebhookWithSecret.of(standing, desk.clock.now())
        headers = {"Location": view.self} | (REPLAYED if replayed else {})
        return Response(view, status_code=201, headers=headers)

    @get()
    async def subscriptions(
        self, desk: TheDesk, outlets: TheOutlets, caller: TheCaller
    ) -> Page[WebhookView]:
        """One's own subscriptions; an administrator's or auditor's seat shows others' as well."""
        found: Sequence[Standing] = await subscribing.subscriptions(caller, outlets)
        now = desk.clock.now()
        return Page[WebhookView](items=[WebhookView.of(one, now) for one in found])

    @get("/{id:uuid}")
    async def subscription(
        self, id: FromPath[UUID], desk: TheDesk, outlets: TheOutlets, caller: TheCaller
    ) -> WebhookView:
        """How a subscription goes: how far it has come, and what is wrong with it."""
        return WebhookView.of(await subscribing.look(id, caller, outlets), desk.clock.now())

    @delete("/{id:uuid}", status_code=200)
    async def unsubscribe(
        self, id: FromPath[UUID], desk: TheDesk, outlets: TheOutlets, caller: TheCaller
    ) -> WebhookView:
        """Be told no more. The answer says how far it had come."""
        standing = await subscribing.unsubscribe(id, caller, outlets)
        return WebhookView.of(standing, desk.clock.now())

    @post("/{id:uuid}/rotate", status_code=200)
    async def rotate_secret(
        self,
        id: FromPath[UUID],
        data: JSONBody[Rotate],
        desk: TheDesk,
        outlets: TheOutlets,
        caller: TheCaller,
    ) -> Response[WebhookWithSecret]:
        """Get a new secret. Until the overlap is over, messages carry a signature for each."""
        standing, replayed = await subscribing.rotate(id, data, caller, desk, outlets)
        view = WebhookWithSecret.of(standing, desk.clock.now())
        return Response(view, headers=REPLAYED if replayed else {})

    @post("/{id:uuid}/resume", status_code=200)
    async def resume_subscription(
        self,
        id: FromPath[UUID],
        data: JSONBody[Resume],
        desk: TheDesk,
        outlets: TheOutlets,
        caller: TheCaller,
    ) -> WebhookView:
        """Go on with one that was stopped, or try one that fails again now.

        With `after`, behind that position: what lies before it is not told.
        """
        standing = await subscribing.resume(id, data, caller, desk, outlets)
        return WebhookView.of(standing, desk.clock.now())
