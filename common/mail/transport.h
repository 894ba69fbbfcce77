/* SPDX-License-Identifier: Apache-2.0 */
/* How a mail is sent: by SMTP, or as an .eml file in a folder. */
#ifndef MAIL_TRANSPORT_H
#define MAIL_TRANSPORT_H

#include "base/error.h"

struct mail_transport;

/* A mail to send. */
struct mail_message {
    const char *recipient;  /* a bare address */
    const char *message_id; /* as in the mail's headers */
    const char *mime;       /* the whole message, with CRLF line ends */
    size_t size;            /* of mime */
    /* Called every second while the transport waits for a server; or NULL. */
    void (*waiting)(void *context);
    void *waiting_context;
};

struct mail_transport_operations {
    bool (*send)(struct mail_transport *, const struct mail_message *, struct error *);
    bool (*check)(struct mail_transport *, struct error *);
    void (*rest)(struct mail_transport *);      /* NULL: the transport keeps no connection */
    void (*interrupt)(struct mail_transport *); /* NULL: the transport never waits */
    void (*free)(struct mail_transport *);
};

struct mail_transport {
    const struct mail_transport_operations *operations;
};

struct mail_settings {
    const char *url;    /* EXPORTD_MAIL_URL */
    const char *sender; /* a bare address, for the envelope */
    const char *hello;  /* EXPORTD_MAIL_HELO; NULL or "": the name of this host */
};

/* Makes the transport that the URL names. ERROR_USAGE for any of the settings. */
bool mail_transport_open(const struct mail_settings *settings, struct mail_transport **transport,
                         struct error *error) MUST_CHECK;
void mail_transport_free(struct mail_transport *transport); /* NULL is fine */

/* Sends a mail, which may take a slow server many minutes. ERROR_INVALID: this mail will never be
   taken. ERROR_ANSWER: it is perhaps sent. ERROR_STOPPED: it is not sent, because of
   mail_transport_interrupt. Any other code: it is not sent, try again later. */
bool mail_transport_send(struct mail_transport *transport, const struct mail_message *message,
                         struct error *error) MUST_CHECK;

/* There is no mail for now: closes the connection that was kept for the next mail. */
void mail_transport_rest(struct mail_transport *transport);

/* For any thread. Ends the sending of the current mail within a second or two, and of all later
   mails: ERROR_STOPPED, or ERROR_ANSWER. */
void mail_transport_interrupt(struct mail_transport *transport);

/* Whether the server would take a mail from the sender to the sender, or the folder can be written.
   Sends no mail. */
bool mail_transport_check(struct mail_transport *transport, struct error *error) MUST_CHECK;

#endif
