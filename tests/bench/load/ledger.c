#define _GNU_SOURCE
#include "ledger.h"

#include <string.h>

#include "util.h"

struct ledger ledger;

struct message {
    uint64_t due;  /* when it was to be sent; 0: it can be delivered, and was not sent yet */
    char *payload; /* as it came first */
    uint32_t length, version;
};

struct stream {
    struct message *messages;
    uint32_t count, sent, capacity;
};

static struct stream *streams;

void ledger_open(unsigned count)
{
    ledger.streams = count;
    ledger.from = ledger.until = UINT64_MAX;
    streams = grow(NULL, count * sizeof *streams);
    memset(streams, 0, count * sizeof *streams);
    ledger.rooms = grow(NULL, count * sizeof *ledger.rooms);
    for (unsigned i = 0; i < count; i++)
        ledger.rooms[i] = i;
}

void receiver_open(struct receiver *receiver, unsigned places)
{
    receiver->places = grow(NULL, places * sizeof *receiver->places);
    memset(receiver->places, 0, places * sizeof *receiver->places);
}

void ledger_expect(unsigned number)
{
    struct stream *stream = &streams[number];
    if (stream->count == stream->capacity) {
        stream->capacity = stream->capacity ? stream->capacity * 2 : 256;
        stream->messages = grow(stream->messages, stream->capacity * sizeof *stream->messages);
    }
    stream->messages[stream->count++] = (struct message){0};
}

uint32_t ledger_send(unsigned number, uint64_t due, uint64_t now)
{
    struct stream *stream = &streams[number];
    if (stream->sent == stream->count)
        ledger_expect(number);
    stream->messages[stream->sent].due = due;
    ledger.sent++;
    if (now >= ledger.from && now < ledger.until)
        ledger.sent_measured++;
    return stream->sent++;
}

uint32_t ledger_count(unsigned stream) { return streams[stream].count; }

static void write_hex(char *out, uint32_t value, int digits)
{
    for (int i = digits - 1; i >= 0; i--, value >>= 4)
        out[i] = "0123456789abcdef"[value & 15];
}

static bool read_hex(const char *text, int digits, uint32_t *value)
{
    uint32_t read = 0;
    for (int i = 0; i < digits; i++) {
        unsigned char c = (unsigned char)text[i];
        unsigned digit = c <= '9' ? c - (unsigned)'0' : c - (unsigned)'a' + 10;
        if (digit > 15)
            return false;
        read = read << 4 | digit;
    }
    *value = read;
    return true;
}

void mark_write(char *out, unsigned stream, uint32_t number)
{
    out[0] = '~', out[1] = ':', out[8] = ':';
    write_hex(out + 2, stream, 6);
    write_hex(out + 9, number, 8);
}

static bool mark_at(const char *text, uint32_t *stream, uint32_t *number)
{
    return text[0] == '~' && text[1] == ':' && text[8] == ':' && read_hex(text + 2, 6, stream) &&
           read_hex(text + 9, 8, number);
}

static const char *mark_find(const char *from, const char *end, uint32_t *stream, uint32_t *number)
{
    while (end - from >= MARK_LENGTH && (from = memmem(from, (size_t)(end - from), "~:", 2)) != NULL) {
        if (end - from >= MARK_LENGTH && mark_at(from, stream, number))
            return from;
        from++;
    }
    return NULL;
}

/* Enter a message that came; NULL where it is none that is still to come. */
static struct message *enter(struct receiver *receiver, uint32_t stream, uint32_t number, uint64_t now)
{
    if (stream >= ledger.streams || number >= streams[stream].count) {
        ledger.unknown++;
        return NULL;
    }
    uint32_t *next = &receiver->places[stream].next;
    if (number < *next) {
        ledger.doubled++;
        return NULL;
    }
    if (number > *next) {
        ledger.missing += number - *next;
        ledger.disorder++;
    }
    *next = number + 1;
    receiver->order = receiver->order * 0x9e3779b97f4a7c15u + ((uint64_t)stream << 32 | number) + 1;
    ledger.received++;
    if (now >= ledger.from && now < ledger.until)
        ledger.received_measured++;
    struct message *message = &streams[stream].messages[number];
    if (message->due >= ledger.from && message->due < ledger.until)
        histogram_add(&ledger.latency, now > message->due ? now - message->due : 0);
    return message;
}

static bool came_so_first(const struct message *message, const char *payload, size_t length)
{
    return message->payload != NULL && message->length == length && memcmp(message->payload, payload, length) == 0;
}

static void keep(struct message *message, const char *payload, size_t length, uint64_t version)
{
    message->payload = memcpy(grow(NULL, length), payload, length);
    message->length = (uint32_t)length;
    message->version = (uint32_t)version;
}

/* Find the mark of a message; false where there is none. */
static bool mark_of(struct receiver *receiver, const char *payload, size_t length, uint32_t *stream, uint32_t *number)
{
    size_t offset = receiver->offset;
    if (offset + MARK_LENGTH <= length && mark_at(payload + offset, stream, number))
        return true;
    const char *found = mark_find(payload, payload + length, stream, number);
    if (found == NULL)
        return false;
    receiver->offset = (uint32_t)(found - payload);
    return true;
}

void ledger_got(struct receiver *receiver, const char *payload, size_t length, version_reader version_of, uint64_t now)
{
    uint32_t stream = receiver->stream, number = receiver->places[stream].next;
    /* Mostly it is what comes next: the bytes that others got then tell all of it, its mark too. */
    bool same = number < streams[stream].count && came_so_first(&streams[stream].messages[number], payload, length);
    if (!same && !mark_of(receiver, payload, length, &stream, &number)) {
        ledger.unknown++;
        return;
    }
    struct message *message = enter(receiver, stream, number, now);
    if (message == NULL)
        return;
    receiver->stream = stream;
    if (message->payload == NULL)
        keep(message, payload, length, version_of ? version_of(payload, length) : 0);
    else if (!same)
        ledger.altered += !came_so_first(message, payload, length);
    uint32_t *last = &receiver->places[ledger.rooms[stream]].version;
    if (message->version) {
        ledger.versions += *last && message->version != *last + 1;
        *last = message->version;
    }
}

void ledger_got_all(struct receiver *receiver, const char *payload, size_t length, uint64_t version, uint64_t now)
{
    uint32_t stream, number;
    const char *at = payload, *end = payload + length;
    while ((at = mark_find(at, end, &stream, &number)) != NULL) {
        if (enter(receiver, stream, number, now) != NULL)
            receiver->places[ledger.rooms[stream]].version = (uint32_t)version;
        at += MARK_LENGTH;
    }
}
