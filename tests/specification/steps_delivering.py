"""Sentences on actions that leave from here: signed, sent until there is an answer, never doubled.

A part of the vocabulary; see there.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from aiohttp import web
from pydantic import SecretStr
from pytest_bdd import given, parsers, then, when
from scene import Scene, adoption
from standardwebhooks import Webhook
from vocabulary import WORDS

from adapters.webhooks.courier import HttpCourier
from adapters.webhooks.endpoints import Endpoint
from application.delivering import deliver
from application.specifying.sentences import shaped
from application.specifying.vocabulary import expect
from domain.decision.events import ActionAuthorised
from domain.values import Delivery
from tests.adapters.webhooks import receivers

QUICKLY = 0.2
"""Seconds that a receiver here has for its answer."""
ANSWERS = {
    "does it": receivers.well,
    "is busy": receivers.busy,
    "breaks down": receivers.broken,
    "is gone for good": receivers.gone,
    "says nothing": receivers.slow,
    "hangs up": receivers.hangs_up,
}


@shaped("|".join(ANSWERS))
def answers(text: str) -> receivers.Answers:
    """What a receiver does: `does it`, `is busy`, `breaks down`, `is gone for good`,
    `says nothing`, `hangs up`
    """
    return ANSWERS[text]


DELIVERING = (answers,)


@dataclass
class Sent:
    """What arrived at the receiver so far, and what was to happen next each time."""

    headers: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    bodies: list[bytes] = field(default_factory=list[bytes])
    waits: list[timedelta | None] = field(default_factory=list["timedelta | None"])


def sentence(text: str) -> parsers.cfparse:
    """A sentence with these words beside the others."""
    known = {w.__name__: w for w in (*WORDS, *DELIVERING)}
    return parsers.cfparse(text, known, case_sensitive=True)


def sent(scene: Scene) -> Sent:
    found: Sent = scene.outside.setdefault("the receiver", Sent())
    return found


@given(sentence("the decision type {title:title}, whose actions are sent to another system"))
def _(scene: Scene, title: str) -> None:
    """The service carries an allowed action out itself, by a message to a receiver."""
    scene.adopts(adoption(title, delivery=Delivery.WEBHOOK, endpoint="payments"))


@given(sentence("it was sent, and the receiver {answers:answers}"))
@when(sentence("it is sent, and the receiver {answers:answers}"))
def _(scene: Scene, answers: receivers.Answers) -> None:
    """The worker's turn: what is allowed and not yet done is sent once, over HTTP."""
    scene.prepare(_send(scene, answers))


async def _send(scene: Scene, answers: receivers.Answers) -> None:
    history = await scene.desk.history(scene.decision_id)
    message = next(each.id for each in history if isinstance(each, ActionAuthorised))
    known, secret = sent(scene), SecretStr(receivers.SECRET)
    async with receivers.a_receiver(answers) as (url, asked):
        endpoint = Endpoint(url=url, secrets=(secret,), private=True, timeout_seconds=QUICKLY)
        async with HttpCourier({"payments": endpoint}) as courier:
            tried = len(known.waits)
            known.waits.append(
                await deliver(scene.decision_id, message, tried, courier, scene.desk)
            )
        for request in asked:
            known.headers.append({name.lower(): said for name, said in request.headers.items()})
            known.bodies.append(await _body(request))


async def _body(request: web.Request) -> bytes:
    return await request.read()


@then("it is sent again later")
def _(scene: Scene) -> None:
    """Nothing was done, as far as is known: the same message goes out again after a while."""
    found = sent(scene).waits[-1]
    expect(found is not None, "another attempt", "there is none")


@then("it is not sent again")
def _(scene: Scene) -> None:
    """There is a result, or nobody knows: nothing more leaves by itself, and nothing does if the
    worker has its turn again.
    """
    known = sent(scene)
    expect(known.waits[-1] is None, "no further attempt", f"one in {known.waits[-1]}")
    before = len(known.bodies)
    scene.prepare(_send(scene, receivers.well))
    expect(len(known.bodies) == before, "no further message", "one arrived")


@then("the receiver can tell whom each message is from")
def _(scene: Scene) -> None:
    """Each carries a signature of the Standard Webhooks, made with the receiver's secret."""
    known = sent(scene)
    assert known.bodies, "nothing arrived"
    secret = Webhook(receivers.SECRET)
    for headers, body in zip(known.headers, known.bodies, strict=True):
        at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        made = secret.sign(headers["webhook-id"], at, body.decode())
        expect(made in headers["webhook-signature"].split(), "a signature", "there is none")


@then("the receiver can tell that each is the same message")
def _(scene: Scene) -> None:
    """However often it is sent, it has one name: whoever remembers names does it once."""
    names = {headers["webhook-id"] for headers in sent(scene).headers}
    expect(len(names) == 1, "one name", f"there are {len(names)}")
