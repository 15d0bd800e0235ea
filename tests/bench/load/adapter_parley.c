/* Parley: chatd/PROTOCOL.md. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapter.h"
#include "probe.h"
#include "report.h"
#include "sender.h"

static uint64_t epoch;

static bool is(const char *payload, size_t length, const char *type)
{
    size_t size = strlen(type);
    return length > size && memcmp(payload, type, size) == 0;
}

/* The number behind a name, as in "version":12; 0 where it does not stand there. */
static uint64_t number_after(const char *payload, size_t length, const char *name)
{
    const char *found = memmem(payload, length, name, strlen(name));
    return found ? strtoull(found + strlen(name), NULL, 10) : 0;
}

static uint64_t version_of(const char *payload, size_t length)
{
    uint64_t version = number_after(payload, length, "\"version\":");
    if (version == 0)
        die("a message without a version: %.*s", (int)(length < 200 ? length : 200), payload);
    return version;
}

/* The room that a client writes to, or whose messages alone it hears. */
static struct place *place_of(struct conn *conn)
{
    return &conn->receiver.places[conn->client->streams[0]];
}

static void opened(struct conn *conn)
{
    char hello[160];
    int length;
    if (options.churn == TO_UPGRADE) {
        conn_join(conn);
        return;
    }
    if (options.churn == TO_SESSION) {
        /* The first message must be hello: the refusal of this one comes when the session was looked up. */
        conn_send(conn, TEXT, "{\"type\":\"ping\"}", 15);
        return;
    }
    uint32_t cursor = options.comeback ? place_of(conn)->version : 0;
    if (cursor)
        length = snprintf(hello, sizeof hello, "{\"type\":\"hello\",\"epoch\":%" PRIu64 ",\"cursors\":{\"%" PRIu64 "\":%" PRIu32 "}}",
                          epoch, conn->client->room, cursor);
    else
        length = snprintf(hello, sizeof hello, "{\"type\":\"hello\"}");
    conn_send(conn, TEXT, hello, (size_t)length);
}

/* Note up to where a client has its room; where it came back and lacks something, it has to hear that first. */
static void look_at_room(struct conn *conn, const char *payload, size_t length)
{
    char room[64];
    int size = snprintf(room, sizeof room, "\"room\":{\"id\":%" PRIu64 ",", conn->client->room);
    const char *mine = memmem(payload, length, room, (size_t)size);
    if (mine == NULL)
        die("client %u is not in room %" PRIu64, conn->index, conn->client->room);
    uint64_t head = number_after(mine, length - (size_t)(mine - payload), "\"head\":");
    struct place *place = place_of(conn);
    epoch = number_after(payload, length, "\"epoch\":");
    if (place->version == 0)
        place->version = (uint32_t)head;
    else if (head > place->version)
        conn->head = head;
}

static void welcomed(struct conn *conn, const char *payload, size_t length)
{
    conn->head = 0;
    if (conn->client->room && conn->receiver.places)
        look_at_room(conn, payload, length);
    if (conn->head == 0)
        conn_join(conn);
}

static void changes_came(struct conn *conn, const char *payload, size_t length, uint64_t now)
{
    uint64_t to = number_after(payload, length, "\"to\":");
    tally.changes++;
    ledger_got_all(&conn->receiver, payload, length, to, now);
    if (conn->head && to >= conn->head)
        conn_join(conn);
}

static void reset_came(struct conn *conn)
{
    tally.resets++;
    conn_join(conn);
}

static void message(struct conn *conn, const char *payload, size_t length, uint64_t now)
{
    if (is(payload, length, "{\"type\":\"message\""))
        ledger_got(&conn->receiver, payload, length, version_of, now);
    else if (is(payload, length, "{\"type\":\"ack\""))
        sender_answered(conn, payload, length, now);
    else if (is(payload, length, "{\"type\":\"pong\""))
        probe_answered(now);
    else if (is(payload, length, "{\"type\":\"welcome\""))
        welcomed(conn, payload, length);
    else if (is(payload, length, "{\"type\":\"changes\""))
        changes_came(conn, payload, length, now);
    else if (is(payload, length, "{\"type\":\"reset\""))
        reset_came(conn);
    else if (is(payload, length, "{\"type\":\"error\"")) {
        if (options.churn == TO_SESSION)
            conn_join(conn);
        else
            report_refusal(payload, length);
    }
}

static size_t say(char *out, struct conn *conn, uint32_t number, const char *text)
{
    char id[ID_LENGTH + 1];
    sender_id(id, conn, number);
    return (size_t)sprintf(out, "{\"type\":\"send\",\"id\":\"%s\",\"room\":%" PRIu64 ",\"body\":\"%s\"}", id,
                           conn->client->room, text);
}

const struct adapter parley = {
    .name = "parley",
    .subprotocol = "parley.v1",
    .opened = opened,
    .message = message,
    .say = say,
    .ping = "{\"type\":\"ping\"}",
};
