/* WebSocket frames as a client reads and writes them (RFC 6455 §5.2). */
#ifndef FRAME_H
#define FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10 };

struct frame {
    unsigned opcode;
    const char *payload;
    size_t length;
};

/* The length of the complete frame at `data`, which `frame` then describes; 0 where more bytes are needed. */
size_t frame_read(const char *data, size_t available, struct frame *frame);

#define FRAME_HEAD_MAX 14

/* Write a masked frame to `out`, which has room for `length` + FRAME_HEAD_MAX bytes; returns its length. */
size_t frame_write(char *out, unsigned opcode, const char *payload, size_t length);

#endif
