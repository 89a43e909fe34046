"""Receivers that behave, and some that don't, on a real port of this machine."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
Answers = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def well(_: web.Request) -> web.StreamResponse:
    return web.json_response({"ok": True}, headers={"webhook-reference": "tx-17"})


async def slow(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(30)
    return web.Response()


async def gone(_: web.Request) -> web.StreamResponse:
    return web.Response(status=410, text="no more")


async def broken(_: web.Request) -> web.StreamResponse:
    return web.Response(status=500, text="\x1b[31moh no\x00" + "x" * 5_000)


async def busy(_: web.Request) -> web.StreamResponse:
    return web.Response(status=429, headers={"retry-after": "17"})


async def elsewhere(request: web.Request) -> web.StreamResponse:
    return web.Response(status=302, headers={"location": str(request.url.with_path("/well"))})


async def endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    try:
        for _ in range(10_000):
            await response.write(b"x" * 1_000)
    except ConnectionError:
        pass
    return response


async def hangs_up(request: web.Request) -> web.StreamResponse:
    await request.read()
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@asynccontextmanager
async def a_receiver(answers: Answers) -> AsyncGenerator[tuple[str, list[web.Request]]]:
    """Where it listens, and what it was asked."""
    asked: list[web.Request] = []

    async def keep(request: web.Request) -> web.StreamResponse:
        await request.read()
        asked.append(request)
        return await answers(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", keep)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}/hook", asked
    finally:
        await runner.cleanup()
