/* Requests over kept connections, one in flight on each, as fast as they are answered. */
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

enum { CONNECTIONS_MAX = 256, HEAD_MAX = 64 * 1024, BODY_MAX = 64 * 1024, READ_BYTES = 1 << 20 };

struct connection {
  int fd;
  uint64_t sent_ns;
  size_t have, want; /* Bytes of the answer; `want` is 0 until its head is complete. */
  char head[HEAD_MAX];
};

static struct connection connections[CONNECTIONS_MAX];
static unsigned long requests, answers, failures, received;
static struct histogram times;

static void ask(const struct options *options, struct connection *connection) {
  static char body[BODY_MAX], path[BODY_MAX], request[2 * BODY_MAX + 4096];
  const char *number = NULL;
  size_t bytes = 0, path_bytes = 0;
  requests++;
  for (const char *from = options->body; *from != 0; from++) {
    number = strncmp(from, "{n}", 3) == 0 ? from : NULL;
    if (number == NULL) body[bytes++] = *from;
    else bytes += (size_t)sprintf(body + bytes, "%lu", requests), from += 2;
  }
  for (const char *from = options->path; *from != 0; from++) {
    if (strncmp(from, "{n}", 3) != 0) path[path_bytes++] = *from;
    else path_bytes += (size_t)sprintf(path + path_bytes, "%lu", requests + (unsigned long)options->first - 1), from += 2;
  }
  int head = snprintf(request, sizeof request, "%s %.*s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%sContent-Length: %zu\r\n\r\n",
                      options->method, (int)path_bytes, path, options->port, options->headers, bytes);
  memcpy(request + head, body, bytes);
  connection->have = connection->want = 0;
  connection->sent_ns = now_ns();
  if (send(connection->fd, request, (size_t)head + bytes, MSG_NOSIGNAL) != (ssize_t)((size_t)head + bytes)) fail("send");
}

static void start(struct run *run, struct connection *connection) {
  connection->fd = socket(AF_INET, SOCK_STREAM, 0);
  int on = 1;
  setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)run->options.port)};
  inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
  if (connect(connection->fd, (struct sockaddr *)&to, sizeof to) != 0) fail("connect");
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
  epoll_ctl(run->epoll, EPOLL_CTL_ADD, connection->fd, &event);
}

/* Where the answer ends, once its head is there. */
static void measure(struct connection *connection) {
  connection->head[connection->have < HEAD_MAX ? connection->have : HEAD_MAX - 1] = 0;
  const char *end = strstr(connection->head, "\r\n\r\n");
  if (end == NULL) return;
  const char *length = strcasestr(connection->head, "\r\ncontent-length:");
  if (length == NULL || length > end) fail("an answer has no Content-Length");
  connection->want = (size_t)(end - connection->head) + 4 + strtoul(length + 17, NULL, 10);
  if (strncmp(connection->head, "HTTP/1.1 200", 12) != 0) {
    if (failures++ == 0) fprintf(stderr, "load: %s\n", connection->head);
  }
}

static void take(const struct options *options, struct connection *connection, bool goes_on) {
  static char fresh[READ_BYTES];
  ssize_t got = recv(connection->fd, fresh, sizeof fresh, 0);
  if (got <= 0) fail("the server closed a connection");
  if (connection->want == 0) {
    size_t room = connection->have < HEAD_MAX - 1 ? HEAD_MAX - 1 - connection->have : 0;
    memcpy(connection->head + connection->have, fresh, (size_t)got < room ? (size_t)got : room);
  }
  connection->have += (size_t)got;
  received += (unsigned long)got;
  if (connection->want == 0) measure(connection);
  if (connection->want == 0 || connection->have < connection->want) return;
  answers++;
  note(&times, now_ns() - connection->sent_ns);
  if (goes_on) ask(options, connection);
}

static void loop(struct run *run, double seconds) {
  uint64_t end = now_ns() + (uint64_t)(seconds * 1e9);
  while (now_ns() < end) {
    struct epoll_event events[CONNECTIONS_MAX];
    int count = epoll_wait(run->epoll, events, CONNECTIONS_MAX, 100);
    bool goes_on = run->options.messages == 0 || requests < (unsigned long)run->options.messages;
    for (int at = 0; at < count; at++) take(&run->options, events[at].data.ptr, goes_on);
    if (!goes_on && answers == requests) return;
  }
}

void run_http(struct run *run) {
  const struct options *options = &run->options;
  if (options->links > CONNECTIONS_MAX) fail("too many --links");
  for (int at = 0; at < options->links; at++) start(run, &connections[at]);
  for (int at = 0; at < options->links; at++) ask(options, &connections[at]);
  loop(run, options->warm_s);
  answers = failures = received = 0;
  memset(&times, 0, sizeof times);
  double cpu = cpu_seconds(options), own = own_cpu_seconds();
  uint64_t begun = now_ns();
  loop(run, options->measure_s);
  printf("{\"seconds\":%.6f,\"answers\":%lu,\"requests\":%lu,\"failures\":%lu,\"bytes\":%lu,\"server_cpu_s\":%.3f,"
         "\"own_cpu_s\":%.3f,\"p50_ms\":%.4f,\"p99_ms\":%.4f}\n",
         (double)(now_ns() - begun) / 1e9, answers, requests, failures, received, cpu_seconds(options) - cpu,
         own_cpu_seconds() - own, quantile_ms(&times, 0.5), quantile_ms(&times, 0.99));
}
