/* What differs between the protocols of the peers. */
#ifndef ADAPTER_H
#define ADAPTER_H

#include "conn.h"

struct adapter {
    const char *name;
    const char *subprotocol; /* NULL: none is asked for */
    void (*opened)(struct conn *conn); /* the upgrade is done: join */
    void (*message)(struct conn *conn, const char *payload, size_t length, uint64_t now);
    /* Write the command that says `text` in the client's room; returns its length. NULL: clients do not send. */
    size_t (*say)(char *out, struct conn *conn, uint32_t number, const char *text);
    const char *ping; /* a command that is answered at once; NULL: there is none */
};

extern const struct adapter *adapter;
extern const struct adapter parley, plain, socketio;

void adapter_choose(const char *name);

#endif
