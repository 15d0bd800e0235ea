#include "comeback.h"

#include <stdlib.h>
#include <string.h>

#define LEAST_US 500000.0
#define MOST_US 30000000.0
#define TURN_US 2000

struct loss {
    uint64_t lost, again; /* when; 0: never, or not waiting */
    unsigned failures;
};

struct histogram comeback_times;
uint64_t comeback_first, comeback_last;

static struct conn *conns;
static struct loss *losses;
static unsigned away;
static uint64_t looked;

void comeback_open(struct conn *all)
{
    conns = all;
    losses = grow(NULL, options.client_count * sizeof *losses);
    memset(losses, 0, options.client_count * sizeof *losses);
}

void comeback_lost(struct conn *conn, uint64_t now)
{
    struct loss *loss = &losses[conn->index];
    if (loss->lost == 0) {
        loss->lost = now;
        away++;
        if (comeback_first == 0)
            comeback_first = now;
    }
    double ceiling = LEAST_US * (double)(1u << (loss->failures < 6 ? loss->failures : 6));
    loss->failures++;
    loss->again = now + 1 + (uint64_t)((ceiling < MOST_US ? ceiling : MOST_US) * drand48());
}

bool comeback_ready(struct conn *conn, uint64_t now)
{
    struct loss *loss = &losses[conn->index];
    if (loss->lost == 0)
        return false;
    histogram_add(&comeback_times, now - loss->lost);
    *loss = (struct loss){0};
    away--;
    comeback_last = now;
    return true;
}

void comeback_turn(uint64_t now)
{
    if (away == 0 || now - looked < TURN_US)
        return;
    looked = now;
    for (unsigned i = 0; i < options.client_count; i++)
        if (losses[i].again && losses[i].again <= now) {
            losses[i].again = 0;
            conn_open(&conns[i], options.comeback);
        }
}

unsigned comeback_away(void) { return away; }
