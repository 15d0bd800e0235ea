/* What the kernel's send costs: a server that does nothing but what no server can do without.
 *
 *     c_server PORT REDIS_SOCKET FRAMES
 *
 * It hears what is published on bench:<room>, frames it, and sends it to every client that named the
 * room in its request (/ws?rooms=0,7): at most FRAMES in one send(), of what one read brought from Redis. It
 * waits for no company, and only a client that the kernel takes no more for gets all that waits at once. It knows
 * no sessions, no order, no database; its handshake answers the one key that the load generator sends. It shares the
 * loop with the load generator.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../load/loop.h"
#include "../load/util.h"

#define ROOMS_MAX 65536
#define ANSWER                                                                                                         \
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"                                \
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"

struct client {
    struct watch watch;
    int fd;
    bool upgraded, full; /* full: the kernel takes no more just now */
    unsigned frames;     /* of those due that no send() was tried for */
    bool listed;         /* among those who are due something */
    struct bytes request, due;
};

struct list {
    struct client **clients;
    unsigned count, capacity;
};

static struct list rooms[ROOMS_MAX];
static struct list due;       /* those who are to have what was heard last */
static unsigned together;     /* frames in one send() */
static int listener, redis;
static struct bytes heard;    /* of Redis, and not yet looked at */

static void add(struct list *list, struct client *client)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 16;
        list->clients = grow(list->clients, list->capacity * sizeof *list->clients);
    }
    list->clients[list->count++] = client;
}

static void leave(struct client *client)
{
    /* The clients of a benchmark leave together, at its end. */
    close(client->fd);
    client->upgraded = false;
    client->fd = -1;
}

static void flush(struct client *client)
{
    ssize_t sent = send(client->fd, client->due.data, client->due.length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) {
        leave(client);
        return;
    }
    if (sent > 0) {
        client->due.length -= (size_t)sent;
        memmove(client->due.data, client->due.data + sent, client->due.length);
    }
    client->frames = 0;
    if (client->full != (client->due.length > 0)) {
        client->full = client->due.length > 0;
        loop_change(client->fd, &client->watch, EPOLLIN | (client->full ? EPOLLOUT : 0));
    }
}

static void deliver(unsigned room, const char *payload, size_t length)
{
    char head[4] = {(char)0x81, (char)length};
    size_t head_length = 2;
    if (length >= 126) {
        head[1] = 126, head[2] = (char)(length >> 8), head[3] = (char)length;
        head_length = 4;
    }
    if (length > 65535)
        die("longer than a frame here may be");
    for (unsigned i = 0; i < rooms[room].count; i++) {
        struct client *client = rooms[room].clients[i];
        if (!client->upgraded)
            continue;
        bytes_append(&client->due, head, head_length);
        bytes_append(&client->due, payload, length);
        if (++client->frames >= together && !client->full) {
            flush(client);
        } else if (!client->listed) {
            client->listed = true;
            add(&due, client);
        }
    }
}

/* Nothing more was heard for now: those who are due less than a send() may take get it. */
static void flush_all_due(void)
{
    for (unsigned i = 0; i < due.count; i++) {
        struct client *client = due.clients[i];
        client->listed = false;
        if (client->upgraded && client->frames && !client->full)
            flush(client);
    }
    due.count = 0;
}

static void join(struct client *client, const char *list)
{
    char *end;
    do {
        unsigned long number = strtoul(list, &end, 10);
        if (end == list || number >= ROOMS_MAX)
            die("not a list of rooms: %s", list);
        add(&rooms[number], client);
        list = end + 1;
    } while (*end == ',');
}

static void upgrade(struct client *client)
{
    bytes_append(&client->request, "", 1);
    char *query = strstr(client->request.data, "?rooms=");
    join(client, query && query < strstr(client->request.data, "\r\n") ? query + 7 : "0");
    client->upgraded = true;
    bytes_free(&client->request);
    if (send(client->fd, ANSWER, strlen(ANSWER), MSG_NOSIGNAL) < 0)
        leave(client);
}

static void client_ready(struct watch *watch, uint32_t events)
{
    struct client *client = (struct client *)watch;
    char data[65536];
    if (client->fd < 0)
        return;
    if (events & EPOLLOUT)
        flush(client);
    if (client->fd < 0 || !(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
        return;
    ssize_t got = recv(client->fd, data, sizeof data, 0);
    if (got <= 0) {
        leave(client);
    } else if (!client->upgraded) {
        bytes_append(&client->request, data, (size_t)got);
        if (memmem(client->request.data, client->request.length, "\r\n\r\n", 4))
            upgrade(client);
    }
}

static void listener_ready(struct watch *watch, uint32_t events)
{
    int fd, on = 1;
    (void)watch, (void)events;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct client *client = grow(NULL, sizeof *client);
        *client = (struct client){.watch = {client_ready}, .fd = fd};
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        loop_add(fd, &client->watch, EPOLLIN);
    }
}

/* One line or bulk string of Redis' answer, from *at on; NULL where its end has not come. */
static const char *bulk(size_t *at, size_t *length)
{
    const char *start = heard.data + *at, *end = memmem(start, heard.length - *at, "\r\n", 2);
    if (end == NULL)
        return NULL;
    *length = start[0] == '$' ? strtoul(start + 1, NULL, 10) : 0;
    size_t text = (size_t)(end + 2 - heard.data);
    size_t after = text + (start[0] == '$' ? *length + 2 : 0);
    if (after > heard.length)
        return NULL;
    *at = after;
    return heard.data + text;
}

/* Take one answer of Redis from `heard`, from *at on: an array, of a message four parts. False where its end has not come. */
static bool take(size_t *at)
{
    const char *part[4] = {0};
    size_t length[4], size, end = *at;
    const char *head = bulk(&end, &size);
    if (head == NULL)
        return false;
    unsigned count = (unsigned)atoi(heard.data + *at + 1);
    for (unsigned i = 0; i < count; i++)
        if (i >= 4 || (part[i] = bulk(&end, &length[i])) == NULL)
            return false;
    if (count == 4) /* pmessage, pattern, channel, payload; the other answer is the confirmation */
        deliver((unsigned)strtoul(part[2] + strlen("bench:"), NULL, 10) % ROOMS_MAX, part[3], length[3]);
    *at = end;
    return true;
}

static void redis_ready(struct watch *watch, uint32_t events)
{
    char data[65536];
    size_t done = 0;
    (void)watch, (void)events;
    ssize_t got = recv(redis, data, sizeof data, 0);
    if (got <= 0)
        die("Redis is gone");
    bytes_append(&heard, data, (size_t)got);
    while (done < heard.length && take(&done))
        ;
    if (done)
        bytes_drop(&heard, done);
    flush_all_due();
}

static void nothing(void) {}

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        die("%s: %s", path, strerror(errno));
    return fd;
}

static int listen_at(const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
    address.sin_port = htons((uint16_t)atoi(port));
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 1024) < 0)
        die("%s: %s", port, strerror(errno));
    return fd;
}

int main(int count, char **values)
{
    static struct watch listening = {listener_ready}, hearing = {redis_ready};
    static const char subscribe[] = "PSUBSCRIBE bench:*\r\n";
    if (count != 4)
        die("usage: c_server PORT REDIS_SOCKET FRAMES");
    together = (unsigned)atoi(values[3]);
    listener = listen_at(values[1]);
    redis = connect_to(values[2]);
    if (write(redis, subscribe, strlen(subscribe)) < 0)
        die("Redis is gone");
    loop_open();
    loop_add(listener, &listening, EPOLLIN);
    loop_add(redis, &hearing, EPOLLIN);
    for (;;)
        loop_turn(now_us() + 1000000, nothing);
}
