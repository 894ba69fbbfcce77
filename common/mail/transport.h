/* SPDX-License-Identifier: Apache-2.0 */
/* How a mail leaves: by SMTP, or as an .eml file in a folder. */
#ifndef MAIL_TRANSPORT_H
#define MAIL_TRANSPORT_H

#include "base/error.h"

struct mail_transport;

/* A mail as it leaves. */
struct mail_message {
    const char *recipient;  /* a bare address */
    const char *message_id; /* as in the mail's headers */
    const char *mime;       /* the whole message, with CRLF line ends */
    size_t size;            /* of mime */
};

struct mail_transport_operations {
    bool (*send)(struct mail_transport *, const struct mail_message *, struct error *);
    bool (*check)(struct mail_transport *, struct error *);
    void (*rest)(struct mail_transport *);      /* NULL: keeps no connection */
    void (*interrupt)(struct mail_transport *); /* NULL: sends in no time */
    void (*free)(struct mail_transport *);
};

struct mail_transport {
    const struct mail_transport_operations *operations;
};

/* The transport that EXPORTD_MAIL_URL names; `sender` is the envelope's. ERROR_USAGE for either. */
bool mail_transport_open(const char *url, const char *sender, struct mail_transport **transport,
                         struct error *error) MUST_CHECK;
void mail_transport_free(struct mail_transport *transport); /* NULL is fine */

/* ERROR_INVALID: this mail will never be taken; any other code: try again later. */
bool mail_transport_send(struct mail_transport *transport, const struct mail_message *message,
                         struct error *error) MUST_CHECK;

/* There is no mail for now: a connection that was kept for the next one is closed. */
void mail_transport_rest(struct mail_transport *transport);

/* From any thread: the mail that is being sent, and all after it, are given up within a second or
   two: ERROR_STOPPED. */
void mail_transport_interrupt(struct mail_transport *transport);

/* Whether the server answers, or the folder can be written. */
bool mail_transport_check(struct mail_transport *transport, struct error *error) MUST_CHECK;

#endif
