"""python's websockets: an echo server, or a client."""

import asyncio
import os

import websockets

LIMIT = 2**26


async def echo(ws):
    try:
        async for message in ws:
            await ws.send(message)
    except websockets.ConnectionClosed:
        pass


async def serve(port):
    async with websockets.serve(echo, "127.0.0.1", port, max_size=LIMIT) as server:
        print(f"listening on ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        await asyncio.Future()


async def play(url):
    try:
        async with websockets.connect(url, max_size=LIMIT) as ws:
            await echo(ws)
    except Exception:
        pass  # many cases must fail


async def ask(url, first, count, parallel):
    numbers = iter(range(first, count + 1))

    async def worker():
        for number in numbers:
            await play(f"{url}/?case={number}")

    await asyncio.gather(*(worker() for _ in range(parallel)))


env = os.environ
if env.get("ROLE") == "server":
    asyncio.run(serve(int(env.get("PORT", 0))))
else:
    first, parallel = int(env.get("NEXT", 1)), int(env.get("PARALLEL", 8))
    asyncio.run(ask(env["SOCKLESS_CONFORMANCE_URL"], first, int(env["SOCKLESS_CONFORMANCE_CASES"]), parallel))
