#define _GNU_SOURCE
#include "sender.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "adapter.h"

#define BODY_MAX 12000

struct sender {
    uint32_t number; /* of the message that waits for its answer, or that was answered last */
    uint64_t due;    /* when it was to be sent */
    bool waits;
};

struct histogram sender_acks, sender_late;
uint64_t sender_acked;

static struct conn *conns;
static struct sender *senders;
static unsigned *idle; /* a ring of those who wait for nothing */
static unsigned idle_first, idle_count, waiting;
static uint64_t started, written, idle_since; /* idle_since: when the first of the ring came to wait for nothing */
static bool running;
static uint32_t run[2]; /* drawn anew for each run */

void sender_id(char out[ID_LENGTH + 1], const struct conn *conn, uint32_t number)
{
    /* RFC 9562 §5.8: version 8, whose bits are the sender's own. */
    snprintf(out, ID_LENGTH + 1, "%08x-%04x-8%03x-8%03x-%04x%08x", run[0], run[1] & 0xffff, run[1] >> 16 & 0xfff,
             conn->index >> 16 & 0xfff, conn->index & 0xffff, number);
}

void sender_open(struct conn *all)
{
    conns = all;
    senders = grow(NULL, options.senders * sizeof *senders);
    idle = grow(NULL, options.senders * sizeof *idle);
    memset(senders, 0, options.senders * sizeof *senders);
    if (getrandom(run, sizeof run, 0) != sizeof run)
        die("no random numbers");
    if (options.senders && adapter->say == NULL)
        die("the clients of %s do not send", adapter->name);
    if (options.body < MARK_LENGTH || options.body > BODY_MAX)
        die("a text has %d to %d bytes", MARK_LENGTH, BODY_MAX);
}

static void text_of(char *text, unsigned stream, uint32_t number)
{
    memset(text, '.', options.body);
    mark_write(text, stream, number);
    text[options.body] = '\0';
}

/* What can not be sent now is sent when the connection is back. */
static void transmit(unsigned index)
{
    if (conns[index].state != READY)
        return;
    char text[BODY_MAX + 1], command[BODY_MAX + 256];
    text_of(text, index, senders[index].number);
    conn_send(&conns[index], TEXT, command, adapter->say(command, &conns[index], senders[index].number, text));
}

static void write_one(unsigned index, uint64_t due, uint64_t now)
{
    struct sender *sender = &senders[index];
    sender->number = ledger_send(index, due, now);
    sender->due = due;
    sender->waits = true;
    waiting++;
    written++;
    transmit(index);
}

void sender_start(uint64_t now)
{
    started = now;
    running = true;
    for (unsigned i = 0; i < options.senders; i++)
        if (options.rate > 0)
            idle[idle_count++] = i;
        else
            write_one(i, now, now);
}

void sender_stop(void) { running = false; }

uint64_t sender_due(void)
{
    if (!running || options.senders == 0 || options.rate <= 0 || idle_count == 0)
        return UINT64_MAX;
    return started + (uint64_t)((double)written / options.rate * 1e6);
}

void sender_turn(uint64_t now)
{
    for (uint64_t due; (due = sender_due()) <= now;) {
        unsigned index = idle[idle_first];
        idle_first = (idle_first + 1) % options.senders;
        idle_count--;
        /* While all wait for their answers, it is not the load that is late. */
        if (now >= ledger.from)
            histogram_add(&sender_late, now - (due > idle_since ? due : idle_since));
        write_one(index, due, now);
    }
}

unsigned sender_waiting(void) { return waiting; }

void sender_answered(struct conn *conn, const char *payload, size_t length, uint64_t now)
{
    int shown = length < 200 ? (int)length : 200;
    char id[ID_LENGTH + 1];
    struct sender *sender = &senders[conn->index];
    if (conn->index >= options.senders || !sender->waits)
        die("client %u got an answer that it did not wait for: %.*s", conn->index, shown, payload);
    sender_id(id, conn, sender->number);
    if (strncmp(payload + strlen("{\"type\":\"ack\",\"id\":\""), id, ID_LENGTH) != 0)
        die("client %u got an answer to another command: %.*s", conn->index, shown, payload);
    sender->waits = false;
    waiting--;
    if (now >= ledger.from && now < ledger.until)
        sender_acked++;
    if (sender->due >= ledger.from && sender->due < ledger.until)
        histogram_add(&sender_acks, now - sender->due);
    if (options.rate > 0) {
        if (idle_count == 0)
            idle_since = now;
        idle[(idle_first + idle_count++) % options.senders] = conn->index;
    } else if (running) {
        write_one(conn->index, now, now);
    }
}

void sender_back(struct conn *conn)
{
    if (conn->index < options.senders && senders[conn->index].waits)
        transmit(conn->index);
}
