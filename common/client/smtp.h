/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMTP, by libcurl: one mail a call, over a connection that is kept between mails. TLS certificates
 * are verified; no redirects, proxies or netrc.
 */
#ifndef CLIENT_SMTP_H
#define CLIENT_SMTP_H

#include "base/error.h"

#include <stdatomic.h>

enum smtp_security {
    SMTP_PLAIN,    /* smtp://: no TLS at all */
    SMTP_STARTTLS, /* smtp://...?starttls=required: no mail without TLS */
    SMTP_TLS,      /* smtps:// */
};

struct smtp_server {
    char host[256];
    int port;
    enum smtp_security security;
    char user[256]; /* "": no login */
    char password[256];
    char cafile[512]; /* "": the system's certificates */
};

/* Reads smtp[s]://[user:password@]host[:port][?starttls=required][&cafile=/path]. Default ports:
   25, 465 for smtps. ERROR_USAGE for anything else, also for a password without TLS to a host that
   is not loopback. */
bool smtp_parse_url(const char *url, struct smtp_server *server, struct error *error) MUST_CHECK;

struct smtp;

/* A connection not yet made, for one thread at a time; `server` is copied. What waits for the
   server ends with ERROR_STOPPED within a second or two after *interrupted (NULL is fine) has
   become true. NULL without memory. */
struct smtp *smtp_new(const struct smtp_server *server, const atomic_bool *interrupted);
void smtp_free(struct smtp *smtp); /* rests first; NULL is fine */

/* One mail; its texts stay the caller's. */
struct smtp_mail {
    const char *sender; /* bare addresses without control characters */
    const char *recipient;
    const char *mime; /* a whole message with CRLF line ends */
    size_t size;
};

/* Sends a mail. Gives up after 30 s, and waits as long again for a server that refuses and says no
   goodbye. What soon fails over a connection that was kept, and cannot have been taken by the
   server, is tried once more over a new one: 80 s in all, at most. ERROR_AWAY: no connection, or a
   4xx answer: try again. ERROR_DENIED: login or certificate refused: an operator has to act, try
   again later. ERROR_INVALID: an address with control characters, or a 5xx answer to this mail:
   never again. ERROR_STOPPED: see above. */
bool smtp_send(struct smtp *smtp, const struct smtp_mail *mail, struct error *error) MUST_CHECK;

/* Says goodbye, if there is a connection, and closes it: there is no mail for now, and a server has
   better uses for a connection that is idle. Takes about 2 s at most. The next mail makes a new
   one. */
void smtp_rest(struct smtp *smtp);

/* Connects anew, says hello (and logs in) and goodbye: for `exportd check`. Errors as smtp_send. */
bool smtp_probe(struct smtp *smtp, struct error *error) MUST_CHECK;

#endif
