#include "histogram.h"

static unsigned bucket_of(uint64_t value)
{
    if (value < (1u << SUB_BITS))
        return (unsigned)value;
    unsigned power = 63 - (unsigned)__builtin_clzll(value);
    unsigned shift = power - SUB_BITS;
    unsigned bucket = ((shift + 1) << SUB_BITS) + (unsigned)((value >> shift) - (1u << SUB_BITS));
    return bucket < BUCKETS ? bucket : BUCKETS - 1;
}

/* The largest duration that falls into a bucket. */
static uint64_t top_of(unsigned bucket)
{
    if (bucket < (1u << SUB_BITS))
        return bucket;
    unsigned shift = (bucket >> SUB_BITS) - 1;
    uint64_t first = ((uint64_t)(bucket & ((1u << SUB_BITS) - 1)) + (1u << SUB_BITS)) << shift;
    return first + ((uint64_t)1 << shift) - 1;
}

void histogram_add(struct histogram *histogram, uint64_t microseconds)
{
    histogram->counts[bucket_of(microseconds)]++;
    histogram->total++;
    histogram->sum += microseconds;
    if (microseconds > histogram->largest)
        histogram->largest = microseconds;
}

uint64_t histogram_quantile(const struct histogram *histogram, double share)
{
    uint64_t wanted = (uint64_t)(share * (double)histogram->total + 0.5), seen = 0;
    if (histogram->total == 0)
        return 0;
    if (wanted == 0)
        wanted = 1;
    for (unsigned bucket = 0; bucket < BUCKETS; bucket++) {
        seen += histogram->counts[bucket];
        if (seen >= wanted)
            return top_of(bucket) < histogram->largest ? top_of(bucket) : histogram->largest;
    }
    return histogram->largest;
}

void histogram_print(const struct histogram *histogram, FILE *file)
{
    double mean = histogram->total ? (double)histogram->sum / (double)histogram->total : 0;
    fprintf(file, "{\"count\": %llu, \"mean\": %.3f, \"p50\": %.3f, \"p90\": %.3f, \"p99\": %.3f, \"p999\": %.3f, \"max\": %.3f}",
            (unsigned long long)histogram->total, mean / 1000,
            (double)histogram_quantile(histogram, 0.5) / 1000, (double)histogram_quantile(histogram, 0.9) / 1000,
            (double)histogram_quantile(histogram, 0.99) / 1000, (double)histogram_quantile(histogram, 0.999) / 1000,
            (double)histogram->largest / 1000);
}
