"""Puts bytes to python's wsproto: a line of JSON in, a line of JSON out, until the input ends."""
import base64
import hashlib
import json
import re
import sys

from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    Message,
    Ping,
    Pong,
    Request,
    TextMessage,
)
from wsproto import WSConnection


def spaced(data):
    return bytes(data).hex(" ")


def outcome(connection, parts):
    """The events that wait; a message is joined of its parts. And how the connection failed, if it did."""
    events = []
    failure = None
    for event in connection.events():
        if isinstance(event, Message):
            parts.append(event.data)
            if event.message_finished:
                if isinstance(event, TextMessage):
                    events.append(["text", "".join(parts)])
                else:
                    events.append(["binary", spaced(b"".join(parts))])
                parts.clear()
        elif isinstance(event, Ping):
            events.append(["ping", spaced(event.payload)])
        elif isinstance(event, Pong):
            events.append(["pong", spaced(event.payload)])
        elif connection.state is ConnectionState.OPEN:
            # Only a peer's Close frame changes the state: this is a failure.
            failure = [int(event.code), event.reason]
        else:
            events.append(["close", int(event.code), event.reason])
    return events, failure


def receive(task):
    connection = Connection(getattr(ConnectionType, task["role"].upper()))
    parts = []
    events = []
    for chunk in task["chunks"]:
        connection.receive_data(bytes.fromhex(chunk))
        more, failure = outcome(connection, parts)
        events += more
        if failure is not None:
            return {"events": events, "verdict": failure[0], "why": failure[1]}
        if connection.state is not ConnectionState.OPEN:
            return {"events": events, "verdict": "ok"}
    connection.receive_data(bytes.fromhex(task["probe"]))
    more, failure = outcome(connection, parts)
    seen = failure is None and len(more) == 1 and more[0] == ["ping", ""]
    return {"events": events, "verdict": "ok" if seen else "incomplete"}


def send(task):
    connection = Connection(getattr(ConnectionType, task["role"].upper()))
    data = b""
    for message in task["messages"]:
        if "text" in message:
            data += connection.send(TextMessage(data=message["text"]))
        else:
            data += connection.send(BytesMessage(data=bytes.fromhex(message["binary"])))
    return data.hex()


def request(task):
    """Whether a server takes a request, and what it answers."""
    connection = WSConnection(ConnectionType.SERVER)
    connection.receive_data(bytes.fromhex(task["head"]))
    event = next(connection.events(), None)
    if not isinstance(event, Request):
        return {"why": repr(event)}
    return {"answer": connection.send(AcceptConnection()).hex()}


def response(task):
    """Whether a client takes a response, whose key is made the one that it wants."""
    connection = WSConnection(ConnectionType.CLIENT)
    sent = connection.send(Request(host="example.com", target="/"))
    key = re.search(rb"(?i)\r\nsec-websocket-key: *(\S+)", sent).group(1)
    digest = hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    head = bytes.fromhex(task["head"])
    connection.receive_data(head.replace(b"ICX+Yqv66kxgM0FcWaLWlFLwTAI=", base64.b64encode(digest)))
    event = next(connection.events(), None)
    return {"answer": "open"} if isinstance(event, AcceptConnection) else {"why": repr(event)}


TASKS = {"receive": receive, "send": send, "request": request, "response": response}

for line in sys.stdin:
    task = json.loads(line)
    try:
        result = TASKS[task["type"]](task)
    except Exception as error:  # whatever it does is an outcome
        result = {"events": [], "verdict": "threw", "why": str(error)}
    print(json.dumps(result), flush=True)
