/* The peers: bare WebSocket messages, and Socket.IO 4 over Engine.IO 4. */
#include <string.h>

#include "adapter.h"

const struct adapter *adapter;

void adapter_choose(const char *name)
{
    static const struct adapter *const all[] = {&parley, &plain, &socketio};
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i]->name, name) == 0)
            adapter = all[i];
    if (adapter == NULL)
        die("no such adapter: %s", name);
}

static void plain_opened(struct conn *conn) { conn_join(conn); }

static void plain_message(struct conn *conn, const char *payload, size_t length, uint64_t now)
{
    ledger_got(&conn->receiver, payload, length, NULL, now);
}

const struct adapter plain = {.name = "plain", .opened = plain_opened, .message = plain_message};

static void socketio_opened(struct conn *conn) { (void)conn; /* the server speaks first: 0{"sid": …} */ }

/* Engine.IO: 0 open, 2 ping, 3 pong, 4 message; of Socket.IO within a message: 0 connect, 2 event. */
static void socketio_message(struct conn *conn, const char *payload, size_t length, uint64_t now)
{
    if (length == 0)
        return;
    if (payload[0] == '4' && length > 1 && payload[1] == '2')
        ledger_got(&conn->receiver, payload, length, NULL, now);
    else if (payload[0] == '0')
        conn_send(conn, TEXT, "40", 2);
    else if (payload[0] == '2')
        conn_send(conn, TEXT, "3", 1);
    else if (payload[0] == '4' && length > 1 && payload[1] == '0')
        conn_join(conn);
}

const struct adapter socketio = {.name = "socketio", .opened = socketio_opened, .message = socketio_message};
