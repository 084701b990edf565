"""python's websockets: an echo server, or a client."""

import asyncio

import websockets
from parts import announce, run

LIMIT = 2**26


async def echo(ws):
    try:
        async for message in ws:
            await ws.send(message)
    except websockets.ConnectionClosed:
        pass


async def serve(port):
    async with websockets.serve(echo, "127.0.0.1", port, max_size=LIMIT) as server:
        announce(server)
        await asyncio.Future()


async def play(url, number):
    try:
        async with websockets.connect(f"{url}/?case={number}", max_size=LIMIT) as ws:
            await echo(ws)
    except Exception:
        pass  # many cases must fail


run(serve, play)
