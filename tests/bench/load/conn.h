/* One WebSocket: connecting, upgrading, joining, ready, away. */
#ifndef CONN_H
#define CONN_H

#include "frame.h"
#include "ledger.h"
#include "loop.h"
#include "options.h"
#include "util.h"

enum state { AWAY, CONNECTING, UPGRADING, JOINING, READY, CLOSING };

struct conn {
    struct watch watch;
    unsigned index;
    const struct client *client;
    int fd;
    enum state state;
    bool stalled;       /* does not read, on purpose */
    uint32_t events;    /* what epoll is asked for */
    struct bytes rest;  /* the beginning of a frame whose end has not come */
    struct bytes unsent;
    struct receiver receiver;
    uint64_t began;     /* to connect */
    unsigned turn;      /* of the loop, in which this life of it began */
    uint64_t head;      /* version of its room that it has to reach before it is back; 0: it has */
};

#define ENDED "the server ended the connection"

/* Called by a connection, once in each life: it takes part; it is gone. */
struct crowd {
    void (*ready)(struct conn *conn, uint64_t now);
    void (*gone)(struct conn *conn, uint64_t now, const char *why);
};

extern struct crowd crowd;

/* Begin to connect to `address` (unix:PATH or IPv4:PORT). */
void conn_open(struct conn *conn, const char *address);
void conn_send(struct conn *conn, unsigned opcode, const char *payload, size_t length);
void conn_join(struct conn *conn);  /* the adapter says: it takes part */
void conn_leave(struct conn *conn); /* say goodbye (RFC 6455 §7); `gone` is called when the server has closed */
void conn_stall(struct conn *conn); /* read nothing more */
void conn_knock(struct conn *conn); /* send what needs no answer: is anybody there? */
void conn_cut(struct conn *conn, const char *why);

/* Whether the life of it that this turn of the loop has news of has ended: it is away, or was opened anew since. */
bool conn_is_over(const struct conn *conn);

#endif
