#define _GNU_SOURCE
#include "ledger.h"

#include <string.h>

#include "util.h"

struct ledger ledger;

struct stream {
    uint64_t *times; /* at which each message was sent; 0: it can be delivered, and was not sent yet */
    uint32_t count, sent, capacity;
};

static struct stream *streams;

void ledger_open(unsigned count)
{
    ledger.streams = count;
    ledger.from = ledger.until = UINT64_MAX;
    streams = grow(NULL, count * sizeof *streams);
    memset(streams, 0, count * sizeof *streams);
}

void receiver_open(struct receiver *receiver)
{
    receiver->next = grow(NULL, ledger.streams * sizeof *receiver->next);
    memset(receiver->next, 0, ledger.streams * sizeof *receiver->next);
}

void ledger_expect(unsigned number)
{
    struct stream *stream = &streams[number];
    if (stream->count == stream->capacity) {
        stream->capacity = stream->capacity ? stream->capacity * 2 : 256;
        stream->times = grow(stream->times, stream->capacity * sizeof *stream->times);
    }
    stream->times[stream->count++] = 0;
}

uint32_t ledger_send(unsigned number, uint64_t now)
{
    struct stream *stream = &streams[number];
    if (stream->sent == stream->count)
        ledger_expect(number);
    stream->times[stream->sent] = now;
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

static void enter(struct receiver *receiver, uint32_t stream, uint32_t number, uint64_t now)
{
    if (stream >= ledger.streams || number >= streams[stream].count) {
        ledger.unknown++;
        return;
    }
    uint32_t *next = &receiver->next[stream];
    if (number < *next) {
        ledger.doubled++;
        return;
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
    uint64_t at = streams[stream].times[number];
    if (at >= ledger.from && at < ledger.until)
        histogram_add(&ledger.latency, now > at ? now - at : 0);
}

bool ledger_got(struct receiver *receiver, const char *payload, size_t length, uint64_t now)
{
    uint32_t stream, number;
    size_t offset = receiver->offset;
    if (offset + MARK_LENGTH > length || !mark_at(payload + offset, &stream, &number)) {
        const char *found = mark_find(payload, payload + length, &stream, &number);
        if (found == NULL)
            return false;
        receiver->offset = (uint32_t)(found - payload);
    }
    enter(receiver, stream, number, now);
    return true;
}

unsigned ledger_got_all(struct receiver *receiver, const char *payload, size_t length, uint64_t now)
{
    uint32_t stream, number;
    unsigned count = 0;
    const char *at = payload, *end = payload + length;
    while ((at = mark_find(at, end, &stream, &number)) != NULL) {
        enter(receiver, stream, number, now);
        count++;
        at += MARK_LENGTH;
    }
    return count;
}
