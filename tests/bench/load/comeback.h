/* Clients whose connection was lost come back, as the page does: after a random time below a ceiling that
 * doubles with each failure (web/static/js/backoff.js). */
#ifndef COMEBACK_H
#define COMEBACK_H

#include "conn.h"

void comeback_open(struct conn *conns);
void comeback_lost(struct conn *conn, uint64_t now);
bool comeback_ready(struct conn *conn, uint64_t now); /* false for who was never lost */
void comeback_turn(uint64_t now);
unsigned comeback_away(void); /* how many are not back */

extern struct histogram comeback_times; /* from the loss until everything that was missed is there */
extern uint64_t comeback_first, comeback_last;

#endif
