/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMTP: one mail a call, over a connection that is kept between mails. libcurl connects, with TLS
 * and login; TLS certificates are verified; no proxies or netrc.
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
    char hello[256];  /* what EHLO says, also [address]; "": the name of this host */
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
    void (*waiting)(void *context); /* called about once a second, or more often, while the server
                                       is waited for; NULL is fine */
    void *waiting_context;
};

/* Sends a mail. Each step may take as long as RFC 5321 says, the answer to the whole mail ten
   minutes. What soon fails over a connection that was kept, and cannot have been taken by the
   server, is tried once more over a new one.
   ERROR_INVALID: an address with control characters, or an answer that refuses this recipient or
   this mail for good (RFC 3463: after RCPT 5.1.0 to 5.1.3, 5.1.6, 5.1.10, 5.2.1; after the body
   5.3.4, 5.6.x): never again. ERROR_DENIED: login or certificate refused; ERROR_AWAY: any other
   refusal, or no answer: try again later. ERROR_ANSWER: the server was given the whole mail and
   gave no proper answer: it may have taken it. ERROR_STOPPED: see above; the server cannot have
   taken it. The message has the server's words, without the recipient's address. */
bool smtp_send(struct smtp *smtp, const struct smtp_mail *mail, struct error *error) MUST_CHECK;

/* Says goodbye, if there is a connection, and closes it: there is no mail for now, and a server has
   better uses for a connection that is idle. Takes about 2 s at most. The next mail makes a new
   one. */
void smtp_rest(struct smtp *smtp);

/* Connects anew, logs in (a step may take a minute), and says MAIL and RCPT with `address`, then
   RSET and goodbye: for `exportd check`. That the server knows no such mailbox is fine. Errors as
   smtp_send. */
bool smtp_probe(struct smtp *smtp, const char *address, struct error *error) MUST_CHECK;

#endif
