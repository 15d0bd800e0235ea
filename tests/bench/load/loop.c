#define _GNU_SOURCE
#include "loop.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "util.h"

#define EVENTS 512

unsigned loop_turns;

static int epoll = -1;

void loop_open(void)
{
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0)
        die("epoll_create1: %s", strerror(errno));
}

static void control(int what, int fd, struct watch *watch, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = watch};
    if (epoll_ctl(epoll, what, fd, &event) < 0)
        die("epoll_ctl: %s", strerror(errno));
}

void loop_add(int fd, struct watch *watch, uint32_t events) { control(EPOLL_CTL_ADD, fd, watch, events); }

void loop_change(int fd, struct watch *watch, uint32_t events) { control(EPOLL_CTL_MOD, fd, watch, events); }

void loop_turn(uint64_t until, void (*between)(void))
{
    struct epoll_event events[EVENTS];
    uint64_t now = now_us(), wait = until > now ? until - now : 0;
    loop_turns++;
    struct timespec timeout = {(time_t)(wait / 1000000), (long)(wait % 1000000) * 1000};
    int count = epoll_pwait2(epoll, events, EVENTS, &timeout, NULL);
    if (count < 0 && errno != EINTR)
        die("epoll_pwait2: %s", strerror(errno));
    for (int i = 0; i < count; i++) {
        struct watch *watch = events[i].data.ptr;
        watch->ready(watch, events[i].events);
        between();
    }
}
