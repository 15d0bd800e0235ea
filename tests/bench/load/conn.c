#define _GNU_SOURCE
#include "conn.h"

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

#include "adapter.h"

/* One key for all handshakes, with its answer: the pair of RFC 6455 §1.3. */
#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

#define REQUEST_MAX 16384
#define STALLED_BUFFER 65536
#define ADDRESS_CONNS 10000         /* from one address: half of its ports are 14,116 */
#define READ_MAX (256 * 1024)       /* of one connection in one turn */
#define FRAME_MAX (4 * 1024 * 1024) /* a welcome with 1,000 rooms has 0.3 MB */

struct crowd crowd;

static char buffer[FRAME_MAX + READ_MAX + 1]; /* and a zero at the end of what was read */

static void ask_for(struct conn *conn)
{
    uint32_t wanted = conn->stalled ? 0 : EPOLLIN;
    if (conn->state == CONNECTING || conn->unsent.length)
        wanted |= EPOLLOUT;
    if (wanted != conn->events)
        loop_change(conn->fd, &conn->watch, conn->events = wanted);
}

static void ready(struct watch *watch, uint32_t events);

static int socket_to(const char *address, struct sockaddr_storage *to, socklen_t *size)
{
    memset(to, 0, sizeof *to);
    if (strncmp(address, "unix:", 5) == 0) {
        struct sockaddr_un *local = (struct sockaddr_un *)to;
        local->sun_family = AF_UNIX;
        if (strlen(address + 5) >= sizeof local->sun_path)
            die("too long for a socket: %s", address);
        strcpy(local->sun_path, address + 5);
        *size = sizeof *local;
        return AF_UNIX;
    }
    struct sockaddr_in *network = (struct sockaddr_in *)to;
    const char *colon = strrchr(address, ':');
    char host[64] = {0};
    if (colon == NULL || (size_t)(colon - address) >= sizeof host)
        die("not an address: %s", address);
    memcpy(host, address, (size_t)(colon - address));
    network->sin_family = AF_INET;
    network->sin_port = htons((uint16_t)atoi(colon + 1));
    if (inet_pton(AF_INET, host, &network->sin_addr) != 1)
        die("not an IPv4 address: %s", address);
    *size = sizeof *network;
    return AF_INET;
}

/* Beyond half of an address's ports connect() looks through all of them, 1.5 ms each time. */
static void leave_from(int fd, unsigned address)
{
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + address)};
    int on = 1;
    if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) < 0
        || bind(fd, (struct sockaddr *)&from, sizeof from) < 0)
        die("bind: %s", strerror(errno));
}

void conn_open(struct conn *conn, const char *address)
{
    struct sockaddr_storage to;
    socklen_t size;
    int family = socket_to(address, &to, &size), on = 1;
    conn->watch.ready = ready;
    conn->began = now_us();
    conn->turn = loop_turns;
    conn->fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (conn->fd < 0)
        die("socket: %s", strerror(errno));
    if (family == AF_INET) {
        setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        leave_from(conn->fd, conn->index / ADDRESS_CONNS);
    }
    conn->state = CONNECTING;
    if (connect(conn->fd, (struct sockaddr *)&to, size) < 0 && errno != EINPROGRESS) {
        const char *why = strerror(errno);
        close(conn->fd);
        conn->state = AWAY;
        crowd.gone(conn, conn->began, why);
        return;
    }
    loop_add(conn->fd, &conn->watch, conn->events = EPOLLIN | EPOLLOUT);
}

void conn_cut(struct conn *conn, const char *why)
{
    if (conn->state == AWAY)
        return;
    close(conn->fd);
    conn->state = AWAY;
    bytes_free(&conn->rest);
    bytes_free(&conn->unsent);
    crowd.gone(conn, now_us(), why);
}

bool conn_is_over(const struct conn *conn) { return conn->state == AWAY || conn->turn == loop_turns; }

static void write_to(struct conn *conn, const char *data, size_t length)
{
    if (!write_or_keep(conn->fd, &conn->unsent, data, length)) {
        conn_cut(conn, strerror(errno));
        return;
    }
    ask_for(conn);
}

void conn_send(struct conn *conn, unsigned opcode, const char *payload, size_t length)
{
    char small[2048], *frame = length + FRAME_HEAD_MAX > sizeof small ? grow(NULL, length + FRAME_HEAD_MAX) : small;
    write_to(conn, frame, frame_write(frame, opcode, payload, length));
    if (frame != small)
        free(frame);
}

void conn_join(struct conn *conn)
{
    if (conn->state == JOINING) {
        conn->state = READY;
        crowd.ready(conn, now_us());
    }
}

void conn_leave(struct conn *conn)
{
    conn->state = CLOSING;
    conn_send(conn, CLOSE, "\x03\xe8", 2); /* 1000 */
}

void conn_stall(struct conn *conn)
{
    /* Else the kernel would take 5 MB for it, and the server would have nothing to keep. */
    int bytes = STALLED_BUFFER;
    if (setsockopt(conn->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes) < 0)
        die("SO_RCVBUF: %s", strerror(errno));
    conn->stalled = true;
    ask_for(conn);
}

void conn_knock(struct conn *conn)
{
    if (conn->state == READY || conn->state == JOINING)
        conn_send(conn, PONG, "", 0); /* RFC 6455 §5.5.3 */
}

/* The path of a client's handshake. */
static const char *path_of(const struct client *client)
{
    static char path[REQUEST_MAX];
    size_t length = (size_t)snprintf(path, sizeof path, "%s", options.path);
    for (unsigned i = 0; options.named && i < client->stream_count && length < sizeof path; i++)
        length += (size_t)snprintf(path + length, sizeof path - length, "%s%u", i ? "," : "?rooms=", client->streams[i]);
    if (length >= sizeof path)
        die("the path is too long");
    return path;
}

static void upgrade(struct conn *conn)
{
    char request[REQUEST_MAX];
    const char *cookie = conn->client->cookie;
    bool has_cookie = strcmp(cookie, "-") != 0;
    int length = snprintf(request, sizeof request,
                          "GET %s HTTP/1.1\r\nHost: %s\r\nOrigin: http://%s\r\nUpgrade: websocket\r\n"
                          "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " KEY "\r\n"
                          "%s%s%s%s%s%s\r\n",
                          path_of(conn->client), options.host, options.host, adapter->subprotocol ? "Sec-WebSocket-Protocol: " : "",
                          adapter->subprotocol ? adapter->subprotocol : "", adapter->subprotocol ? "\r\n" : "",
                          has_cookie ? "Cookie: " : "", has_cookie ? cookie : "", has_cookie ? "\r\n" : "");
    if (length >= (int)sizeof request)
        die("the request is too long");
    conn->state = UPGRADING;
    write_to(conn, request, (size_t)length);
}

/* The bytes of the answer to the handshake; 0 where its end has not come. */
static size_t upgraded(struct conn *conn, const char *data, size_t length)
{
    const char *end = memmem(data, length, "\r\n\r\n", 4);
    if (end == NULL)
        return 0;
    size_t head = (size_t)(end + 4 - data);
    if (strncmp(data, "HTTP/1.1 101 ", 13) != 0 || memmem(data, head, ACCEPT, strlen(ACCEPT)) == NULL) {
        char why[64];
        snprintf(why, sizeof why, "refused: %.*s", (int)strcspn(data, "\r\n") < 40 ? (int)strcspn(data, "\r\n") : 40, data);
        conn_cut(conn, why);
        return 0;
    }
    conn->state = JOINING;
    adapter->opened(conn);
    return head;
}

static void frame_came(struct conn *conn, const struct frame *frame, uint64_t now)
{
    if (frame->opcode == TEXT || frame->opcode == BINARY) {
        adapter->message(conn, frame->payload, frame->length, now);
    } else if (frame->opcode == PING) {
        conn_send(conn, PONG, frame->payload, frame->length);
    } else if (frame->opcode == CLOSE && conn->state != CLOSING) {
        char why[160];
        unsigned code = frame->length >= 2 ? (unsigned)(unsigned char)frame->payload[0] << 8 | (unsigned char)frame->payload[1] : 0;
        int text = frame->length > 2 ? (int)frame->length - 2 : 0;
        snprintf(why, sizeof why, "closed by the server: %u %.*s", code, text > 120 ? 120 : text, frame->payload + 2);
        conn_cut(conn, why);
    }
}

static void read_from(struct conn *conn)
{
    size_t have = conn->rest.length, done = 0, length;
    if (have > FRAME_MAX)
        die("a frame is longer than %d bytes", FRAME_MAX);
    memcpy(buffer, conn->rest.data ? conn->rest.data : "", have);
    ssize_t got = recv(conn->fd, buffer + have, READ_MAX, 0);
    if (got <= 0) {
        if (got == 0 || (errno != EAGAIN && errno != EINTR))
            conn_cut(conn, got == 0 ? ENDED : strerror(errno));
        return;
    }
    uint64_t now = now_us();
    size_t end = have + (size_t)got;
    struct frame frame;
    buffer[end] = '\0';
    if (conn->state == UPGRADING)
        done = upgraded(conn, buffer, end);
    while (!conn_is_over(conn) && conn->state >= JOINING && (length = frame_read(buffer + done, end - done, &frame)) > 0) {
        done += length;
        frame_came(conn, &frame, now);
    }
    if (conn_is_over(conn))
        return;
    bytes_free(&conn->rest);
    bytes_append(&conn->rest, buffer + done, end - done);
}

static void ready(struct watch *watch, uint32_t events)
{
    struct conn *conn = (struct conn *)watch;
    if (conn_is_over(conn)) /* an event that came with the one that ended it */
        return;
    if (conn->state == CONNECTING && (events & EPOLLOUT)) {
        int fault = 0;
        socklen_t size = sizeof fault;
        getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &fault, &size);
        if (fault)
            conn_cut(conn, strerror(fault));
        else
            upgrade(conn);
        return;
    }
    if ((events & EPOLLOUT) && conn->unsent.length) {
        ssize_t sent = send(conn->fd, conn->unsent.data, conn->unsent.length, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent > 0)
            bytes_drop(&conn->unsent, (size_t)sent);
        ask_for(conn);
    }
    if ((events & EPOLLIN) && !conn->stalled)
        read_from(conn);
    else if (events & (EPOLLHUP | EPOLLERR))
        conn_cut(conn, ENDED);
}
