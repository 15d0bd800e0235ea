/* What was sent, when, and what each receiver got of it.
 *
 * A message carries a mark in its text: "~:<stream>:<number>", six and eight hexadecimal digits. A
 * stream is whatever numbers its messages 0, 1, 2 …: a room that is fed, or a client that sends. So a receiver
 * that gets each stream's numbers without a gap got everything once and in order, and the table of the
 * times at which they were sent gives the latency.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "histogram.h"

#define MARK_LENGTH 17

struct receiver {
    uint32_t *next;  /* of each stream: the number that comes next */
    uint64_t order;  /* a digest of all marks in the order in which they came */
    uint32_t offset; /* where the last mark stood in its payload: the next one mostly stands there too */
};

struct ledger {
    unsigned streams;
    uint64_t sent, received;
    uint64_t from, until; /* the measured time */
    uint64_t sent_measured, received_measured;
    uint64_t missing, doubled, disorder, unknown; /* faults */
    struct histogram latency; /* of what was sent within the measured time */
};

extern struct ledger ledger;

void ledger_open(unsigned streams);
void receiver_open(struct receiver *receiver);

/* From now on the next message of a stream may come: a daemon finds in the database what was committed, also before it
 * is published. */
void ledger_expect(unsigned stream);

/* The next message of a stream is sent now; returns its number. */
uint32_t ledger_send(unsigned stream, uint64_t now);
uint32_t ledger_count(unsigned stream); /* how many are to come */

/* Write the mark of a message, without a zero at the end. */
void mark_write(char *out, unsigned stream, uint32_t number);

/* A receiver got a message; false where no mark stands in it. */
bool ledger_got(struct receiver *receiver, const char *payload, size_t length, uint64_t now);

/* The same for every mark in a payload that holds several messages; returns how many. */
unsigned ledger_got_all(struct receiver *receiver, const char *payload, size_t length, uint64_t now);

#endif
