/* Clocks, the CPU time of processes, and quantiles. */
#include "load.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

uint64_t now_ns(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
}

/* User and system time of the server's processes, from /proc/<pid>/stat: ticks of 10 ms. */
double cpu_seconds(const struct options *options) {
  double ticks = 0;
  for (int at = 0; at < options->pid_count; at++) {
    char path[64], stat[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", options->pids[at]);
    FILE *file = fopen(path, "r");
    if (file == NULL) fail("the server's process is gone");
    size_t bytes = fread(stat, 1, sizeof stat - 1, file);
    fclose(file);
    stat[bytes] = 0;
    unsigned long user = 0, system = 0;
    /* The command's name may hold spaces; what follows its bracket does not. */
    const char *rest = strrchr(stat, ')');
    if (rest == NULL || sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
      fail("/proc/<pid>/stat is not understood");
    ticks += (double)(user + system);
  }
  return ticks / (double)sysconf(_SC_CLK_TCK);
}

long resident_kb(const struct options *options) {
  long total = 0;
  for (int at = 0; at < options->pid_count; at++) {
    char path[64];
    long pages = 0;
    snprintf(path, sizeof path, "/proc/%d/statm", options->pids[at]);
    FILE *file = fopen(path, "r");
    if (file == NULL || fscanf(file, "%*d %ld", &pages) != 1) fail("/proc/<pid>/statm is not understood");
    fclose(file);
    total += pages * (sysconf(_SC_PAGESIZE) / 1024);
  }
  return total;
}

double own_cpu_seconds(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

void note(struct histogram *histogram, uint64_t ns) {
  int power = ns < 32 ? 0 : 63 - __builtin_clzll(ns) - 4;
  size_t bucket = power == 0 ? ns : (size_t)power * 32 + (ns >> (power - 1)) - 32;
  histogram->buckets[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
  histogram->count++;
}

/* The upper end of the bucket that holds the quantile. */
double quantile_ms(const struct histogram *histogram, double q) {
  uint64_t wanted = (uint64_t)(q * (double)histogram->count), seen = 0;
  for (size_t bucket = 0; bucket < BUCKETS; bucket++) {
    seen += histogram->buckets[bucket];
    if (seen <= wanted) continue;
    if (bucket < 32) return (double)bucket / 1e6;
    size_t power = bucket / 32;
    return (double)((bucket % 32 + 33) << (power - 1)) / 1e6;
  }
  return 0;
}
