/* The run: open all links, let them settle, hold, warm up, measure, and print one line of JSON. */
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>

enum { EVENTS = 256 };
static const uint64_t SECOND = 1000000000u;
/* Links are settled when nothing was heard for so long. */
static const uint64_t QUIET_NS = 250000000u;
/* A loop that does not close is a broken server, not a slow one. */
static const uint64_t HANGING_NS = 60 * SECOND;
/* When the product's client says `seen`. */
enum { SAY_MESSAGES = 100, SAY_BYTES = 64 * 1024 };

void fail(const char *what) {
  fprintf(stderr, "load: %s (%s)\n", what, strerror(errno));
  exit(1);
}

/* Sockets that are due a message: all of the group but the author's. */
static int readers(const struct run *run) { return run->options.links - run->options.per_key; }

static void publish(struct run *run, struct link *link, int number) {
  static char text[1 << 17];
  struct slot *slot = &link->slots[number];
  slot->serial++;
  slot->missing = readers(run);
  slot->acked = false;
  slot->busy = true;
  slot->sent_ns = now_ns();
  say(run, link, text, expand(text, sizeof text, run->options.send, run, link, slot, number));
}

void on_open(struct run *run, struct link *link) {
  (void)link;
  run->opened++;
}

static void say_seen(struct run *run, struct link *link) {
  char text[64];
  int bytes = snprintf(text, sizeof text, "{\"action\":\"seen\",\"seq\":%lu}", (unsigned long)link->seq);
  say(run, link, text, (size_t)bytes);
  link->unsaid = 0;
  link->unsaid_bytes = 0;
}

/* The number stands in the message before its text. */
static void note_seq(struct link *link, const uint8_t *start, const uint8_t *token) {
  const uint8_t *from = token - start > 400 ? token - 400 : start;
  const uint8_t *found = NULL;
  for (const uint8_t *at = from; (at = memmem(at, (size_t)(token - at), "\"seq\":", 6)) != NULL; at += 6) found = at;
  if (found != NULL) link->seq = strtoull((const char *)found + 6, NULL, 10);
}

static uint32_t hex(const uint8_t *from, int digits) {
  uint32_t value = 0;
  for (int at = 0; at < digits; at++) {
    uint8_t digit = from[at];
    value = value << 4 | (uint32_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
  }
  return value;
}

static void complete(struct run *run, struct link *author, int number) {
  struct slot *slot = &author->slots[number];
  if (!slot->acked || slot->missing > 0) return;
  slot->busy = false;
  run->totals.messages++;
  if (run->options.rate == 0) publish(run, author, number);
}

/* One token arrived on a link: the author's ack, or a delivery. */
static void on_token(struct run *run, struct link *link, const uint8_t *token, uint64_t now) {
  uint32_t index = hex(token + 2, 4), number = hex(token + 6, 2), serial = hex(token + 8, 8);
  if (index >= (uint32_t)run->count || number >= (uint32_t)run->options.in_flight) return;
  struct link *author = &run->links[index];
  if (author != link && token[1] == '!') return;
  struct slot *slot = author->slots == NULL ? NULL : &author->slots[number];
  if (slot == NULL || slot->serial != serial || !slot->busy || (author == link && slot->acked)) {
    run->totals.stale++;
    return;
  }
  if (author == link) {
    slot->acked = true;
    note(&run->totals.ack, now - slot->sent_ns);
  } else {
    slot->missing--;
    run->totals.deliveries++;
    note(&run->totals.delivery, now - slot->sent_ns);
  }
  complete(run, author, (int)number);
}

void on_text(struct run *run, struct link *link, const uint8_t *text, size_t bytes) {
  const uint8_t *end = text + bytes, *last = NULL;
  uint64_t now = now_ns();
  run->heard_ns = now;
  run->totals.frames++;
  for (const uint8_t *at = text; (at = memchr(at, '~', (size_t)(end - at))) != NULL;) {
    if (end - at < TOKEN_BYTES || (at[1] != '~' && at[1] != '!')) {
      at++;
      continue;
    }
    link->unsaid++;
    last = at;
    on_token(run, link, at, now);
    at += TOKEN_BYTES;
  }
  if (last == NULL && memmem(text, bytes, "\"lagging\"", 9) != NULL) fail("the hub took a reader for slow");
  if (!run->options.seen || last == NULL) return;
  link->unsaid_bytes += bytes;
  if (link->unsaid < SAY_MESSAGES && link->unsaid_bytes < SAY_BYTES) return;
  note_seq(link, text, last);
  say_seen(run, link);
}

static void turn(struct run *run, int timeout_ms) {
  struct epoll_event events[EVENTS];
  int count = epoll_wait(run->epoll, events, EVENTS, timeout_ms);
  if (count < 0 && errno != EINTR) fail("epoll_wait");
  for (int at = 0; at < count; at++) {
    struct link *link = events[at].data.ptr;
    if (events[at].events & EPOLLOUT) flush_link(run, link);
    if (events[at].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) read_link(run, link);
  }
}

static void open_all(struct run *run) {
  uint64_t begun = now_ns();
  while (run->opened < run->count) {
    while (run->begun < run->count && run->begun - run->opened < run->options.opening)
      open_link(run, &run->links[run->begun++]);
    turn(run, 100);
    if (run->totals.dead > 0) fail("a link was lost before all were open");
    if (now_ns() - begun > 5 * HANGING_NS) fail("the links do not open");
  }
  run->heard_ns = now_ns();
  while (now_ns() - run->heard_ns < QUIET_NS) turn(run, 50);
}

/* Runs the loop until a time, or until enough messages went through; at a rate, sends when it is due. */
static void run_until(struct run *run, uint64_t end) {
  uint64_t interval = run->options.rate > 0 ? (uint64_t)(1e9 / run->options.rate) : 0, due = now_ns();
  int next = 0;
  for (uint64_t now = now_ns(); now < end; now = now_ns()) {
    if (run->options.messages > 0 && run->totals.messages >= (uint64_t)run->options.messages) return;
    if (interval > 0 && now >= due) {
      struct link *author = &run->links[(next++ % run->options.groups) * run->options.links];
      if (!author->slots[0].busy) publish(run, author, 0);
      due += interval;
    }
    uint64_t wake = interval > 0 && due < end ? due : end;
    turn(run, wake > now + 1000000 ? (int)((wake - now) / 1000000) : 0);
    if (now_ns() - run->heard_ns > HANGING_NS && interval == 0) fail("nothing comes any more");
  }
}

static void start_closed_loop(struct run *run) {
  for (int group = 0; group < run->options.groups; group++)
    for (int publisher = 0; publisher < run->options.publishers; publisher++)
      for (int slot = 0; slot < run->options.in_flight; slot++)
        publish(run, &run->links[group * run->options.links + publisher], slot);
}

static void make_links(struct run *run) {
  run->count = run->options.links * run->options.groups;
  run->links = calloc((size_t)run->count, sizeof *run->links);
  for (int at = 0; at < run->count; at++) {
    struct link *link = &run->links[at];
    link->index = (uint32_t)at;
    link->group = (uint32_t)(at / run->options.links);
    if (at % run->options.links < run->options.publishers)
      link->slots = calloc((size_t)run->options.in_flight, sizeof *link->slots);
  }
}

static void raise_file_limit(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int count, char **words) {
  static struct run run;
  run.options = read_options(count, words);
  run.salt = (uint32_t)(now_ns() >> 10);
  raise_file_limit();
  run.epoll = epoll_create1(0);
  if (run.options.method != NULL) {
    run_http(&run);
    return 0;
  }
  make_links(&run);
  long resident = resident_kb(&run.options);
  uint64_t begun = now_ns();
  open_all(&run);
  double opening_s = (double)(now_ns() - begun) / 1e9;
  run_until(&run, now_ns());
  for (uint64_t end = now_ns() + (uint64_t)(run.options.hold_s * 1e9); now_ns() < end;) turn(&run, 100);
  long held_kb = resident_kb(&run.options) - resident;
  run.heard_ns = now_ns();
  if (run.options.rate == 0) start_closed_loop(&run);
  run_until(&run, now_ns() + (uint64_t)(run.options.warm_s * 1e9));

  uint64_t dead = run.totals.dead;
  memset(&run.totals, 0, sizeof run.totals);
  double cpu = cpu_seconds(&run.options), own = own_cpu_seconds();
  uint64_t start = now_ns();
  run_until(&run, start + (uint64_t)(run.options.measure_s * 1e9));
  double seconds = (double)(now_ns() - start) / 1e9;
  const struct totals *totals = &run.totals;
  printf("{\"seconds\":%.6f,\"messages\":%lu,\"deliveries\":%lu,\"frames\":%lu,\"bytes\":%lu,\"reads\":%lu,"
         "\"stale\":%lu,\"dead\":%lu,\"opening_s\":%.3f,\"held_kb\":%ld,\"server_cpu_s\":%.3f,\"own_cpu_s\":%.3f,"
         "\"delivery_p50_ms\":%.4f,\"delivery_p99_ms\":%.4f,\"ack_p50_ms\":%.4f,\"ack_p99_ms\":%.4f}\n",
         seconds, totals->messages, totals->deliveries, totals->frames, totals->bytes, totals->reads, totals->stale,
         totals->dead + dead, opening_s, held_kb, cpu_seconds(&run.options) - cpu, own_cpu_seconds() - own,
         quantile_ms(&totals->delivery, 0.5), quantile_ms(&totals->delivery, 0.99), quantile_ms(&totals->ack, 0.5),
         quantile_ms(&totals->ack, 0.99));
  return 0;
}
