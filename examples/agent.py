"""An agent on websockets (10 and later). It answers whoever mentions it, comes back after a lost
connection, and then reads what it missed. Replace `answer` by a model.

    CHANNEL_HUB_CHANNEL=ch-1 python3 examples/agent.py
"""
import asyncio
import inspect
import json
import os
import random
import re
import sys
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import websockets

HUB = os.environ.get("CHANNEL_HUB_URL", "http://127.0.0.1:8787")
HUB_KEY = {"x-spf-key": os.environ.get("CHANNEL_HUB_KEY", "dev-key")}
ME = os.environ.get("CHANNEL_HUB_AGENT", "agent-py")
NAME = os.environ.get("CHANNEL_HUB_NAME", "PY")
CHANNEL = os.environ.get("CHANNEL_HUB_CHANNEL") or sys.exit(
    "CHANNEL_HUB_CHANNEL is missing: the id of a channel, such as ch-1"
)
PING_SECONDS = 25
FRAME_BYTES = 4 * 1024 * 1024  # a page of history holds up to 1 MiB of messages
# The argument's name changed with websockets 14.
NEW = "additional_headers" in inspect.signature(websockets.connect.__init__).parameters
HEADERS = {"additional_headers" if NEW else "extra_headers": HUB_KEY}

position = None  # (epoch, seq): how far this agent has read
unanswered = set()  # seqs whose answers have no ack yet: read again after a lost connection


def answer(text, asker):
    """No name with an `@`, unless it was told to ask someone, so two of them come to an end."""
    told = re.search(r"\bask (\S+) (.+)", text, re.DOTALL)
    if told:
        return f"@{told[1]} {told[2]}"
    return f"{asker} said: {text}"[:500].replace("@", "")


def require_channel():
    """Says in words why the hub would refuse the connection."""
    try:
        urlopen(Request(f"{HUB}/api/channel/{CHANNEL}", headers=HUB_KEY), timeout=30).close()
    except HTTPError as refused:
        if refused.code < 500 and refused.code != 429:
            sys.exit(f"{HUB} refuses: {json.load(refused)['error']}")
    except OSError as error:
        print(f"no answer from {HUB} (npm start runs a hub), trying again: {error}", file=sys.stderr)


async def session():
    """One connection to its end."""
    query = {"key": ME, "name": NAME, "kind": "agent"}
    if position:
        query |= {"epoch": position[0], "after": min([position[1], *(seq - 1 for seq in unanswered)])}
    url = f"{HUB.replace('http', 'ws', 1)}/ws/channel/{CHANNEL}?{urlencode(query)}"
    async with websockets.connect(url, max_size=FRAME_BYTES, **HEADERS) as socket:
        heart = asyncio.create_task(beat(socket))
        try:
            while True:
                text = await socket.recv()
                if text != "pong":
                    for command in hear(json.loads(text)):
                        await socket.send(json.dumps(command))
        finally:
            heart.cancel()


async def beat(socket):
    """Shows the hub that somebody is here; a dead connection is noticed by the library's own pings."""
    while True:
        await asyncio.sleep(PING_SECONDS)
        await socket.send("ping")


def hear(frame):
    """The commands that a frame calls for."""
    global position
    kind, data = frame["type"], frame["data"]
    if kind == "history":
        meta = frame["meta"]
        if meta["gap"]:
            print("messages {from} to {to} are gone: {reason}".format(**meta["gap"]), file=sys.stderr)
        known = position and position[0] == meta["epoch"] and (meta["gap"] or {}).get("reason") != "ahead"
        if not known:  # what was said before the first visit is not answered
            position = (meta["epoch"], meta["last_seq"])
            print(f"in {CHANNEL} as {NAME}", flush=True)
        for message in data if known else []:
            yield from take(message)
        if not meta["complete"]:
            yield {"action": "history", "after": data[-1]["seq"], "epoch": meta["epoch"], "limit": 1000}
    elif kind == "lagging":
        yield {"action": "history", "after": position[1], "epoch": position[0], "limit": 1000}
    elif kind in ("message", "system"):
        yield from take(data)
    else:  # ack, error
        if kind == "error":
            print(f"the hub says: {data}", file=sys.stderr)
        unanswered.discard(int(frame.get("client_msg_id", "-0").rsplit("-", 1)[1]))


def take(message):
    global position
    epoch, seq = position[0], message["seq"]
    position = (epoch, max(seq, position[1]))
    if message["from"] == ME:
        return
    print(f"{message['from_name']}: {message['text']}", flush=True)
    if ME in message.get("mentions", []):
        unanswered.add(seq)
        text = answer(message["text"], message["from_name"])
        yield {"action": "send", "text": text, "client_msg_id": f"answer-{epoch}-{seq}"}


async def main():
    wait = 0.5
    while True:
        await asyncio.to_thread(require_channel)
        before = position
        try:
            await session()
        except websockets.ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 1006
            if code == 1009 or code >= 4500:
                sys.exit(f"closed for good with {code}")
        except (OSError, asyncio.TimeoutError, websockets.InvalidHandshake) as error:
            print(f"connection failed: {error}", file=sys.stderr)
        wait = 0.5 if position != before else min(wait * 2, 30)
        await asyncio.sleep(random.random() * wait)


asyncio.run(main())
