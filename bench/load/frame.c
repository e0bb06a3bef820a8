/* WebSocket frames (RFC 6455 §5): masked on the way out, taken as they come on the way in. */
#include "load.h"

#include <string.h>

enum { CONTINUATION = 0, TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9 };

/* Any mask will do here; zero would let a server skip its work. */
static const uint8_t MASK[4] = {0x3a, 0xc5, 0x91, 0x6e};

/* Writes at most 14 bytes more than the payload has. */
size_t encode_frame(uint8_t *to, int opcode, const uint8_t *payload, size_t bytes) {
  size_t at = 0;
  to[at++] = (uint8_t)(0x80 | opcode);
  if (bytes < 126) {
    to[at++] = (uint8_t)(0x80 | bytes);
  } else if (bytes < 65536) {
    to[at++] = 0x80 | 126;
    to[at++] = (uint8_t)(bytes >> 8);
    to[at++] = (uint8_t)bytes;
  } else {
    to[at++] = 0x80 | 127;
    for (int shift = 56; shift >= 0; shift -= 8) to[at++] = (uint8_t)((uint64_t)bytes >> shift);
  }
  memcpy(to + at, MASK, 4);
  at += 4;
  for (size_t i = 0; i < bytes; i++) to[at + i] = payload[i] ^ MASK[i & 3];
  return at + bytes;
}

/* Bytes of a frame's head and payload; 0: the head is not complete. */
static size_t measure(const uint8_t *from, size_t bytes, size_t *head) {
  if (bytes < 2) return 0;
  uint64_t length = from[1] & 0x7f;
  *head = length == 126 ? 4 : length == 127 ? 10 : 2;
  if (bytes < *head) return 0;
  if (length < 126) return *head + length;
  length = 0;
  for (size_t at = 2; at < *head; at++) length = length << 8 | from[at];
  return *head + length;
}

static void answer_control(struct run *run, struct link *link, int opcode, const uint8_t *payload, size_t bytes) {
  uint8_t frame[14 + 125];
  if (opcode == PING) write_link(run, link, frame, encode_frame(frame, 10, payload, bytes));
  if (opcode == CLOSE) lose_link(run, link);
}

/* Hands over all complete frames; gives how many bytes they took. */
size_t take_frames(struct run *run, struct link *link, const uint8_t *from, size_t bytes) {
  size_t at = 0, head = 0;
  while (link->phase == OPEN) {
    size_t whole = measure(from + at, bytes - at, &head);
    if (whole == 0 || whole > bytes - at) break;
    int opcode = from[at] & 0x0f;
    if (opcode <= BINARY) on_text(run, link, from + at + head, whole - head);
    else answer_control(run, link, opcode, from + at + head, whole - head);
    at += whole;
  }
  return at;
}
