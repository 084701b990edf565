"""The part that the programs in python share: what to do, and how a client plays its cases."""

import asyncio
import os


def run(serve, play):
    """Runs `serve(port)`, or `play(url, number)` for each case, which ends with its connection."""
    env = os.environ
    if env.get("ROLE") == "server":
        asyncio.run(serve(int(env.get("PORT", 0))))
    else:
        numbers = iter(range(int(env.get("NEXT", 1)), int(env["SOCKLESS_CONFORMANCE_CASES"]) + 1))
        asyncio.run(_ask(play, env["SOCKLESS_CONFORMANCE_URL"], numbers, int(env.get("PARALLEL", 8))))


async def _ask(play, url, numbers, parallel):
    async def worker():
        for number in numbers:
            await play(url, number)

    await asyncio.gather(*(worker() for _ in range(parallel)))


def announce(server):
    """Prints where a server listens."""
    print(f"listening on ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
