/* Durations in buckets whose width grows with them: every figure is right to 1.6 %. */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stdint.h>
#include <stdio.h>

#define SUB_BITS 6 /* 64 buckets for each power of two */
#define BUCKETS ((40 - SUB_BITS) << SUB_BITS) /* up to 2^39 µs, six days */

struct histogram {
    uint64_t counts[BUCKETS];
    uint64_t total, sum, largest;
};

void histogram_add(struct histogram *histogram, uint64_t microseconds);

/* The duration in µs that `share` of all did not exceed (0.99: the 99th percentile); 0 where there is none. */
uint64_t histogram_quantile(const struct histogram *histogram, double share);

/* {"count": …, "p50": …, "p99": …, …}, in milliseconds. */
void histogram_print(const struct histogram *histogram, FILE *file);

#endif
