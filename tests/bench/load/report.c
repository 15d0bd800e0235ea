#include "report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "comeback.h"
#include "feed.h"
#include "probe.h"
#include "sender.h"

struct tally tally;

static char first_fault[200]; /* the first one tells most */

static void note(const char *text, size_t length)
{
    if (first_fault[0])
        return;
    size_t size = length < sizeof first_fault - 1 ? length : sizeof first_fault - 1;
    for (size_t i = 0; i < size; i++)
        first_fault[i] = text[i] == '"' || text[i] == '\\' || (unsigned char)text[i] < ' ' ? '\'' : text[i];
}

void report_refusal(const char *payload, size_t length)
{
    tally.refused++;
    note(payload, length);
}

void report_loss(const char *why)
{
    tally.lost++;
    note(why, strlen(why));
}

void report_event(const char *name, double seconds)
{
    printf("{\"event\": \"%s\", \"seconds\": %.3f}\n", name, seconds);
    fflush(stdout);
}

static void print(const char *name, const struct histogram *histogram)
{
    printf(", \"%s\": ", name);
    histogram_print(histogram, stdout);
}

void report_result(double connect_seconds, const struct histogram *handshakes)
{
    double seconds = (double)(ledger.until - ledger.from) / 1e6;
    printf("{\"event\": \"result\", \"connections\": %u, \"connect_seconds\": %.3f, \"seconds\": %.3f", options.client_count,
           connect_seconds, seconds);
    printf(", \"sent\": %" PRIu64 ", \"sent_per_second\": %.2f, \"received\": %" PRIu64 ", \"deliveries_per_second\": %.2f",
           ledger.sent, (double)ledger.sent_measured / seconds, ledger.received, (double)ledger.received_measured / seconds);
    printf(", \"acks_per_second\": %.2f, \"churn_per_second\": %.2f", (double)sender_acked / seconds,
           (double)tally.churned / seconds);
    printf(", \"changes\": %" PRIu64 ", \"stalled\": %" PRIu64 ", \"cut\": %" PRIu64, tally.changes, tally.stalled,
           tally.cut);
    printf(", \"faults\": {\"missing\": %" PRIu64 ", \"absent\": %" PRIu64 ", \"doubled\": %" PRIu64 ", \"disorder\": %" PRIu64
           ", \"unknown\": %" PRIu64 ", \"versions\": %" PRIu64 ", \"altered\": %" PRIu64 ", \"orders\": %" PRIu64 ", \"refused\": %" PRIu64 ", \"resets\": %" PRIu64
           ", \"lost\": %" PRIu64 ", \"unanswered\": %u, \"away\": %u}",
           ledger.missing, tally.absent, ledger.doubled, ledger.disorder, ledger.unknown, ledger.versions, ledger.altered, tally.orders, tally.refused,
           tally.resets, tally.lost, sender_waiting(), comeback_away());
    printf(", \"fault\": \"%s\"", first_fault);
    print("latency", &ledger.latency);
    print("acks", &sender_acks);
    print("late", options.senders ? &sender_late : &feed_late);
    print("handshakes", handshakes);
    print("connecting", &probe_pauses[0]);
    print("connected", &probe_pauses[1]);
    print("back", &comeback_times);
    printf(", \"all_back_seconds\": %.3f}\n", (double)(comeback_last - comeback_first) / 1e6);
    fflush(stdout);
}
