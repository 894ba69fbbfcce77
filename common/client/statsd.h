/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends metrics to a StatsD, as datagrams. Nothing waits for it, and no failure stops anything: a
 * datagram that cannot be sent is lost.
 *
 * Names begin with "sentry.", as those of the original. A tag named "instance" is appended to the
 * name. Other tags are left out, unless the StatsD is a DogStatsD (?tags=datadog): then all are
 * tags.
 */
#ifndef CLIENT_STATSD_H
#define CLIENT_STATSD_H

#include "base/error.h"

#include <sys/socket.h>

/* For any thread, once it is open. */
struct statsd {
    int fd; /* below 0: nothing is sent */
    bool tags;
    struct sockaddr_storage address;
    socklen_t address_size;
};

/* ERROR_USAGE unless `url` is as EXPORTD_STATSD_URL: udp://host[:port] (8125) or unixgram:///path,
   perhaps with ?tags=datadog. */
bool statsd_check_url(const char *url, struct error *error) MUST_CHECK;

/* Looks the host up, once, which may take seconds. "" or an error (which is a warning in the log):
   nothing is sent. */
void statsd_open(struct statsd *statsd, const char *url);
void statsd_close(struct statsd *statsd);

/* A name, and a tag: its name and value, or NULL. They have none of ":|#@\n,". */
struct statsd_name {
    const char *name; /* "dataexport.end" */
    const char *tag, *value;
};

void statsd_count(const struct statsd *statsd, const struct statsd_name *name);

/* A number that StatsD makes statistics of, whatever its unit; for a duration, milliseconds. */
void statsd_time(const struct statsd *statsd, const char *name, int64_t number);

#endif
