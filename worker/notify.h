/* SPDX-License-Identifier: Apache-2.0 */
/* Tells systemd the state of the worker, if systemd has asked for it (NOTIFY_SOCKET). Works without
   systemd's library. The socket may be a path or an abstract name (@...). */
#ifndef WORKER_NOTIFY_H
#define WORKER_NOTIFY_H

#include "base/error.h"

#include <sys/socket.h>
#include <sys/un.h>

struct notify {
    int fd; /* -1: systemd has not asked */
    struct sockaddr_un address;
    socklen_t address_size;
    int64_t interval_ms; /* between two signs of life; 0: systemd wants none */
    int64_t next_ms;     /* when the next sign is due (monotonic) */
    char status[128];    /* as sent last */
};

/* Reads the environment. If the socket cannot be used, logs a warning; nothing is sent then. */
void notify_open(struct notify *notify);
void notify_close(struct notify *notify);

/* Sends a message such as "READY=1" or "STOPPING=1". Never waits. May be called by any thread. */
void notify_send(struct notify *notify, const char *message);

/* Says that the worker is well. Sends WATCHDOG=1 twice as often as systemd asks for it
   (WATCHDOG_USEC, unless WATCHDOG_PID names another process), and STATUS= when `status` has
   changed. To be called often, by one thread at a time. */
void notify_alive(struct notify *notify, const char *status);

#endif
