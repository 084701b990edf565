"""A peer for the tests: python3-websockets as a client and as a server.

Standard input: "connect URL" or "listen", a line each; behind it as JSON, on demand, the parameters of
permessage-deflate. Standard output: what happened, as one JSON object a line.
"""

import asyncio
import json
import sys

import websockets
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory, ServerPerMessageDeflateFactory

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


def compression(factory, parameters):
    """Gives the options that negotiate with these parameters; without any, the defaults."""
    if not parameters:
        return {}
    return {"compression": None, "extensions": [factory(**json.loads(parameters))]}


async def connect(url, parameters, number):
    options = compression(ClientPerMessageDeflateFactory, parameters)
    async with websockets.connect(url, subprotocols=OFFERED, max_size=LIMIT, **options) as ws:
        report(event="open", id=number)
        await run(ws, number)


async def listen(parameters):
    options = compression(ServerPerMessageDeflateFactory, parameters)
    server = await websockets.serve(
        lambda ws, path=None: run(ws, -1), "127.0.0.1", 0, subprotocols=SPOKEN, max_size=LIMIT, **options
    )
    report(event="listening", url="ws://127.0.0.1:%d/" % server.sockets[0].getsockname()[1])


async def main():
    loop = asyncio.get_running_loop()
    tasks = []
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        verb, url, parameters = (line.strip().split(" ", 2) + ["", ""])[:3]
        coroutine = listen(parameters) if verb == "listen" else connect(url, parameters, len(tasks))
        tasks.append(asyncio.create_task(coroutine))


asyncio.run(main())
