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
    void (*waiting)(
        void *context); /* called every second while a server is waited for; NULL: not */
    void *waiting_context;
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

struct mail_settings {
    const char *url;    /* EXPORTD_MAIL_URL */
    const char *sender; /* the envelope's: a bare address */
    const char *hello;  /* EXPORTD_MAIL_HELO; NULL or "": the name of this host */
};

/* The transport that the URL names. ERROR_USAGE for any of the settings. */
bool mail_transport_open(const struct mail_settings *settings, struct mail_transport **transport,
                         struct error *error) MUST_CHECK;
void mail_transport_free(struct mail_transport *transport); /* NULL is fine */

/* A slow server may take many minutes. ERROR_INVALID: this mail will never be taken. ERROR_ANSWER:
   it may be sent. ERROR_STOPPED: it is not, because of mail_transport_interrupt. Any other code: it
   is not, try again later. */
bool mail_transport_send(struct mail_transport *transport, const struct mail_message *message,
                         struct error *error) MUST_CHECK;

/* There is no mail for now: a connection that was kept for the next one is closed. */
void mail_transport_rest(struct mail_transport *transport);

/* From any thread: the mail that is being sent, and all after it, are given up within a second or
   two: ERROR_STOPPED, or ERROR_ANSWER. */
void mail_transport_interrupt(struct mail_transport *transport);

/* Whether the server would take a mail from and to the sender, or the folder can be written. */
bool mail_transport_check(struct mail_transport *transport, struct error *error) MUST_CHECK;

#endif
