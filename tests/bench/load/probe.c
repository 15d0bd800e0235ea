#include "probe.h"

#include <string.h>

#include "adapter.h"

struct histogram probe_pauses[2];

static struct conn *prober;
static unsigned phase;
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
    conn_send(prober, TEXT, adapter->ping, strlen(adapter->ping));
}

void probe_answered(uint64_t now)
{
    if (asked == 0)
        return;
    histogram_add(&probe_pauses[phase], now - asked);
    next = asked + options.probe * 1000;
    asked = 0;
}
