#define _GNU_SOURCE
#include "util.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

uint64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void die(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vfprintf(stderr, format, values);
    va_end(values);
    fputc('\n', stderr);
    exit(1);
}

void *grow(void *old, size_t size)
{
    void *made = realloc(old, size ? size : 1);
    if (made == NULL)
        die("no memory for %zu bytes", size);
    return made;
}

void bytes_append(struct bytes *bytes, const void *data, size_t length)
{
    if (length == 0)
        return;
    if (bytes->length + length > bytes->capacity) {
        bytes->capacity = (bytes->length + length) * 2;
        bytes->data = grow(bytes->data, bytes->capacity);
    }
    memcpy(bytes->data + bytes->length, data, length);
    bytes->length += length;
}

void bytes_drop(struct bytes *bytes, size_t length)
{
    bytes->length -= length;
    if (bytes->length == 0)
        bytes_free(bytes); /* 15,000 connections keep nothing that they do not need */
    else
        memmove(bytes->data, bytes->data + length, bytes->length);
}

void bytes_free(struct bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct bytes){0};
}

bool write_or_keep(int fd, struct bytes *rest, const void *data, size_t length)
{
    size_t done = 0;
    if (rest->length == 0) {
        ssize_t sent = send(fd, data, length, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
            return false;
        done = sent > 0 ? (size_t)sent : 0;
    }
    bytes_append(rest, (const char *)data + done, length - done);
    return true;
}
