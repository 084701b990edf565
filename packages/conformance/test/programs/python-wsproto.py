"""python's wsproto on asyncio's streams: an echo server, or a client."""

import asyncio
import os
from urllib.parse import urlsplit

from wsproto import WSConnection
from wsproto.connection import ConnectionType
from wsproto.events import AcceptConnection, CloseConnection, Message, Ping, RejectConnection, Request
from wsproto.extensions import PerMessageDeflate
from wsproto.utilities import RemoteProtocolError

LIMIT = 2**26


async def drive(ws, reader, writer):
    parts, size = [], 0
    while data := await reader.read(2**16):
        ws.receive_data(data)
        for event in ws.events():
            if isinstance(event, Request):
                writer.write(ws.send(AcceptConnection(extensions=[PerMessageDeflate()])))
            elif isinstance(event, Message):
                parts.append(event.data)
                size += len(event.data)
                if size > LIMIT:
                    writer.write(ws.send(CloseConnection(1009)))
                    return
                if event.message_finished:
                    writer.write(ws.send(type(event)(type(event.data)().join(parts))))
                    parts, size = [], 0
            elif isinstance(event, Ping):
                writer.write(ws.send(event.response()))
            elif isinstance(event, CloseConnection):
                writer.write(ws.send(event.response()))
                return
            elif isinstance(event, RejectConnection):
                return
        await writer.drain()


async def run(ws, reader, writer):
    try:
        try:
            await drive(ws, reader, writer)
        except RemoteProtocolError as error:
            if error.event_hint is not None:
                writer.write(ws.send(error.event_hint))
    except Exception:
        pass  # the end of this connection, and of no other
    finally:
        writer.close()


async def serve(port):
    async def accept(reader, writer):
        await run(WSConnection(ConnectionType.SERVER), reader, writer)

    server = await asyncio.start_server(accept, "127.0.0.1", port)
    print(f"listening on ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


async def play(url, number):
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    ws = WSConnection(ConnectionType.CLIENT)
    writer.write(ws.send(Request(url.netloc, f"/?case={number}", extensions=[PerMessageDeflate()])))
    await run(ws, reader, writer)


async def ask(url, first, count, parallel):
    numbers = iter(range(first, count + 1))

    async def worker():
        for number in numbers:
            await play(url, number)

    await asyncio.gather(*(worker() for _ in range(parallel)))


env = os.environ
if env.get("ROLE") == "server":
    asyncio.run(serve(int(env.get("PORT", 0))))
else:
    first, parallel = int(env.get("NEXT", 1)), int(env.get("PARALLEL", 8))
    url = urlsplit(env["SOCKLESS_CONFORMANCE_URL"])
    asyncio.run(ask(url, first, int(env["SOCKLESS_CONFORMANCE_CASES"]), parallel))
