/* SPDX-License-Identifier: Apache-2.0 */
/* Where a listener listens: ADDRESS:PORT, [IPv6]:PORT, localhost:PORT, PORT alone (on loopback), or
   the absolute path of a Unix socket. */
#ifndef LISTEN_ADDRESS_H
#define LISTEN_ADDRESS_H

#include "base/error.h"

#include <sys/socket.h>
#include <sys/un.h>

struct listen_address {
    int family; /* AF_INET, AF_INET6 or AF_UNIX */
    socklen_t size;
    union {
        struct sockaddr any;
        struct sockaddr_storage network;
        struct sockaddr_un local;
    } socket;
};

/* ERROR_USAGE if `text` is no such address. Names of hosts are not looked up. */
bool listen_address_parse(const char *text, struct listen_address *address,
                          struct error *error) MUST_CHECK;

/* A listening socket, which is the caller's. A Unix socket belongs to the process's user alone. The
   file of one that no process listens on any more is replaced. ERROR_CONFLICT: another process
   listens there. */
bool listen_address_open(const struct listen_address *address, int *fd,
                         struct error *error) MUST_CHECK;

/* Closes the socket and removes its file. */
void listen_address_close(const struct listen_address *address, int fd);

#endif
