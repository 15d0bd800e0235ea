/* Clients that write: each waits for its answer before it writes again. */
#ifndef SENDER_H
#define SENDER_H

#include "conn.h"

#define ID_LENGTH 36

/* The id of a client's command with this number: a UUID, another one in each run. */
void sender_id(char out[ID_LENGTH + 1], const struct conn *conn, uint32_t number);

void sender_open(struct conn *conns);
void sender_start(uint64_t now);
void sender_stop(void);
void sender_turn(uint64_t now);  /* write what is due */
uint64_t sender_due(void);       /* when the next message is due */
unsigned sender_waiting(void);   /* how many wait for their answer */

/* `payload` is an ack. */
void sender_answered(struct conn *conn, const char *payload, size_t length, uint64_t now);

/* A connection is gone; what it was not answered is sent again, with its id, when it is back. */
void sender_back(struct conn *conn);

extern struct histogram sender_acks; /* how long the answers took to what was due within the measured time */
extern struct histogram sender_late; /* how long messages lay while one was there who could have written them */
extern uint64_t sender_acked;        /* answers that came within the measured time */

#endif
