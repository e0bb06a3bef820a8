/* Fills the places of a template: {link} {key} {channel} {token} {ack} {id} {text} {bytes}. */
#include "load.h"

#include <stdio.h>
#include <string.h>

static const char FILLER[] = "the quick brown fox jumps over the lazy dog, and all agents of the channel hear of it; ";

static size_t put_text(char *to, const char *token, int bytes) {
  memcpy(to, token, TOKEN_BYTES);
  size_t at = TOKEN_BYTES, end = (size_t)bytes;
  while (at < end) {
    size_t part = sizeof FILLER - 1 < end - at ? sizeof FILLER - 1 : end - at;
    memcpy(to + at, FILLER, part);
    at += part;
  }
  return end > TOKEN_BYTES ? end : TOKEN_BYTES;
}

static size_t put_place(char *to, const char *name, size_t bytes, const struct run *run, const struct link *link,
                        const char *token) {
  const struct options *options = &run->options;
#define IS(word) (bytes == sizeof word - 1 && memcmp(name, word, bytes) == 0)
  if (IS("text")) return put_text(to, token, options->text_bytes);
  if (IS("link")) return (size_t)sprintf(to, "%u", link->index);
  if (IS("key")) return (size_t)sprintf(to, "a%u", link->index / (unsigned)options->per_key);
  if (IS("channel")) return (size_t)sprintf(to, "%u", link->group + (unsigned)options->first);
  if (IS("bytes")) return (size_t)sprintf(to, "%d", options->text_bytes);
  if (IS("token")) return (size_t)sprintf(to, "%.*s", TOKEN_BYTES, token);
  if (IS("ack")) return (size_t)sprintf(to, "~!%.*s", TOKEN_BYTES - 2, token + 2);
  if (IS("id")) return (size_t)sprintf(to, "%08x%.*s", run->salt, TOKEN_BYTES - 2, token + 2);
#undef IS
  /* Braces of JSON stand for themselves. */
  memcpy(to, name - 1, bytes + 2);
  return bytes + 2;
}

static bool is_name(const char *from, const char *end) {
  if (end == from) return false;
  for (; from < end; from++)
    if (*from < 'a' || *from > 'z') return false;
  return true;
}

/* Gives the bytes written; never more than `room`, which must exceed the text by what stands around it. */
size_t expand(char *to, size_t room, const char *template, const struct run *run, const struct link *link,
              const struct slot *slot, int slot_number) {
  char token[TOKEN_BYTES + 1] = "";
  if (slot != NULL) snprintf(token, sizeof token, "~~%04x%02x%08x", link->index, slot_number, slot->serial);
  size_t at = 0;
  for (const char *from = template; *from != 0;) {
    const char *end = *from == '{' ? strchr(from, '}') : NULL;
    bool is_text = strncmp(from, "{text}", 6) == 0;
    if (at + (is_text ? (size_t)run->options.text_bytes : 0) + 64 > room) fail("a template is too long");
    if (end != NULL && is_name(from + 1, end)) {
      at += put_place(to + at, from + 1, (size_t)(end - from - 1), run, link, token);
      from = end + 1;
    } else {
      to[at++] = *from++;
    }
  }
  return at;
}
