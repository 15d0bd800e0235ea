/* What was sent, when, and what each receiver got of it.
 *
 * A message carries a mark in its text: "~:<stream>:<number>", six and eight hexadecimal digits. A
 * stream is whatever numbers its messages 0, 1, 2 …: a room that is fed, or a client that sends. So a receiver
 * that gets each stream's numbers without a gap got everything once and in order, and the table of the
 * times at which they were due gives the latency. Of each message the bytes that came first are kept: everybody is to
 * get the same.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "histogram.h"

#define MARK_LENGTH 17

/* One for each stream, and for each room; where rooms are fed, both are the same. */
struct place {
    uint32_t next;    /* number of the stream that comes next */
    uint32_t version; /* of the room's last change; 0: not known, or none */
};

struct receiver {
    struct place *places;
    uint64_t order;  /* a digest of all marks in the order in which they came */
    uint32_t stream; /* of the last message */
    uint32_t offset; /* where the last mark stood in its payload: the next one mostly stands there too */
};

struct ledger {
    unsigned streams;
    uint32_t *rooms; /* of each stream */
    uint64_t sent, received;
    uint64_t from, until; /* the measured time */
    uint64_t sent_measured, received_measured;
    /* Faults. versions: a version that does not follow on the one before; altered: bytes that others did not get */
    uint64_t missing, doubled, disorder, unknown, versions, altered;
    struct histogram latency; /* of what was due within the measured time */
};

extern struct ledger ledger;

void ledger_open(unsigned streams);
void receiver_open(struct receiver *receiver, unsigned places);

/* From now on the next message of a stream may come: a daemon finds in the database what was committed, also before it
 * is published. */
void ledger_expect(unsigned stream);

/* The next message of a stream is sent now, and was to be sent when it was `due`: whoever waits for it waits from
 * then on. Returns its number. */
uint32_t ledger_send(unsigned stream, uint64_t due, uint64_t now);
uint32_t ledger_count(unsigned stream); /* how many are to come */

/* Write the mark of a message, without a zero at the end. */
void mark_write(char *out, unsigned stream, uint32_t number);

/* Reads of a message which change of its room it is. */
typedef uint64_t (*version_reader)(const char *payload, size_t length);

/* A receiver got a message; without `version_of` its protocol has no versions. */
void ledger_got(struct receiver *receiver, const char *payload, size_t length, version_reader version_of, uint64_t now);

/* A receiver got everything up to `version` of a room, with every mark in the payload. */
void ledger_got_all(struct receiver *receiver, const char *payload, size_t length, uint64_t version, uint64_t now);

#endif
