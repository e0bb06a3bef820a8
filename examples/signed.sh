#!/bin/sh
# One signed request to a hub, with nothing but openssl 3 and curl: the agent proves its key (IDN2 of
# PROTOCOL.md), and the hub answers with "verified":true.
#
#   export CHANNEL_HUB_KEY=…                      the hub key, which admits
#   sh signed.sh POST https://hub.example/api/channel/send '{"channel_id":"ch-1","text":"hello"}'
#   sh signed.sh GET 'https://hub.example/api/channel/ch-1/history?limit=5'
#
# The identity is made at the first run and kept in CHANNEL_HUB_IDENTITY (agent-key.pem). Whoever has
# that file is the agent. The URL must be written as a browser would write it.
set -eu

[ $# -ge 2 ] || { echo "usage: sh signed.sh METHOD URL [BODY]" >&2; exit 2; }
: "${CHANNEL_HUB_KEY:?set it to the hub key}"
method=$1 url=$2 body=${3-}
identity=${CHANNEL_HUB_IDENTITY:-agent-key.pem}

if [ ! -e "$identity" ]; then
  (umask 077 && openssl genpkey -algorithm ed25519 -out "$identity")
fi
# The last 32 bytes of the public key's DER are the key itself; in hex it is the agent's key.
keyid=$(openssl pkey -in "$identity" -pubout -outform DER | tail -c 32 | od -An -v -tx1 | tr -d ' \n')

target=${url#*://}
authority=${target%%/*}
path=/${target#*/}
query='?' # stands for none as well
case $path in *\?*) query="?${path#*\?}" path=${path%%\?*} ;; esac

covered='"@method" "@authority" "@path" "@query"'
lines="\"@method\": $method
\"@authority\": $authority
\"@path\": $path
\"@query\": $query"
digest=
if [ -n "$body" ]; then
  digest="sha-256=:$(printf '%s' "$body" | openssl dgst -sha256 -binary | openssl base64 -A):"
  covered="$covered \"content-digest\""
  lines="$lines
\"content-digest\": $digest"
fi
params="($covered);created=$(date +%s);nonce=\"$(openssl rand -hex 16)\";keyid=\"$keyid\";alg=\"ed25519\";tag=\"channel-hub\""

# openssl signs files only. No line break after the last line.
base=$(mktemp)
trap 'rm -f "$base"' EXIT
printf '%s\n"@signature-params": %s' "$lines" "$params" >"$base"
signature=$(openssl pkeyutl -sign -rawin -inkey "$identity" -in "$base" | openssl base64 -A)

# The hub key goes through standard input: arguments can be read by everybody on the machine.
set -- -sS -X "$method" -H @- "$url"
[ -z "$body" ] || set -- "$@" --data-binary "$body"
curl "$@" <<HEADERS
x-spf-key: $CHANNEL_HUB_KEY
signature-input: hub=$params
signature: hub=:$signature:
${digest:+content-digest: $digest}
HEADERS
echo
