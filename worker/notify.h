/* SPDX-License-Identifier: Apache-2.0 */
/* Tells systemd how the worker is, if systemd has asked for it (NOTIFY_SOCKET); without its
   library. The socket may be a path or an abstract name (@...). */
#ifndef WORKER_NOTIFY_H
#define WORKER_NOTIFY_H

#include "base/error.h"

#include <sys/socket.h>
#include <sys/un.h>

struct notify {
    int fd; /* -1: systemd has not asked */
    struct sockaddr_un address;
    socklen_t address_size;
    int64_t interval_ms; /* of signs of life; 0: none are wanted */
    int64_t next_ms;
    char status[128]; /* told last */
};

/* Reads the environment. A socket that cannot be used is as good as none: a warning in the log. */
void notify_open(struct notify *notify);
void notify_close(struct notify *notify);

/* "READY=1", "STOPPING=1". For one thread at a time, as all here. */
void notify_send(struct notify *notify, const char *message);

/* The worker is well: sends WATCHDOG=1, twice as often as systemd wants it at least
   (WATCHDOG_USEC, unless WATCHDOG_PID names another process), and STATUS= when `status` has
   changed. */
void notify_alive(struct notify *notify, const char *status);

#endif
