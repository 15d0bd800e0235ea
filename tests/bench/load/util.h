/* What every part needs: time, failure, bytes that grow. */
#ifndef UTIL_H
#define UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Microseconds on the machine's monotonic clock. */
uint64_t now_us(void);

/* Say what went wrong on standard error and end with 1. */
void die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* realloc that does not fail. */
void *grow(void *old, size_t size);

/* Bytes that wait: for the rest of a frame, or to be written. */
struct bytes {
    char *data;
    size_t length, capacity;
};

void bytes_append(struct bytes *bytes, const void *data, size_t length);
void bytes_drop(struct bytes *bytes, size_t length); /* the first `length` of them */
void bytes_free(struct bytes *bytes);

/* Write without waiting: what the kernel does not take now is kept in `rest`. False where the connection is gone. */
bool write_or_keep(int fd, struct bytes *rest, const void *data, size_t length);

#endif
