#include "frame.h"

#include <string.h>

#include "util.h"

/* Clients must mask (§5.3). The key protects proxies from pages; here any key does. */
static const unsigned char KEY[4] = {0x5a, 0x13, 0xc7, 0x9e};

size_t frame_read(const char *data, size_t available, struct frame *frame)
{
    const unsigned char *bytes = (const unsigned char *)data;
    if (available < 2)
        return 0;
    size_t head = 2, length = bytes[1] & 0x7f;
    if ((bytes[0] & 0xf0) != 0x80 || (bytes[1] & 0x80))
        die("the server sent a frame that is fragmented, compressed or masked: %02x %02x", bytes[0], bytes[1]);
    if (length == 126) {
        head = 4;
        if (available < head)
            return 0;
        length = (size_t)bytes[2] << 8 | bytes[3];
    } else if (length == 127) {
        head = 10;
        if (available < head)
            return 0;
        length = 0;
        for (int i = 2; i < 10; i++)
            length = length << 8 | bytes[i];
    }
    if (available - head < length)
        return 0;
    *frame = (struct frame){bytes[0] & 0x0f, data + head, length};
    return head + length;
}

size_t frame_write(char *out, unsigned opcode, const char *payload, size_t length)
{
    unsigned char *bytes = (unsigned char *)out;
    size_t head = 2;
    bytes[0] = (unsigned char)(0x80 | opcode);
    if (length < 126) {
        bytes[1] = (unsigned char)(0x80 | length);
    } else if (length < 65536) {
        bytes[1] = 0x80 | 126;
        bytes[2] = (unsigned char)(length >> 8);
        bytes[3] = (unsigned char)length;
        head = 4;
    } else {
        bytes[1] = 0x80 | 127;
        for (int i = 0; i < 8; i++)
            bytes[2 + i] = (unsigned char)((uint64_t)length >> (56 - 8 * i));
        head = 10;
    }
    memcpy(bytes + head, KEY, 4);
    head += 4;
    for (size_t i = 0; i < length; i++)
        bytes[head + i] = (unsigned char)payload[i] ^ KEY[i & 3];
    return head + length;
}
