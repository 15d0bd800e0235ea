/* Messages that arrive at the server by Redis, published here at their time.
 *
 * Who starts this program commits the messages and writes them to the pipe `--feed`: for each its
 * stream and length (two 32-bit integers) and the PUBLISH as Redis reads it. They are asked for by writing
 * their count (a 32-bit integer) to the same pipe, as late as possible, so that what is committed is
 * published at once, as a daemon does it.
 */
#ifndef FEED_H
#define FEED_H

#include "conn.h"

void feed_open(const uint32_t *audiences); /* how many get a message of each stream */
void feed_start(uint64_t now);
void feed_stop(void);
bool feed_idle(void);        /* stopped, and all that was asked for is published */
void feed_turn(uint64_t now);
uint64_t feed_due(uint64_t now);

extern struct histogram feed_late; /* how long after their time messages were published */

#endif
