/* What this program says: one JSON object a line. */
#ifndef REPORT_H
#define REPORT_H

#include "conn.h"

struct tally {
    uint64_t changes;  /* catch-ups: a gap, or a client that came back */
    uint64_t resets;   /* clients that were told to load a room anew */
    uint64_t refused;  /* commands */
    uint64_t lost;     /* connections that ended by themselves */
    uint64_t stalled;  /* connections that do not read */
    uint64_t cut;      /* those of them that were ended */
    uint64_t orders;   /* receivers who saw another order than the first of their room */
    uint64_t absent;   /* deliveries that never came */
    uint64_t churned;  /* handshakes within the measured time */
};

extern struct tally tally;

void report_refusal(const char *payload, size_t length);
void report_loss(const char *why);
void report_event(const char *name, double seconds);
void report_result(double connect_seconds, const struct histogram *handshakes);

#endif
