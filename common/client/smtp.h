/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMTP: each call sends one mail, over a connection that is kept between mails. libcurl connects,
 * with TLS and login. Certificates are verified. Proxies and netrc are not used.
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
    char hello[256];  /* the name for EHLO, also as [address]; "": the name of this host */
};

/* Reads smtp[s]://[user:password@]host[:port][?starttls=required][&cafile=/path]. Default ports:
   25, and 465 for smtps. ERROR_USAGE for anything else, and for a password without TLS unless the
   host is loopback. */
bool smtp_parse_url(const char *url, struct smtp_server *server, struct error *error) MUST_CHECK;

struct smtp;

/* A new struct smtp, not yet connected, for one thread at a time. `server` is copied. When
   *interrupted becomes true, a call that waits for the server ends with ERROR_STOPPED within a
   second or two; `interrupted` may be NULL. NULL without memory. */
struct smtp *smtp_new(const struct smtp_server *server, const atomic_bool *interrupted);
void smtp_free(struct smtp *smtp); /* calls smtp_rest first; NULL is fine */

/* One mail. Its texts are not copied. */
struct smtp_mail {
    const char *sender; /* bare addresses without control characters */
    const char *recipient;
    const char *mime; /* a whole message with CRLF line ends */
    size_t size;
    void (*waiting)(void *context); /* called about once a second, or more often, while waiting for
                                       the server; NULL is fine */
    void *waiting_context;
};

/* Sends a mail. Each step has the time limit of RFC 5321; the answer to the whole mail may take ten
   minutes. If a mail fails soon over a kept connection, and the server cannot have taken it, it is
   tried once more over a new connection.

   ERROR_INVALID (do not send it again): an address with control characters, or the server refuses
   this recipient or this mail for good (RFC 3463: after RCPT 5.1.0 to 5.1.3, 5.1.6, 5.1.10, 5.2.1;
   after the body 5.3.4, 5.6.x). ERROR_DENIED: login or certificate refused. ERROR_AWAY (try again
   later): any other refusal, or no answer. ERROR_ANSWER: the server got the whole mail and gave
   no proper answer, so it may have taken it. ERROR_STOPPED: interrupted; the server cannot have
   taken the mail. The message has the server's words, without the recipient's address. */
bool smtp_send(struct smtp *smtp, const struct smtp_mail *mail, struct error *error) MUST_CHECK;

/* Sends QUIT, if there is a connection, and closes it. To be called when there is no mail for now,
   so that no idle connection occupies the server. Takes about 2 s at most. The next mail connects
   again. */
void smtp_rest(struct smtp *smtp);

/* Checks the server for `exportd check`, without a mail: connects again, logs in, sends MAIL and
   RCPT with `address`, then RSET and QUIT. All that may take SMTP_PROBE_SECONDS. It is no error if
   the server has no such mailbox. Errors as smtp_send, but a refusal for good (5xx) is
   ERROR_DENIED. */
enum { SMTP_PROBE_SECONDS = 10 };
bool smtp_probe(struct smtp *smtp, const char *address, struct error *error) MUST_CHECK;

#endif
