#define _GNU_SOURCE
#include "feed.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Few large commits leave more of the core to the load; but the daemons ask the database for what was
 * committed and has not come within 30 ms. */
#define AHEAD_US 26000
#define SPARE_US 14000 /* a commit takes about 3 ms, and waits for its turn on the core */
#define SOON_US 2000   /* after a message, where the next one is long in coming: its last receivers are not to wait for a commit */
#define ASK_MAX 64

struct histogram feed_late;

static const uint32_t *audiences;
static double audience; /* on average */
static struct bytes queue, unsent;
static size_t taken, complete; /* bytes of the queue that are published, and that are whole messages */
static unsigned queued, asked;
static uint64_t started, published, owed; /* owed: deliveries of all that was published */
static bool running;

static void feed_ready(struct watch *watch, uint32_t events);
static void redis_ready(struct watch *watch, uint32_t events);

static struct watch feed = {feed_ready}, redis = {redis_ready};

void feed_open(const uint32_t *all)
{
    audiences = all;
    for (unsigned i = 0; i < ledger.streams; i++)
        audience += (double)all[i] / ledger.streams;
    if (options.feed >= 0) {
        loop_add(options.feed, &feed, EPOLLIN);
        loop_add(options.redis, &redis, EPOLLIN);
    }
}

void feed_start(uint64_t now)
{
    started = now;
    running = options.feed >= 0;
}

void feed_stop(void) { running = false; }

bool feed_idle(void) { return !running && queued == 0 && asked == 0; }

/* When a message is due that nobody has asked for or published yet. */
static uint64_t due_at(uint64_t number) { return started + (uint64_t)((double)number / options.rate * 1e6); }

/* How long before a message is due it is asked for. */
static uint64_t spare(void)
{
    double interval = 1e6 / options.rate;
    if (interval < SPARE_US + SOON_US)
        return SPARE_US;
    return (uint64_t)(interval < AHEAD_US ? interval : AHEAD_US) - SOON_US;
}

/* How many may be published now beyond those that were. */
static uint64_t allowed(uint64_t now, uint64_t ahead)
{
    if (options.rate > 0) {
        uint64_t due = (uint64_t)((double)(now + ahead - started) / 1e6 * options.rate) + 1;
        return due > published ? due - published : 0;
    }
    double room = options.window * audience - (double)(int64_t)(owed - ledger.received);
    return room > 0 ? (uint64_t)(room / audience) : 0;
}

static void publish_one(uint64_t due, uint64_t now)
{
    uint32_t head[2];
    memcpy(head, queue.data + taken, sizeof head);
    ledger_send(head[0], due, now);
    owed += audiences[head[0]];
    if (!write_or_keep(options.redis, &unsent, queue.data + taken + sizeof head, head[1]))
        die("the connection to Redis is gone");
    taken += sizeof head + head[1];
    queued--;
    published++;
}

static void ask(uint64_t now)
{
    uint64_t wanted = allowed(now, AHEAD_US);
    uint32_t more = wanted > ASK_MAX ? ASK_MAX : (uint32_t)wanted;
    bool soon = options.rate > 0 ? queued < allowed(now, spare()) : queued == 0 && wanted >= (options.window + 3) / 4;
    /* One question at a time: what it brings shows how much is still wanted. */
    if (asked || !soon || more <= queued)
        return;
    asked = more -= queued;
    if (write(options.feed, &more, sizeof more) != sizeof more)
        die("the feed is gone");
}

void feed_turn(uint64_t now)
{
    /* What was committed is published, also when it is over: the server's database has it. */
    while (queued && (!running || allowed(now, 0))) {
        uint64_t due = running && options.rate > 0 && due_at(published) < now ? due_at(published) : now;
        if (running && options.rate > 0 && now >= ledger.from)
            histogram_add(&feed_late, now - due);
        publish_one(due, now);
    }
    if (taken && queued == 0) {
        bytes_drop(&queue, taken);
        complete -= taken;
        taken = 0;
    }
    if (running)
        ask(now);
}

uint64_t feed_due(uint64_t now)
{
    if (!running || options.rate <= 0)
        return UINT64_MAX;
    uint64_t publish = queued ? due_at(published) : UINT64_MAX;
    uint64_t next_question = due_at(published + queued) - spare();
    uint64_t question = asked ? UINT64_MAX : next_question > now ? next_question : now;
    return publish < question ? publish : question;
}

/* Count the messages that are complete now, and expect them. */
static void count_complete(void)
{
    uint32_t head[2];
    while (queue.length - complete >= sizeof head) {
        memcpy(head, queue.data + complete, sizeof head);
        if (queue.length - complete < sizeof head + head[1])
            break;
        complete += sizeof head + head[1];
        ledger_expect(head[0]);
        queued++;
    }
}

static void feed_ready(struct watch *watch, uint32_t events)
{
    static char data[256 * 1024];
    (void)watch, (void)events;
    ssize_t got = read(options.feed, data, sizeof data);
    if (got <= 0)
        die("the feed is gone");
    bytes_append(&queue, data, (size_t)got);
    unsigned before = queued;
    count_complete();
    asked -= queued - before < asked ? queued - before : asked;
}

static void redis_ready(struct watch *watch, uint32_t events)
{
    char answers[16384];
    (void)watch, (void)events;
    ssize_t got = read(options.redis, answers, sizeof answers);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        die("Redis ended the connection");
    if (got > 0 && memchr(answers, '-', (size_t)got) != NULL)
        die("Redis refused a publish: %.*s", (int)(got > 200 ? 200 : got), answers);
    if (unsent.length) {
        struct bytes rest = unsent;
        unsent = (struct bytes){0};
        if (!write_or_keep(options.redis, &unsent, rest.data, rest.length))
            die("the connection to Redis is gone");
        bytes_free(&rest);
    }
}
