/* One connection: non-blocking connect, the upgrade, bytes in and out. */
#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_BYTES = 1 << 20, SAY_MAX = 1 << 17 };

static void watch(struct run *run, struct link *link, int how, bool writes) {
  struct epoll_event event = {.events = EPOLLIN | (writes ? EPOLLOUT : 0u), .data.ptr = link};
  if (epoll_ctl(run->epoll, how, link->fd, &event) != 0) fail("epoll_ctl");
}

void open_link(struct run *run, struct link *link) {
  link->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (link->fd < 0) fail("no more sockets: raise the limit on open files");
  int on = 1;
  setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)run->options.port)};
  inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
  if (connect(link->fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS) fail("connect");
  link->phase = CONNECTING;
  watch(run, link, EPOLL_CTL_ADD, true);
}

void lose_link(struct run *run, struct link *link) {
  if (link->phase == DEAD) return;
  link->phase = DEAD;
  run->totals.dead++;
  close(link->fd);
}

static void grow(uint8_t **bytes, size_t *room, size_t wanted) {
  if (wanted <= *room) return;
  *room = wanted * 2;
  *bytes = realloc(*bytes, *room);
  if (*bytes == NULL) fail("out of memory");
}

void write_link(struct run *run, struct link *link, const void *bytes, size_t count) {
  if (link->phase == DEAD) return;
  ssize_t sent = link->out_bytes > 0 ? 0 : send(link->fd, bytes, count, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) return lose_link(run, link);
  size_t left = count - (sent > 0 ? (size_t)sent : 0);
  if (left == 0) return;
  grow(&link->out, &link->out_room, link->out_bytes + left);
  memcpy(link->out + link->out_bytes, (const uint8_t *)bytes + (count - left), left);
  link->out_bytes += left;
  watch(run, link, EPOLL_CTL_MOD, true);
}

/* Says one text: a frame, or the bytes as they are over plain TCP. */
void say(struct run *run, struct link *link, const char *text, size_t bytes) {
  static uint8_t frame[SAY_MAX + 14];
  if (run->options.raw) return write_link(run, link, text, bytes);
  write_link(run, link, frame, encode_frame(frame, 1, (const uint8_t *)text, bytes));
}

static void become_open(struct run *run, struct link *link) {
  char text[1024];
  link->phase = OPEN;
  for (int at = 0; at < run->options.hellos; at++)
    say(run, link, text, expand(text, sizeof text, run->options.hello[at], run, link, NULL, 0));
  on_open(run, link);
}

static void ask_upgrade(struct run *run, struct link *link) {
  char path[1024], request[4096];
  path[expand(path, sizeof path - 1, run->options.path, run, link, NULL, 0)] = 0;
  int bytes = snprintf(request, sizeof request,
                       "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                       "Sec-WebSocket-Key: bG9hZCBnZW5lcmF0b3IhIQ==\r\nSec-WebSocket-Version: 13\r\n%s\r\n",
                       path, run->options.port, run->options.headers);
  link->phase = OPENING;
  write_link(run, link, request, (size_t)bytes);
}

void flush_link(struct run *run, struct link *link) {
  if (link->phase == CONNECTING) {
    watch(run, link, EPOLL_CTL_MOD, false);
    if (run->options.raw) become_open(run, link);
    else ask_upgrade(run, link);
    return;
  }
  if (link->out_bytes == 0) return;
  ssize_t sent = send(link->fd, link->out, link->out_bytes, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) return lose_link(run, link);
  if (sent <= 0) return;
  link->out_bytes -= (size_t)sent;
  memmove(link->out, link->out + sent, link->out_bytes);
  if (link->out_bytes == 0) watch(run, link, EPOLL_CTL_MOD, false);
}

/* The answer to the upgrade; gives how many bytes it took. */
static size_t take_upgrade(struct run *run, struct link *link, const uint8_t *from, size_t bytes) {
  const uint8_t *end = memmem(from, bytes, "\r\n\r\n", 4);
  if (end == NULL) return 0;
  if (memcmp(from, "HTTP/1.1 101", 12) != 0) {
    fprintf(stderr, "the upgrade was refused: %.*s\n", (int)bytes, (const char *)from);
    exit(1);
  }
  become_open(run, link);
  return (size_t)(end - from) + 4;
}

/* Over plain TCP, whole lines; a server's PING is answered. */
static size_t take_lines(struct run *run, struct link *link, const uint8_t *from, size_t bytes) {
  const uint8_t *end = memrchr(from, '\n', bytes);
  if (end == NULL) return 0;
  size_t whole = (size_t)(end - from) + 1;
  if (memmem(from, whole, "PING\r\n", 6) != NULL) write_link(run, link, "PONG\r\n", 6);
  on_text(run, link, from, whole);
  return whole;
}

static size_t take(struct run *run, struct link *link, const uint8_t *from, size_t bytes) {
  if (run->options.raw) return take_lines(run, link, from, bytes);
  size_t head = link->phase == OPENING ? take_upgrade(run, link, from, bytes) : 0;
  return head + take_frames(run, link, from + head, bytes - head);
}

static void keep(struct link *link, const uint8_t *rest, size_t bytes) {
  grow(&link->in, &link->in_room, bytes);
  if (bytes > 0) memmove(link->in, rest, bytes);
  link->in_bytes = bytes;
}

void read_link(struct run *run, struct link *link) {
  static uint8_t fresh[READ_BYTES];
  if (link->phase == DEAD || link->phase == CONNECTING) return;
  ssize_t got = recv(link->fd, fresh, sizeof fresh, 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) return lose_link(run, link);
  run->totals.reads++;
  run->totals.bytes += (uint64_t)got;
  if (link->in_bytes == 0) {
    size_t taken = take(run, link, fresh, (size_t)got);
    return keep(link, fresh + taken, (size_t)got - taken);
  }
  grow(&link->in, &link->in_room, link->in_bytes + (size_t)got);
  memcpy(link->in + link->in_bytes, fresh, (size_t)got);
  size_t whole = link->in_bytes + (size_t)got;
  size_t taken = take(run, link, link->in, whole);
  keep(link, link->in + taken, whole - taken);
}
