/*
 * A load generator small enough to idle while the server it measures is busy: one thread, epoll,
 * no allocation on a message's path. What it says to a server is given as templates on its command
 * line, so that it speaks to every hub, over WebSocket, plain TCP or HTTP, at the same cost.
 *
 * Closed loop: a publisher's slot sends again only when its ack and all deliveries of its message
 * have arrived, so nothing is lost or piles up unnoticed. Every text starts with a token that names
 * link, slot and serial; incoming bytes are searched for tokens and nothing else is understood.
 */
#ifndef LOAD_H
#define LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "~~" or "~!", link (4 hex), slot (2 hex), serial (8 hex). "~!" marks a token that only its author counts. */
enum { TOKEN_BYTES = 16, HELLO_MAX = 4, PIDS_MAX = 4, SLOTS_MAX = 64 };

struct options {
  int port;
  int links;      /* Sockets of a group. */
  int groups;     /* Channels; links are dealt to them in blocks. */
  int first;      /* Number of the first channel. */
  int per_key;    /* Sockets of one agent: none of them is due its messages. */
  int publishers; /* Of a group. */
  int in_flight;  /* Of a publisher. */
  int opening;    /* Handshakes at once. */
  int text_bytes;
  double rate;    /* Messages a second in all; 0: as fast as the loop closes. */
  double hold_s, warm_s, measure_s;
  long messages;  /* Ends the run early; 0: only time does. */
  bool raw;       /* Plain TCP instead of WebSocket. */
  bool seen;      /* Says `seen` as the product's client does. */
  const char *path, *headers, *send, *method, *body;
  const char *hello[HELLO_MAX];
  int hellos;
  int pids[PIDS_MAX]; /* The server's processes. */
  int pid_count;
};

struct slot {
  uint32_t serial;
  int missing; /* Deliveries not yet seen. */
  bool acked, busy;
  uint64_t sent_ns;
};

enum phase { CONNECTING, OPENING, OPEN, DEAD };

struct link {
  int fd;
  uint32_t index, group;
  enum phase phase;
  uint8_t *in; /* An incomplete frame. */
  size_t in_bytes, in_room;
  uint8_t *out; /* What the socket would not take yet. */
  size_t out_bytes, out_room;
  struct slot *slots; /* Of publishers. */
  /* Progress that was not said with `seen`. */
  uint64_t unsaid_bytes, seq;
  uint32_t unsaid;
};

/* Logarithmic buckets, 32 to the power of two: values are right within 3 %. */
enum { BUCKETS = 64 * 32 };
struct histogram {
  uint64_t count;
  uint64_t buckets[BUCKETS];
};

struct totals {
  uint64_t messages, deliveries, frames, bytes, reads, stale, dead;
  struct histogram delivery, ack;
};

struct run {
  struct options options;
  struct link *links;
  int count; /* Links of all groups. */
  int epoll, opened, begun;
  bool measuring;
  struct totals totals;
  uint64_t heard_ns;
  uint32_t salt; /* Makes the ids of one run differ from every other's. */
};

/* main.c */
void fail(const char *what);
void on_open(struct run *run, struct link *link);
void on_text(struct run *run, struct link *link, const uint8_t *text, size_t bytes);

/* link.c */
void open_link(struct run *run, struct link *link);
void read_link(struct run *run, struct link *link);
void flush_link(struct run *run, struct link *link);
void say(struct run *run, struct link *link, const char *text, size_t bytes);
void write_link(struct run *run, struct link *link, const void *bytes, size_t count);
void lose_link(struct run *run, struct link *link);

/* frame.c */
size_t encode_frame(uint8_t *to, int opcode, const uint8_t *payload, size_t bytes);
size_t take_frames(struct run *run, struct link *link, const uint8_t *from, size_t bytes);

/* meter.c */
uint64_t now_ns(void);
double cpu_seconds(const struct options *options);
long resident_kb(const struct options *options);
double own_cpu_seconds(void);
void note(struct histogram *histogram, uint64_t ns);
double quantile_ms(const struct histogram *histogram, double q);

/* template.c */
size_t expand(char *to, size_t room, const char *template, const struct run *run, const struct link *link,
              const struct slot *slot, int slot_number);

/* options.c */
struct options read_options(int count, char **words);

/* http.c */
void run_http(struct run *run);

#endif
