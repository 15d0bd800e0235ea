/* epoll: who is told when a file descriptor is ready. */
#ifndef LOOP_H
#define LOOP_H

#include <stdint.h>
#include <sys/epoll.h>

/* The first member of whatever waits for a file descriptor. */
struct watch {
    void (*ready)(struct watch *self, uint32_t events);
};

void loop_open(void);
void loop_add(int fd, struct watch *watch, uint32_t events);
void loop_change(int fd, struct watch *watch, uint32_t events);

extern unsigned loop_turns; /* how many began */

/* Wait until something is ready, or until `until` (µs), and tell those whom it concerns; `between` is called
 * after each, so that what is due at a time does not wait for a thousand connections to be read. */
void loop_turn(uint64_t until, void (*between)(void));

#endif
