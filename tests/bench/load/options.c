#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

struct options options = {
    .adapter = "parley", .host = "127.0.0.1", .path = "/ws", .streams = 1, .concurrency = 64,
    .seconds = 5, .drain = 10, .window = 64, .feed = -1, .redis = -1, .body = 40,
};

static const char HELP[] =
    "load: opens WebSockets, counts what comes, and prints events as JSON, one a line\n"
    "\n"
    "  --adapter NAME     protocol: parley, plain or socketio\n"
    "  --address A        unix:PATH or IPv4:PORT; again for more, which clients name by 0, 1, …\n"
    "  --host H --path P  of the handshake\n"
    "  --named            behind the path stand the client's streams: ?rooms=0,7\n"
    "  --clients FILE     a line each: ADDRESS COOKIE ROOM STREAM,STREAM,…\n"
    "  --streams N        number of rooms\n"
    "  --concurrency N    handshakes under way at once\n"
    "  --warm S --seconds S --drain S\n"
    "                     before it is measured, while it is, and for what is under way then\n"
    "  --feed FD --redis FD\n"
    "                     messages to publish come by one, and are published by the other\n"
    "  --senders N        the first N clients write, each waiting for its answer\n"
    "  --rate R           messages a second of all; 0: as many as --window or the answers allow\n"
    "  --window N         messages that may be under way at once\n"
    "  --body N           bytes of a text\n"
    "  --stall SHARE      of the clients stop reading when it is measured\n"
    "  --probe MS         the first client pings so often while the others connect, and a tenth as often then; it\n"
    "                     notes how long the answer takes\n"
    "  --churn KIND       connect and leave again and again: to upgrade, session or welcome\n"
    "  --comeback A       clients that lose their connection connect there\n";

enum {
    ADAPTER = 1, ADDRESS, HOST, PATH, CLIENTS, STREAMS, CONCURRENCY, WARM, SECONDS, DRAIN, FEED, REDIS,
    SENDERS, RATE, WINDOW, BODY, STALL, PROBE, CHURN, COMEBACK, NAMED, HELP_ASKED,
};

static const struct option NAMES[] = {
    {"adapter", 1, 0, ADAPTER}, {"address", 1, 0, ADDRESS}, {"host", 1, 0, HOST}, {"path", 1, 0, PATH},
    {"clients", 1, 0, CLIENTS}, {"streams", 1, 0, STREAMS}, {"concurrency", 1, 0, CONCURRENCY},
    {"warm", 1, 0, WARM}, {"seconds", 1, 0, SECONDS}, {"drain", 1, 0, DRAIN}, {"feed", 1, 0, FEED},
    {"redis", 1, 0, REDIS}, {"senders", 1, 0, SENDERS}, {"rate", 1, 0, RATE}, {"window", 1, 0, WINDOW},
    {"body", 1, 0, BODY}, {"stall", 1, 0, STALL}, {"probe", 1, 0, PROBE}, {"churn", 1, 0, CHURN},
    {"comeback", 1, 0, COMEBACK}, {"named", 0, 0, NAMED}, {"help", 0, 0, HELP_ASKED}, {0, 0, 0, 0},
};

static double number(const char *text)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || value < 0)
        die("expected a number: %s", text);
    return value;
}

static enum churn churn_of(const char *text)
{
    static const char *names[] = {"", "upgrade", "session", "welcome"};
    for (enum churn kind = TO_UPGRADE; kind <= TO_WELCOME; kind++)
        if (strcmp(text, names[kind]) == 0)
            return kind;
    die("--churn takes upgrade, session or welcome, not %s", text);
}

static void streams_read(struct client *client, char *list)
{
    unsigned capacity = 0;
    for (char *part = strtok(list, ","); part != NULL; part = strtok(NULL, ",")) {
        if (client->stream_count == capacity) {
            capacity = capacity ? capacity * 2 : 1;
            client->streams = grow(client->streams, capacity * sizeof *client->streams);
        }
        unsigned stream = (unsigned)number(part);
        if (stream >= options.streams)
            die("stream %u of %u", stream, options.streams);
        client->streams[client->stream_count++] = stream;
    }
}

static void clients_read(const char *path)
{
    FILE *file = fopen(path, "r");
    char *line = NULL, *list = NULL, cookie[512];
    size_t size = 0;
    unsigned capacity = 0, address, start;
    unsigned long long room;
    if (file == NULL)
        die("can not read %s", path);
    while (getline(&line, &size, file) > 0) {
        int end = 0;
        if (sscanf(line, "%u %511s %llu %n", &address, cookie, &room, &end) != 3)
            die("%s: not a client: %s", path, line);
        if (address >= options.address_count)
            die("%s: there is no address %u", path, address);
        if (options.client_count == capacity) {
            capacity = capacity ? capacity * 2 : 1024;
            options.clients = grow(options.clients, capacity * sizeof *options.clients);
        }
        struct client *client = &options.clients[options.client_count++];
        *client = (struct client){.address = address, .cookie = strdup(cookie), .room = room};
        start = (unsigned)end;
        list = line + start;
        list[strcspn(list, "\n")] = '\0';
        streams_read(client, list);
    }
    free(line);
    fclose(file);
}

static void set(int name, const char *value, const char **clients)
{
    switch (name) {
    case ADAPTER: options.adapter = value; break;
    case ADDRESS:
        if (options.address_count == ADDRESSES_MAX)
            die("too many addresses");
        options.addresses[options.address_count++] = value;
        break;
    case HOST: options.host = value; break;
    case PATH: options.path = value; break;
    case CLIENTS: *clients = value; break;
    case STREAMS: options.streams = (unsigned)number(value); break;
    case CONCURRENCY: options.concurrency = (unsigned)number(value); break;
    case WARM: options.warm = number(value); break;
    case SECONDS: options.seconds = number(value); break;
    case DRAIN: options.drain = number(value); break;
    case FEED: options.feed = (int)number(value); break;
    case REDIS: options.redis = (int)number(value); break;
    case SENDERS: options.senders = (unsigned)number(value); break;
    case RATE: options.rate = number(value); break;
    case WINDOW: options.window = (unsigned)number(value); break;
    case BODY: options.body = (unsigned)number(value); break;
    case STALL: options.stall = number(value); break;
    case PROBE: options.probe = (unsigned)number(value); break;
    case CHURN: options.churn = churn_of(value); break;
    case COMEBACK: options.comeback = value; break;
    case NAMED: options.named = true; break;
    case HELP_ASKED: fputs(HELP, stdout); exit(0);
    default: exit(2);
    }
}

void options_read(int count, char **values)
{
    const char *clients = NULL;
    int name;
    while ((name = getopt_long(count, values, "", NAMES, NULL)) != -1)
        set(name, optarg, &clients);
    if (clients == NULL || options.address_count == 0)
        die("--clients and --address are needed; see --help");
    clients_read(clients);
    if (options.client_count == 0 || options.senders > options.client_count)
        die("too few clients");
    if (options.senders && options.feed >= 0)
        die("either clients send, or messages are fed");
}
