#include "probe.h"

#include <string.h>

#include "adapter.h"

/* A pause may begin right after an answer, and is seen when the next ping is sent. But pings cost the server something,
 * and where nothing else happens that is what is measured. */
#define CALM_FACTOR 50

struct histogram probe_pauses[2];

static struct conn *prober;
static unsigned phase;
static unsigned asked_in; /* phase */
static uint64_t asked; /* 0: no answer is waited for */
static uint64_t next = UINT64_MAX;

void probe_start(struct conn *conn)
{
    if (adapter->ping == NULL)
        die("%s has no ping", adapter->name);
    prober = conn;
    next = now_us();
}

void probe_next_phase(void) { phase = 1; }

uint64_t probe_due(void) { return asked ? UINT64_MAX : next; }

void probe_turn(uint64_t now)
{
    if (now < probe_due())
        return;
    asked = now;
    asked_in = phase;
    conn_send(prober, TEXT, adapter->ping, strlen(adapter->ping));
}

void probe_answered(uint64_t now)
{
    if (asked == 0)
        return;
    histogram_add(&probe_pauses[asked_in], now - asked);
    next = asked + options.probe * 1000u * (phase ? CALM_FACTOR : 1);
    asked = 0;
}

void probe_end(void)
{
    if (asked)
        histogram_add(&probe_pauses[asked_in], now_us() - asked);
}
