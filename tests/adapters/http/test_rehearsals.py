"""Rehearsals and shadows over HTTP: what a version would have done, and would do."""

import asyncio
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from time import monotonic, sleep
from typing import Any
from uuid import UUID, uuid4

import pytest
from a_service import REFUND, Json, Service, a_service, recommendation

from adapters.assembly import read_adoption
from application.desk import Caller
from application.governing import adopt
from application.ports import Identity
from domain.model import Actor, ActorKind, Event, Seat
from domain.policy import life as policies
from domain.policy.aggregate import stream_id
from domain.policy.events import Rehearsed

UUIDS = r"[0-9a-f]{8}-[0-9a-f-]{27}|sha256:[0-9a-f]{64}"
TYPE = "/v1/decision-types/refund"
LOOSER = REFUND.replace("confidence >= 0.90", "confidence >= 0.80").replace(
    "risk <= 0.30", "risk <= 0.50"
)


@pytest.fixture
def service() -> Iterator[Service]:
    made = a_service()
    drafted(made, LOOSER)
    with made.client:
        yield made


def drafted(service: Service, text: str) -> None:
    """The next version of the policy, written and not in force."""
    adoption = read_adoption(text)
    asyncio.run(_drafted(service, adoption))


async def _drafted(service: Service, adoption: Any) -> None:
    policy = await service.desk.policy("refund")
    caller = Caller(Identity("bo", "human"))
    actor = Actor(kind=ActorKind.HUMAN, id="bo", seat=Seat.AI_PRODUCT_OWNER)
    events = policies.draft(
        policy,
        "refund",
        adoption.policy_source,
        adoption.source_digest,
        adoption.guardrail,
        service.desk.stamp(caller, actor),
    )
    await service.desk.record(events, caller)
    service.desk.forget("refund")


def recommend_some(service: Service) -> list[str]:
    """Two that both automate, two that only the looser version would, one that neither would."""
    levels = (0.95, 0.99, 0.85, 0.82, 0.7)
    tag = uuid4()
    return [
        service.recommended(f"{tag}-{n}", confidence=level)["id"] for n, level in enumerate(levels)
    ]


def ended(service: Service, place: str) -> Json:
    until = monotonic() + 30
    while True:
        found: Json = service.get(place).json()
        if found["state"] != "running":
            return found
        assert monotonic() < until, found
        sleep(0.02)


def stream(service: Service) -> list[Event]:
    return list(asyncio.run(service.desk.log.stream(stream_id("refund"))))


def test_a_rehearsal_tells_what_changes_and_stays_with_the_version(service: Service) -> None:
    ids = recommend_some(service)
    begun = service.post(f"{TYPE}/policies/2/backtests", "bo", {})
    assert begun.status_code == 202, begun.text
    place = begun.headers["location"]
    assert place == begun.json()["self"]
    found = ended(service, place)
    report = found["report"]
    assert (found["state"], found["done"], found["total"]) == ("done", 5, 5)
    assert (report["decisions"], report["changed"], report["relaxed"]) == (5, 2, 2)
    assert report["straight_through_rate"]["numerator"] == 4
    assert report["straight_through_rate_before"]["numerator"] == 2
    [change] = report["changes"]
    assert [one["decision"] for one in change["first"]] == ids[2:4]
    assert change["rules"] == {"confident": 2}
    assert report["limits"]
    assert "full stage" in report["compared"]
    kept = stream(service)[-1]
    assert isinstance(kept, Rehearsed)
    assert str(kept.rehearsal) == found["id"]
    assert (kept.decisions, kept.changed, kept.automated, kept.automated_before) == (5, 2, 4, 2)
    assert kept.report_digest == found["report_digest"]
    assert (kept.actor.id, kept.actor.seat) == ("bo", Seat.AI_PRODUCT_OWNER)


def test_a_window_is_half_open_whatever_the_offset(service: Service) -> None:
    first = service.clock.now()
    service.recommended("one")
    service.clock.advance(timedelta(hours=1))
    service.recommended("two")

    def counted(since: str, until: str) -> int:
        body = {"from": since, "to": until}
        begun = service.post(f"{TYPE}/policies/2/backtests", "bo", body)
        assert begun.status_code == 202, begun.text
        return int(ended(service, begun.headers["location"])["report"]["decisions"])

    assert first.isoformat() == "2026-01-05T09:00:00+00:00"
    assert counted("2026-01-05T09:00:00Z", "2026-01-05T10:00:00Z") == 1
    assert counted("2026-01-05T14:30:00+05:30", "2026-01-05T15:30:00+05:30") == 1
    assert counted("2026-01-04T23:00:00-10:00", "2026-01-05T00:00:00.000001-10:00") == 2
    assert counted("2026-01-05T09:00:00.000001Z", "2026-01-05T10:00:00Z") == 0
    assert counted("2026-01-05T09:00:00Z", "2026-01-05T09:00:00Z") == 0


def test_a_rehearsal_asked_for_again_under_its_key_is_the_same_one(service: Service) -> None:
    path, body = f"{TYPE}/policies/2/backtests", {"to": "2026-02-01T00:00:00Z"}
    first = service.post(path, "bo", body, Idempotency_Key="k1")
    ended(service, first.headers["location"])
    again = service.post(path, "bo", body, Idempotency_Key="k1")
    assert again.json()["id"] == first.json()["id"]
    assert sum(isinstance(event, Rehearsed) for event in stream(service)) == 1


def test_what_can_not_be_rehearsed_is_refused_by_name(service: Service) -> None:
    def refused(path: str, who: str, body: Any) -> tuple[int, str]:
        answer = service.post(path, who, body)
        return answer.status_code, answer.json()["code"]

    good = f"{TYPE}/policies/2/backtests"
    assert refused(f"{TYPE}/policies/9/backtests", "bo", {}) == (404, "REJ.policy_version_unknown")
    assert refused(good, "stranger", {})[0] == 403
    assert refused(good.replace("refund", "nothing"), "bo", {})[0] == 404
    assert (
        refused(good, "bo", {"from": "2026-02-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"})[0]
        == 422
    )
    assert refused(good, "bo", {"from": "yesterday"})[0] == 422
    assert service.get(f"{good}/{uuid4()}", "bo").json()["code"] == "REJ.rehearsal_unknown"
    assert service.get(f"{good}/nothing", "bo").status_code in (404, 422)


def test_one_that_is_done_stays_as_it_is_when_it_is_cancelled(service: Service) -> None:
    begun = service.post(f"{TYPE}/policies/2/backtests", "bo", {})
    place = begun.headers["location"]
    before = ended(service, place)
    answer = service.client.delete(place, headers=service.header("bo"))
    assert (answer.status_code, answer.json()) == (200, before)
    other = place.replace("/policies/2/", "/policies/1/")
    assert service.get(other, "bo").status_code == 404


# ── shadow


def test_a_shadow_counts_what_comes_in_from_its_start_on(service: Service) -> None:
    recommend_some(service)
    begun = service.post(f"{TYPE}/policies/2/shadow", "bo")
    assert begun.status_code == 200, begun.text
    assert begun.json()["shadow"]["against"] == 1
    assert service.get(f"{TYPE}/policies/2/shadow").json()["decisions"] == 0
    for known in (5, 10):
        ids = recommend_some(service)
        found = service.get(f"{TYPE}/policies/2/shadow").json()
        assert found["running"]
        assert found["decisions"] == known
        assert found["agreement"]["numerator"] == known - known // 5 * 2
        [change] = found["changes"]
        assert (change["before"], change["after"]) == ("review", "automate")
        assert change["rules"] == {"confident": known // 5 * 2}
        assert change["first"][-2:] == ids[2:4]


def test_a_shadow_has_no_effect_whatever(service: Service) -> None:
    """The same answers and the same events, with and without."""

    def life(subject: str) -> list[Any]:
        told: list[Any] = []
        for level in (0.95, 0.85, 0.3):
            answer = service.recommended(f"{subject}-{level}", confidence=level)
            told.append(answer)
            history = asyncio.run(service.desk.history(UUID(answer["id"])))
            told.extend(event.model_dump(mode="json") for event in history)
        return told

    def alike(told: Any, own: dict[str, str]) -> Any:
        """With the same names for what belongs to one decision alone."""
        text = json.dumps(told).replace("without-", "with-")
        return re.sub(UUIDS, lambda found: own.setdefault(found[0], f"id {len(own)}"), text)

    without = life("without")
    service.post(f"{TYPE}/policies/2/shadow", "bo")
    service.get(f"{TYPE}/policies/2/shadow")
    with_it = life("with")
    service.get(f"{TYPE}/policies/2/shadow")
    assert alike(without, {}) == alike(with_it, {})


def test_a_shadow_ends_by_itself_when_another_version_is_put_into_force(service: Service) -> None:
    service.post(f"{TYPE}/policies/2/shadow", "bo")
    recommend_some(service)
    stricter = REFUND.replace("confidence >= 0.90", "confidence >= 0.97")
    service.clock.advance(timedelta(seconds=1))
    asyncio.run(adopt(read_adoption(stricter), Caller(Identity("operator", "human")), service.desk))
    service.clock.advance(timedelta(seconds=1))
    recommend_some(service)
    found = service.get(f"{TYPE}/policies/2/shadow").json()
    assert not found["running"]
    assert (found["decisions"], found["against"]) == (5, 1)
    assert (
        service.client.delete(f"{TYPE}/policies/2/shadow", headers=service.header("bo")).json()[
            "code"
        ]
        == "REJ.no_shadow"
    )


def test_who_may_try_a_version_and_what_can_be_tried(service: Service) -> None:
    def refused(version: int, who: str) -> tuple[int, str]:
        answer = service.post(f"{TYPE}/policies/{version}/shadow", who)
        return answer.status_code, answer.json()["code"]

    assert refused(2, "rae")[0] == 403
    assert refused(2, "bot")[0] == 403
    assert refused(1, "bo") == (409, "REJ.shadow_of_itself")
    assert refused(7, "bo") == (404, "REJ.policy_version_unknown")
    assert service.post(f"{TYPE}/policies/2/shadow", "bo").status_code == 200
    assert refused(2, "cy") == (409, "REJ.shadow_runs")
    assert service.get(f"{TYPE}/policies/1/shadow").json()["code"] == "REJ.no_shadow"
    stopped = service.client.delete(f"{TYPE}/policies/2/shadow", headers=service.header("cy"))
    assert stopped.json()["shadow"]["ended_at"] is not None
    assert service.get(f"{TYPE}/policies/2/shadow").status_code == 200
    assert recommendation()["decision_type"] == "refund"
