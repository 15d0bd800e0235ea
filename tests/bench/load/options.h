/* The command line, and the file that lists the clients. `load --help` explains both. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#define ADDRESSES_MAX 8

enum churn { NO_CHURN, TO_UPGRADE, TO_SESSION, TO_WELCOME };

struct client {
    unsigned address;   /* index of the address that it connects to */
    const char *cookie; /* header, or "-" */
    uint64_t room;      /* id of the room that it writes to; 0: none */
    unsigned *streams;  /* the rooms whose feeds it gets, or, where clients send, the one room that it is in */
    unsigned stream_count;
};

struct options {
    const char *adapter;
    const char *addresses[ADDRESSES_MAX];
    unsigned address_count;
    const char *comeback; /* where clients go whose connection was lost; NULL: it is a fault */
    const char *host, *path;
    bool named; /* each client names its streams in the path */
    struct client *clients;
    unsigned client_count;
    unsigned streams;     /* rooms */
    unsigned concurrency; /* handshakes under way at once */
    double warm, seconds, drain;
    double rate;     /* messages a second; 0: as the window or the answers allow */
    unsigned window; /* messages that may be under way at once */
    int feed, redis; /* file descriptors; -1: nothing is fed */
    unsigned senders;
    unsigned body;    /* bytes of a text that is sent */
    double stall;     /* share of the receivers that stop to read */
    unsigned probe;   /* milliseconds between two pings; 0: none */
    enum churn churn;
};

extern struct options options;

void options_read(int count, char **values);

#endif
