/* SPDX-License-Identifier: Apache-2.0 */
/* exportd.outbox: the mails of finished exports, written with the outcome, sent by the mailer. */
#ifndef MODEL_OUTBOX_MAIL_H
#define MODEL_OUTBOX_MAIL_H

#include "base/json.h"
#include "client/pg.h"

enum { OUTBOX_MAILS_MAX = 8 }; /* that one claim takes */

struct outbox_mail {
    int64_t id;
    int64_t data_export_id;
    const char *message_id;
    const char *recipient;
    const char *mime;
    size_t mime_size;
    int64_t tries;             /* this one included */
    int64_t tried_for_seconds; /* since the first try's claim */
    int64_t perhaps_sent;      /* so often the server was given it whole and did not answer */
    int64_t held_until;        /* of this claim: no other one has the same */
};

/* Adds the statement that puts a mail (its data_export_id and texts) in, due at once. One per
   export: a mail of the same export (of a restored database's past) is replaced. */
bool outbox_mail_insert_add(struct pg_batch *batch, const struct outbox_mail *mail,
                            struct error *error) MUST_CHECK;

/* Mails that were claimed together; their texts live until outbox_mails_free. */
struct outbox_mails {
    struct outbox_mail list[OUTBOX_MAILS_MAX];
    size_t count;
    bool full; /* as many as such a claim takes: more may be due */
    struct pg_result *texts;
};

void outbox_mails_free(struct outbox_mails *mails);

/* What outbox_mail_claim shall do. */
struct outbox_claim {
    bool several;            /* else one mail */
    int64_t hold_seconds;    /* how long the claimed ones are held back from other mailers */
    int64_t longest_seconds; /* longer than any mail is made to wait */
};

/* Takes the mails that have been due longest (in no order): counts the try and holds them back. The
   hold is unsynced (PG_UNSYNCED): if PostgreSQL forgets it in a crash of its own, it forgets it
   before a mail is noted as sent, which is a COMMIT that waits for all before it. A mail that is
   said to be due in more than `longest_seconds` is due, too, one at a time: the server's clock was
   set back. */
bool outbox_mail_claim(struct pg *pg, const struct outbox_claim *claim, struct outbox_mails *mails,
                       struct error *error) MUST_CHECK;

/* They are sent: that holds also when the claim is not known any more, or somebody has made
   another. */
bool outbox_mail_sent(struct pg *pg, const int64_t *ids, size_t count,
                      struct error *error) MUST_CHECK;

/* They were not tried: due again at once, and the try is not counted, where the claim still holds.
 */
bool outbox_mail_give_back(struct pg *pg, const struct outbox_mail *mails, size_t count,
                           struct error *error) MUST_CHECK;

/* It is held for so long from now on, where the claim still holds. */
bool outbox_mail_hold(struct pg *pg, struct outbox_mail *mail, int64_t seconds,
                      struct error *error) MUST_CHECK;

/* It is not, or perhaps: due again in `seconds` because of `reason`, or never again. Records
   `perhaps_sent`, too. Only the claim that was made is judged (`held_until` and `tries` are the
   fence). */
bool outbox_mail_retry(struct pg *pg, const struct outbox_mail *mail, int64_t seconds,
                       const char *reason, struct error *error) MUST_CHECK;
bool outbox_mail_give_up(struct pg *pg, const struct outbox_mail *mail, const char *reason,
                         struct error *error) MUST_CHECK;

/* The mail of the export is due at once, as if it had never been tried. *found: there is one. */
bool outbox_mail_resend(struct pg *pg, int64_t data_export_id, bool *found,
                        struct error *error) MUST_CHECK;

/* Which mails to list. */
struct outbox_filter {
    const char *state; /* NULL: those that are not sent */
    int64_t after;     /* ids of exports above it */
    int64_t max;
};

/* The mails that pass the filter, by the ids of their exports: a JSON array of objects {id (of the
   export), state, organization (slug), recipient, message_id, tries, perhaps_sent, first_try_at,
   next_try_at, message}; next_try_at is null unless it waits. */
bool outbox_mail_list(struct pg *pg, const struct outbox_filter *filter, json_t **mails,
                      struct error *error) MUST_CHECK;

/* How many wait to be sent. */
bool outbox_mail_count_waiting(struct pg *pg, int64_t *count, struct error *error) MUST_CHECK;

#endif
