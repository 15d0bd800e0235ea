/* The first client pings again and again: how long is the server's event loop busy with something else? */
#ifndef PROBE_H
#define PROBE_H

#include "conn.h"

void probe_start(struct conn *conn);
void probe_next_phase(void); /* what follows is noted apart: the clients are all connected */
void probe_turn(uint64_t now);
uint64_t probe_due(void);
void probe_answered(uint64_t now);
void probe_end(void); /* a ping that has no answer yet counts with the time for which it had none */

extern struct histogram probe_pauses[2]; /* while the others connect, and afterwards */

#endif
