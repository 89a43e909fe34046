"""Every operation is asked for from every seat: who may is answered, and nobody else is."""

import asyncio
from collections.abc import Iterator

import httpx
import pytest
from a_service import Service, a_service
from litestar.routes import HTTPRoute

from adapters.http.app import OPERATIONS
from adapters.http.app import Service as App
from adapters.http.callers import OPEN_TO_ALL
from adapters.identity.api_keys import ApiKeys, issue
from application.authority import AUTHORITY, Undeclared, require_declared
from domain.decision.events import AttemptRejected
from domain.model import OWNER_SEATS, Event, Seat
from tests.adapters.http.asked import ASKED, Request
from tests.authority_page import PAGE, page

HOLDERS = {
    Seat.DECISION_OWNER: "ana",
    Seat.AI_PRODUCT_OWNER: "bo",
    Seat.RISK_OWNER: "cy",
    Seat.ESCALATION_OWNER: "di",
    Seat.FALLBACK_OWNER: "eve",
    Seat.REVIEWER: "rae",
    Seat.QUALITY_REVIEWER: "quinn",
    Seat.AUDITOR: "audrey",
    Seat.PRODUCER: "bot",
    Seat.ADMINISTRATOR: "adam",
}
EACH_BY_ITSELF = {"recommend_many", "dispose", "claim_next"}
"""These answer for each of many: what the caller may not do is refused or passed over there."""
HIDDEN = {"subscription", "inclusion", "unsubscribe", "rotate_secret", "resume_subscription"}
"""Of these nobody else learns so much as that they are there."""
SUBSCRIBING = {"subscribe", "unsubscribe", "rotate_secret", "resume_subscription"}
"""To be told of what one may read anyway is no command on a decision."""
BY_KEY = {"write", "subscribe"}
"""A new decision type has no owners yet; and who subscribes only reads."""
FOR_ALL = {"erase", "lift"}
"""These take the seat for all decision types."""


def add(service: Service, name: str, id: str, kind: str, type: str, *seats: Seat) -> str:
    """A key more."""
    key, record = issue(f"k{len(service.keys)}", id, kind, {type: frozenset(seats)})  # type: ignore[arg-type]
    app = service.app
    assert isinstance(app, App)
    known = app.doors
    assert isinstance(known, ApiKeys)
    known._take([*known.records, record])
    service.keys[name] = key
    return name


def everybody() -> Service:
    """The service, and a key for each seat: held here, elsewhere, by a service, and owned by none."""
    service = a_service(key_encryption_key="ab" * 32)
    for seat, id in HOLDERS.items():
        kind = "service" if seat is Seat.PRODUCER else "human"
        add(service, f"{seat} here", id, kind, "refund", seat)
        # Whoever the decision type itself names is one of its owners with any key.
        other = f"other-{id}"
        add(service, f"{seat} elsewhere", other, kind, "payout", seat)
        add(service, f"{seat} by a service", other, "service", "refund", seat)
        if seat in OWNER_SEATS:
            add(service, f"{seat} by a key alone", other, "human", "refund", seat)
    add(service, "everywhere risk_owner", "cy", "human", "*", Seat.RISK_OWNER)
    return service


def sent(service: Service, asked: Request, who: str) -> httpx.Response:
    content = asked.body if isinstance(asked.body, bytes) else None
    return service.client.request(
        asked.method,
        asked.path,
        content=content,
        json=asked.body if content is None and asked.body is not None else None,
        headers=service.header(who) | ({"Content-Type": asked.kind} if content else {}),
    )


def newest(service: Service) -> int:
    return asyncio.run(service.desk.log.newest())


def recorded(service: Service, after: int) -> list[Event]:
    """What was recorded since, but for what was refused: that is on record."""
    found = asyncio.run(service.desk.log.after(after))
    return [each.event for each in found if not isinstance(each.event, AttemptRejected)]


def prepared(operation: str, seat: Seat | None = None) -> tuple[Service, Request]:
    service = everybody()
    asked = ASKED[operation](service)
    if seat is Seat.FALLBACK_OWNER:  # what an owner's empty seat leaves falls to them
        path = "/v1/decision-types/refund/owners/escalation_owner"
        assert service.client.delete(path, headers=service.header("di")).is_success
    if operation == "claim" and seat in (Seat.FALLBACK_OWNER, Seat.ESCALATION_OWNER):
        asked = replace_decision(service, asked)
    return service, asked


def replace_decision(service: Service, asked: Request) -> Request:
    id = service.recommended("a doubtful one", confidence=0.3)["id"]
    return asked._replace(path=f"/v1/decisions/{id}/claim")


# ── the declaration


def operations() -> Iterator[str]:
    app = a_service().app
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                if not handler.opt.get(OPEN_TO_ALL) and "OPTIONS" not in handler.http_methods:
                    yield handler.fn.__name__


def test_every_operation_says_who_may_and_is_walked_here() -> None:
    served = sorted(operations())
    assert len(served) == len(set(served)), "two operations of one name"
    assert set(served) == AUTHORITY.keys() == ASKED.keys()
    assert OPERATIONS


def test_an_operation_that_nobody_has_declared_is_not_served() -> None:
    with pytest.raises(Undeclared, match="print_money"):
        require_declared(["read", "print_money"])


def test_the_page_says_what_is_declared() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(a_service().app), (
        "docs/authority.md is out of date: uv run python -m tests.authority_page"
    )


# ── the walk

MAY = [
    (operation, seat)
    for operation, rule in AUTHORITY.items()
    for seat in (rule.seats or tuple(Seat))
]


@pytest.mark.parametrize(("operation", "seat"), MAY, ids=lambda one: str(one))
def test_who_may_is_answered(operation: str, seat: Seat) -> None:
    service, asked = prepared(operation, seat)
    who = "everywhere risk_owner" if operation in FOR_ALL else f"{seat} here"
    answer = sent(service, asked, who)
    looks_afresh = seat is Seat.QUALITY_REVIEWER and operation in ("replay", "explanation")
    if looks_afresh:  # whoever may be the one to check it, until somebody has
        assert answer.json()["code"] == "REJ.blind"
    elif operation in HIDDEN and answer.status_code == 403:  # who oversees it sees it
        assert answer.json()["code"] == "REJ.webhook_owner"
    else:
        assert answer.status_code not in (401, 403), answer.text
    assert answer.status_code < 500


@pytest.mark.parametrize("operation", AUTHORITY)
def test_nobody_else_is_and_nothing_is_recorded(operation: str) -> None:
    rule = AUTHORITY[operation]
    service, asked = prepared(operation)
    before = newest(service)
    strangers = ["stranger", *(f"{seat} elsewhere" for seat in Seat)]
    wrong = [f"{seat} here" for seat in Seat if rule.seats and seat not in rule.seats]
    services = [f"{seat} by a service" for seat in rule.seats if rule.people]
    by_key_alone = [
        f"{seat} by a key alone"
        for seat in rule.seats
        if seat in OWNER_SEATS and not rule.reads and operation not in BY_KEY
    ]
    for who in (*strangers, *wrong, *services, *by_key_alone):
        answer = sent(service, asked, who)
        if operation in HIDDEN and answer.status_code == 404:
            assert answer.json()["code"] in ("REJ.webhook_unknown", "REJ.not_in_the_log"), who
        elif operation == "release" and answer.status_code == 409:
            assert answer.json()["code"] == "REJ.lease_missing", who
        elif rule.asks_anyone or (operation in EACH_BY_ITSELF and answer.status_code != 403):
            assert answer.is_success, (who, answer.text)
            assert not rule.asks_anyone or "refund" not in shown(operation, answer), who
        else:
            assert answer.status_code == 403, (who, answer.status_code, answer.text)
        assert not recorded(service, before), who


def shown(operation: str, answer: httpx.Response) -> str:
    """What is told of the decision type; the description of the service tells of none."""
    return "" if operation == "description" else answer.text


def test_auditors_and_administrators_command_nothing() -> None:
    for operation, rule in AUTHORITY.items():
        if not rule.reads and operation not in SUBSCRIBING:
            assert {Seat.AUDITOR, Seat.ADMINISTRATOR}.isdisjoint(rule.seats), operation


def test_a_service_in_a_persons_place_is_told_so() -> None:
    service, asked = prepared("claim")
    answer = sent(service, asked, f"{Seat.REVIEWER} by a service")
    assert (answer.status_code, answer.json()["code"]) == (403, "REJ.not_a_person")
