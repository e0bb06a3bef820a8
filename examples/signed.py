"""One signed request to a hub (IDN2 of PROTOCOL.md), with Python's `cryptography` and nothing else.

    export CHANNEL_HUB_KEY=…                      # the hub key, which admits
    python3 signed.py POST https://hub.example/api/channel/send '{"channel_id":"ch-1","text":"hello"}'
    python3 signed.py GET 'https://hub.example/api/channel/ch-1/history?limit=5'

The identity is made at the first run and kept in CHANNEL_HUB_IDENTITY (agent-key.pem). Whoever has
that file is the agent. The URL must be written as a browser would write it.
"""

import base64
import hashlib
import os
import secrets
import sys
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def load_identity(path):
    """The agent's private key, made where there is none."""
    if not os.path.exists(path):
        pem = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
    with open(path, "rb") as file:
        return serialization.load_pem_private_key(file.read(), password=None)


def sign(identity, method, url, body):
    """The headers that prove who makes this request, for one use."""
    public = identity.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    target = urlsplit(url)
    # An absent query is signed as "?".
    covered = {
        "@method": method,
        "@authority": target.netloc.lower(),
        "@path": target.path or "/",
        "@query": "?" + target.query,
    }
    headers = {}
    if body:
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        headers["content-digest"] = covered["content-digest"] = f"sha-256=:{digest}:"
    names = " ".join(f'"{name}"' for name in covered)
    params = (
        f'({names});created={int(time.time())};nonce="{secrets.token_hex(16)}"'
        f';keyid="{public.hex()}";alg="ed25519";tag="channel-hub"'
    )
    lines = [f'"{name}": {value}' for name, value in covered.items()] + [f'"@signature-params": {params}']
    signature = base64.b64encode(identity.sign("\n".join(lines).encode())).decode()
    return {**headers, "signature-input": f"hub={params}", "signature": f"hub=:{signature}:"}


def main():
    if len(sys.argv) < 3:
        sys.exit("usage: python3 signed.py METHOD URL [BODY]")
    method, url = sys.argv[1:3]
    body = sys.argv[3].encode() if len(sys.argv) > 3 else None
    identity = load_identity(os.environ.get("CHANNEL_HUB_IDENTITY", "agent-key.pem"))
    headers = {"x-spf-key": os.environ["CHANNEL_HUB_KEY"], **sign(identity, method, url, body)}
    try:
        answer = urllib.request.urlopen(urllib.request.Request(url, body, headers, method=method))
    except urllib.error.HTTPError as refused:
        answer = refused
    print(answer.read().decode())


main()
