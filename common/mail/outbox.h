/* SPDX-License-Identifier: Apache-2.0 */
/* Sends what waits in the outbox: at least once, with the same Message-ID each time. */
#ifndef MAIL_OUTBOX_H
#define MAIL_OUTBOX_H

#include "mail/transport.h"
#include "model/outbox_mail.h"

/* A mailer's view of the outbox: the mails it has claimed, and which of them are sent although
   their rows do not say so yet. For one thread. */
struct outbox {
    struct pg *pg; /* connected by the caller before each call */
    struct mail_transport *transport;
    struct outbox_mails mails;
    size_t next; /* the first of them that was not tried */
    int64_t claimed_ms;
    bool quick;    /* the last mail took less than 0.1 s: several are claimed at once */
    bool doubtful; /* PostgreSQL failed: other mailers may have claimed these mails meanwhile */
    size_t sent[OUTBOX_MAILS_MAX]; /* places in mails.list */
    size_t sent_count;
    size_t in_hand;               /* the mail that is being sent */
    int64_t held_ms;              /* when it was last held */
    void (*alive)(void *context); /* called every second while a server is waited for; NULL: not */
    void *alive_context;
};

void outbox_init(struct outbox *outbox, struct pg *pg, struct mail_transport *transport);
void outbox_free(struct outbox *outbox); /* records and gives back nothing: outbox_settle does */

/* Sends the mail that has been due longest, if there is one, with no transaction open meanwhile; if
   not *more, no other one is due. Records what came of it: due again with exponential back-off
   (10 s to 1 h, with jitter) after a failure that may pass; given up, with an error in the log,
   when it will never be taken, a day after the first try, or when it has perhaps been sent three
   times. A refused mail is no error of this function: errors are those of the database. While the
   mail server is quick, up to OUTBOX_MAILS_MAX mails are claimed at once, and noted as sent in one
   statement after the last of them. If the process dies in between, these go out again. Mails of a
   slow server are claimed and noted one by one. When PostgreSQL fails, and 2 s after the claim,
   what is claimed and not tried goes back. While a server takes longer than a minute over a mail,
   its hold is renewed each minute, and the others are noted or go back. */
bool outbox_send_next(struct outbox *outbox, bool *more, struct error *error) MUST_CHECK;

/* Records what was sent, and gives back what was claimed and not tried: before the end. */
bool outbox_settle(struct outbox *outbox, struct error *error) MUST_CHECK;

/* Whether there is anything that outbox_settle would have to do. */
bool outbox_is_settled(const struct outbox *outbox);

/* Says in the log which mails were sent without their rows knowing, and which are held back for two
   minutes, because of `reason`. */
void outbox_tell_unsettled(const struct outbox *outbox, const struct error *reason);

#endif
