/* The command line: --name value, in any order. */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void read_pids(struct options *options, const char *list) {
  char *end = NULL;
  for (const char *at = list; *at != 0; at = *end == ',' ? end + 1 : end) {
    if (options->pid_count == PIDS_MAX) fail("too many --pids");
    options->pids[options->pid_count++] = (int)strtol(at, &end, 10);
    if (end == at) fail("--pids must be numbers");
  }
}

static bool read_number(struct options *options, const char *name, const char *value) {
  struct {
    const char *name;
    int *whole;
    double *real;
  } const numbers[] = {
      {"--port", &options->port, NULL},           {"--links", &options->links, NULL},
      {"--groups", &options->groups, NULL},       {"--first", &options->first, NULL},
      {"--per-key", &options->per_key, NULL},     {"--publishers", &options->publishers, NULL},
      {"--in-flight", &options->in_flight, NULL}, {"--opening", &options->opening, NULL},
      {"--text", &options->text_bytes, NULL},     {"--rate", NULL, &options->rate},
      {"--hold", NULL, &options->hold_s},         {"--warm", NULL, &options->warm_s},
      {"--measure", NULL, &options->measure_s},
  };
  for (size_t at = 0; at < sizeof numbers / sizeof *numbers; at++) {
    if (strcmp(name, numbers[at].name) != 0) continue;
    if (numbers[at].whole != NULL) *numbers[at].whole = atoi(value);
    else *numbers[at].real = atof(value);
    return true;
  }
  return false;
}

static bool read_word(struct options *options, const char *name, const char *value) {
  if (strcmp(name, "--path") == 0) options->path = value;
  else if (strcmp(name, "--headers") == 0) options->headers = value;
  else if (strcmp(name, "--send") == 0) options->send = value;
  else if (strcmp(name, "--method") == 0) options->method = value;
  else if (strcmp(name, "--body") == 0) options->body = value;
  else if (strcmp(name, "--messages") == 0) options->messages = atol(value);
  else if (strcmp(name, "--pids") == 0) read_pids(options, value);
  else if (strcmp(name, "--transport") == 0) options->raw = strcmp(value, "tcp") == 0;
  else if (strcmp(name, "--seen") == 0) options->seen = strcmp(value, "yes") == 0;
  else if (strcmp(name, "--hello") == 0 && options->hellos < HELLO_MAX) options->hello[options->hellos++] = value;
  else return false;
  return true;
}

struct options read_options(int count, char **words) {
  struct options options = {
      .links = 2, .groups = 1, .first = 1, .per_key = 1, .publishers = 1, .in_flight = 1, .opening = 32,
      .text_bytes = 200, .warm_s = 1, .measure_s = 2, .path = "/", .headers = "", .send = "{text}", .method = NULL,
      .body = "",
  };
  for (int at = 1; at + 1 < count; at += 2) {
    if (read_number(&options, words[at], words[at + 1]) || read_word(&options, words[at], words[at + 1])) continue;
    fprintf(stderr, "unknown option %s\n", words[at]);
    exit(1);
  }
  if (options.in_flight > SLOTS_MAX) fail("--in-flight is too large");
  if (options.text_bytes < TOKEN_BYTES) options.text_bytes = TOKEN_BYTES;
  return options;
}
