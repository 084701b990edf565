"""python's wsproto on asyncio's streams: an echo server, or a client."""

import asyncio
from urllib.parse import urlsplit

from parts import announce, run
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


async def talk(ws, reader, writer):
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
        await talk(WSConnection(ConnectionType.SERVER), reader, writer)

    server = await asyncio.start_server(accept, "127.0.0.1", port)
    announce(server)
    await server.serve_forever()


async def play(url, number):
    host = urlsplit(url)
    reader, writer = await asyncio.open_connection(host.hostname, host.port)
    ws = WSConnection(ConnectionType.CLIENT)
    writer.write(ws.send(Request(host.netloc, f"/?case={number}", extensions=[PerMessageDeflate()])))
    await talk(ws, reader, writer)


run(serve, play)
