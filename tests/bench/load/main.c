/* The load generator: see --help, and README.md of the folder above. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "adapter.h"
#include "comeback.h"
#include "feed.h"
#include "probe.h"
#include "report.h"
#include "sender.h"

#define CONNECT_US 120000000u /* for all of them */
#define KNOCK_US 100000       /* for those to hear of their end who are asked */
#define LOST_MAX 100          /* handshakes that may fail before this gives up */

static struct conn *conns;
static unsigned opened, joined; /* those that began to connect, and that take part */
static struct histogram handshakes;
static uint32_t *audiences; /* of each stream: how many get its messages */
static uint64_t churn_until = UINT64_MAX;

static double seconds_since(uint64_t then) { return (double)(now_us() - then) / 1e6; }

static uint64_t microseconds(double seconds) { return (uint64_t)(seconds * 1e6); }

static void connect_next(void)
{
    struct conn *conn;
    do
        conn = &conns[opened++ % options.client_count];
    while (conn->state != AWAY);
    conn_open(conn, options.addresses[conn->client->address]);
}

static void joined_now(struct conn *conn, uint64_t now)
{
    if (options.churn) {
        if (now >= ledger.from && now < ledger.until) {
            histogram_add(&handshakes, now - conn->began);
            tally.churned++;
        }
        conn_leave(conn);
        return;
    }
    if (options.comeback && comeback_ready(conn, now)) {
        sender_back(conn);
        return;
    }
    histogram_add(&handshakes, now - conn->began);
    joined++;
    if (conn->index == 0 && options.probe)
        probe_start(conn);
    /* The prober is there before the others: it is to see what they cause. */
    while (opened < options.client_count && opened - joined < options.concurrency)
        connect_next();
}

static void gone(struct conn *conn, uint64_t now, const char *why)
{
    if (options.churn) {
        if (strcmp(why, ENDED) != 0 && tally.lost == LOST_MAX)
            die("too many handshakes fail, the last one so: %s", why);
        if (strcmp(why, ENDED) != 0)
            report_loss(why);
        if (now < churn_until)
            connect_next();
        return;
    }
    if (options.comeback && joined == options.client_count)
        comeback_lost(conn, now);
    else if (conn->stalled)
        tally.cut++;
    else if (joined < options.client_count)
        die("client %u could not connect: %s", conn->index, why);
    else
        report_loss(why);
}

static void make_conns(void)
{
    unsigned streams = options.senders ? options.senders : options.streams;
    ledger_open(streams);
    conns = grow(NULL, options.client_count * sizeof *conns);
    memset(conns, 0, options.client_count * sizeof *conns);
    audiences = grow(NULL, streams * sizeof *audiences);
    memset(audiences, 0, streams * sizeof *audiences);
    for (unsigned i = 0; i < options.client_count; i++) {
        conns[i].index = i;
        conns[i].client = &options.clients[i];
        if (options.senders || options.feed >= 0)
            receiver_open(&conns[i].receiver, streams > options.streams ? streams : options.streams);
    }
    for (unsigned i = 0; i < options.senders; i++)
        ledger.rooms[i] = options.clients[i].streams[0];
}

/* Whether a client is to get what is sent in a stream. */
static bool hears(const struct conn *conn, unsigned stream)
{
    if (conn->stalled)
        return false;
    for (unsigned i = 0; i < conn->client->stream_count; i++)
        if (conn->client->streams[i] == ledger.rooms[stream])
            return true;
    return false;
}

static void choose_stalled(void)
{
    if (options.stall <= 0)
        return;
    unsigned step = (unsigned)(1 / options.stall);
    for (unsigned i = step - 1; i < options.client_count; i += step)
        if (i >= options.senders) {
            conn_stall(&conns[i]);
            tally.stalled++;
        }
}

static void count_audiences(void)
{
    for (unsigned i = 0; i < options.client_count; i++)
        for (unsigned stream = 0; stream < ledger.streams; stream++)
            audiences[stream] += hears(&conns[i], stream);
}

static uint64_t owed(void)
{
    uint64_t all = 0;
    for (unsigned stream = 0; stream < ledger.streams; stream++)
        all += (uint64_t)audiences[stream] * ledger_count(stream);
    return all;
}

static bool all_delivered(void)
{
    return sender_waiting() == 0 && (options.feed < 0 || feed_idle()) && comeback_away() == 0 && ledger.received >= owed();
}

/* Compare what each got with what it was to get, and in which order. */
static void check_everything(void)
{
    struct conn **first = grow(NULL, options.streams * sizeof *first);
    memset(first, 0, options.streams * sizeof *first);
    for (unsigned i = 0; i < options.client_count && conns[i].receiver.places; i++) {
        struct conn *conn = &conns[i];
        if (conn->stalled)
            continue;
        for (unsigned stream = 0; stream < ledger.streams; stream++) {
            uint32_t wanted = hears(conn, stream) ? ledger_count(stream) : 0, got = conn->receiver.places[stream].next;
            if (got < wanted)
                tally.absent += wanted - got;
            else
                ledger.unknown += got - wanted;
        }
        /* Between rooms there is no order; within one it is the same for all. */
        if (conn->client->stream_count != 1)
            continue;
        struct conn **other = &first[conn->client->streams[0]];
        if (*other == NULL)
            *other = conn;
        else if ((*other)->receiver.order != conn->receiver.order)
            tally.orders++;
    }
    free(first);
}

static void do_what_is_due(void)
{
    uint64_t now = now_us();
    feed_turn(now);
    sender_turn(now);
    probe_turn(now);
    comeback_turn(now);
}

static uint64_t least(uint64_t one, uint64_t other) { return one < other ? one : other; }

/* Let everything go on until `until`, or until `done`. */
static void run(uint64_t until, bool (*done)(void))
{
    for (uint64_t now = now_us(); now < until && !(done && done()); now = now_us()) {
        do_what_is_due();
        uint64_t wake = least(least(feed_due(now), sender_due()), least(probe_due(), until));
        loop_turn(least(wake, comeback_away() || done ? now + 2000 : wake), do_what_is_due);
    }
}

/* Who does not read has not always heard that it was cut off: in one run 3 of 50 had, though the server had let go of
 * all. The reset comes at a time at which their window is full. They hear it when they say something. */
static void knock_at_stalled(void)
{
    for (unsigned i = 0; i < options.client_count; i++)
        if (conns[i].stalled)
            conn_knock(&conns[i]);
    if (tally.stalled)
        run(now_us() + KNOCK_US, NULL);
}

static bool all_joined(void) { return joined == options.client_count; }

static double connect_all(void)
{
    uint64_t began = now_us();
    unsigned at_first = options.probe ? 1 : least(options.concurrency, options.client_count);
    while (opened < at_first)
        connect_next();
    run(began + CONNECT_US, all_joined);
    if (!all_joined())
        die("only %u of %u clients could connect", joined, options.client_count);
    return seconds_since(began);
}

static void measure(void)
{
    uint64_t start = now_us();
    ledger.from = start + microseconds(options.warm);
    ledger.until = ledger.from + microseconds(options.seconds);
    feed_start(start);
    sender_start(start);
    run(ledger.from, NULL);
    report_event("begin", seconds_since(start));
    run(ledger.until, NULL);
    report_event("end", seconds_since(start));
    feed_stop();
    sender_stop();
}

static void measure_churn(void)
{
    uint64_t start = now_us();
    ledger.from = start + microseconds(options.warm);
    churn_until = ledger.until = ledger.from + microseconds(options.seconds);
    for (unsigned i = 0; i < options.concurrency; i++)
        connect_next();
    run(ledger.from, NULL);
    report_event("begin", seconds_since(start));
    run(ledger.until, NULL);
    report_event("end", seconds_since(start));
}

int main(int count, char **values)
{
    struct rlimit files;
    signal(SIGPIPE, SIG_IGN);
    options_read(count, values);
    adapter_choose(options.adapter);
    getrlimit(RLIMIT_NOFILE, &files);
    if (options.client_count + 16 > files.rlim_cur)
        die("only %lu files may be open", (unsigned long)files.rlim_cur);
    loop_open();
    make_conns();
    crowd = (struct crowd){joined_now, gone};
    sender_open(conns);
    comeback_open(conns);
    if (options.churn) {
        if (options.concurrency >= options.client_count)
            die("more clients are needed than handshakes under way");
        measure_churn();
        report_result(0, &handshakes);
        return 0;
    }
    double connect_seconds = connect_all();
    probe_next_phase();
    choose_stalled();
    count_audiences();
    feed_open(audiences);
    report_event("ready", connect_seconds);
    measure();
    knock_at_stalled();
    run(now_us() + microseconds(options.drain), all_delivered);
    check_everything();
    probe_end();
    report_result(connect_seconds, &handshakes);
    return 0;
}
