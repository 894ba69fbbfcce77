/* SPDX-License-Identifier: Apache-2.0 */
/* Sends the mails that wait in the outbox: at least once, with the same Message-ID each time. */
#ifndef MAIL_OUTBOX_H
#define MAIL_OUTBOX_H

#include "mail/transport.h"
#include "model/outbox_mail.h"

/* What a mailer has taken from the outbox: the mails that it has claimed, and those of them that
   are sent but not yet recorded as sent. For one thread. */
struct outbox {
    struct pg *pg; /* connected by the caller before each call */
    struct mail_transport *transport;
    struct outbox_mails mails;
    size_t next;                   /* the first mail that was not tried yet */
    int64_t claimed_ms;            /* when they were claimed (monotonic) */
    bool quick;                    /* the last mail took less than 0.1 s */
    bool doubtful;                 /* PostgreSQL failed: others may have claimed these mails */
    size_t sent[OUTBOX_MAILS_MAX]; /* sent, not recorded: places in mails.list */
    size_t sent_count;
    size_t in_hand;               /* the mail that is being sent */
    int64_t held_ms;              /* when its hold was last renewed (monotonic) */
    void (*alive)(void *context); /* called every second while a server is waited for; or NULL */
    void *alive_context;
};

void outbox_init(struct outbox *outbox, struct pg *pg, struct mail_transport *transport);

/* Call outbox_settle before: this records nothing and gives nothing back. */
void outbox_free(struct outbox *outbox);

/* Sends the mail that has been due longest, if there is one, without a transaction meanwhile.
   *more: others are due, or may be. Errors are those of the database; a refused mail is none.

   After a failure that may pass, the mail is due again with exponential back-off (10 s to 1 h, with
   jitter). It is given up, with an error in the log, if it will never be taken, a day after the
   first try, or if it has perhaps been sent three times.

   While the mail server is quick, up to OUTBOX_MAILS_MAX mails are claimed at once, and recorded as
   sent in one statement after the last of them. If the process dies in between, they are sent
   again. Mails for a slow server are claimed and recorded one by one. After an error, and 2 s after
   the claim, the mails that were claimed but not tried are given back. If a server takes longer
   than a minute for a mail, the mail's hold is renewed each minute, and the others are recorded or
   given back. */
bool outbox_send_next(struct outbox *outbox, bool *more, struct error *error) MUST_CHECK;

/* Records the sent mails, and gives back those that were claimed but not tried. For the end. */
bool outbox_settle(struct outbox *outbox, struct error *error) MUST_CHECK;

/* Whether outbox_settle would have nothing to do. */
bool outbox_is_settled(const struct outbox *outbox);

/* Logs the mails that are sent but could not be recorded because of `reason`, and those that could
   not be given back: these wait for two minutes. */
void outbox_tell_unsettled(const struct outbox *outbox, const struct error *reason);

#endif
