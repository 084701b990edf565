"""A peer for the tests: python3-websockets as a client and as a server.

Standard input: "connect URL" or "listen", a line each. Standard output: what happened, as one JSON object a line.
"""

import asyncio
import json
import sys

import websockets

OFFERED = ["chat.v2", "chat.v1"]
SPOKEN = ["chat.v1"]
LIMIT = 2**25


def report(**facts):
    print(json.dumps(facts), flush=True)


async def behave(ws):
    async for message in ws:
        command, _, rest = message.partition(" ") if isinstance(message, str) else ("", "", "")
        if command == "!subprotocol":
            await ws.send(ws.subprotocol)
        elif command == "!ping":
            await (await ws.ping(rest))
            await ws.send("ponged " + rest)
        elif command == "!text":
            await ws.send(["frag", "men", "ted"])
        elif command == "!binary":
            await ws.send([b"frag", b"men", b"ted"])
        elif command == "!close":
            code, _, reason = rest.partition(" ")
            await ws.close(int(code), reason)
        else:
            await ws.send(message)


async def run(ws, number):
    try:
        await behave(ws)
    except websockets.ConnectionClosed:
        pass
    await ws.wait_closed()
    report(event="closed", id=number, code=ws.close_code, reason=ws.close_reason)


async def connect(url, number):
    async with websockets.connect(url, subprotocols=OFFERED, max_size=LIMIT) as ws:
        report(event="open", id=number)
        await run(ws, number)


async def listen():
    server = await websockets.serve(
        lambda ws, path=None: run(ws, -1), "127.0.0.1", 0, subprotocols=SPOKEN, max_size=LIMIT
    )
    report(event="listening", url="ws://127.0.0.1:%d/" % server.sockets[0].getsockname()[1])


async def main():
    loop = asyncio.get_running_loop()
    tasks = []
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        verb, _, url = line.strip().partition(" ")
        tasks.append(asyncio.create_task(listen() if verb == "listen" else connect(url, len(tasks))))


asyncio.run(main())
