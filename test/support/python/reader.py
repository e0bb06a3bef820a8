"""A reader of a channel, written from "In five minutes" of PROTOCOL.md and from nothing else: it
takes what comes, pings every 25 s, and comes back with epoch and highest seq. It knows no `lagging`,
no `seen`, no `history` to ask for, and leaves its library as it is. At times it is slow.

Prints `SEQ TEXT` of each message, TEXT cut short.
"""
import asyncio
import inspect
import json
import os
import random
import sys
from urllib.parse import urlencode

import websockets

HUB, KEY, CHANNEL, ME = (os.environ[name] for name in ("HUB_URL", "HUB_KEY", "HUB_CHANNEL", "HUB_AGENT"))
SLOW_S = 0.2
NEW = "additional_headers" in inspect.signature(websockets.connect.__init__).parameters
HEADERS = {"additional_headers" if NEW else "extra_headers": {"x-spf-key": KEY}}

position = {}  # epoch, after


async def session():
    url = f"{HUB.replace('http', 'ws', 1)}/ws/channel/{CHANNEL}?{urlencode({'key': ME, **position})}"
    async with websockets.connect(url, **HEADERS) as socket:
        heart = asyncio.create_task(beat(socket))
        try:
            while True:
                text = await socket.recv()
                if text != "pong":
                    await hear(json.loads(text))
        finally:
            heart.cancel()


async def beat(socket):
    while True:
        await asyncio.sleep(25)
        await socket.send("ping")


async def hear(frame):
    if frame["type"] == "history":
        gap = frame["meta"]["gap"]
        if gap:
            print("gap", gap, flush=True)
        position["epoch"] = frame["meta"]["epoch"]
    data = frame.get("data")
    messages = data if isinstance(data, list) else [data] if isinstance(data, dict) and "text" in data else []
    for message in messages:
        if message["seq"] <= position.get("after", 0):
            continue
        position["after"] = message["seq"]
        print(message["seq"], message["text"][:24], flush=True)
        if random.random() < 0.2:
            await asyncio.sleep(random.random() * SLOW_S)


async def main():
    wait = 0.2
    while True:
        try:
            await session()
        except (OSError, websockets.WebSocketException, asyncio.TimeoutError) as error:
            received = getattr(error, "rcvd", None)
            code = received.code if received else 1006
            print("lost", code, repr(error)[:200], file=sys.stderr, flush=True)
            if code == 1009 or 4500 <= code <= 4999:
                sys.exit(f"the hub ended it: {error}")
        await asyncio.sleep(random.random() * wait)


asyncio.run(main())
