/* SPDX-License-Identifier: Apache-2.0 */
/* exportd.outbox: the mails of finished exports. The outcome writes them, the mailer sends them. */
#ifndef MODEL_OUTBOX_MAIL_H
#define MODEL_OUTBOX_MAIL_H

#include "base/json.h"
#include "client/pg.h"

enum { OUTBOX_MAILS_MAX = 8 }; /* the most that one claim takes */

struct outbox_mail {
    int64_t id;
    int64_t data_export_id;
    const char *message_id;
    const char *recipient;
    const char *mime;
    size_t mime_size;
    int64_t tries;             /* including this one */
    int64_t tried_for_seconds; /* since the claim of the first try */
    int64_t perhaps_sent;      /* tries in which the server got the whole mail and did not answer */
    int64_t held_until;        /* the end of the hold, which no other claim of this mail has */
    const char *kind;          /* "success", "failure"; "other": exportd has no such export */
};

/* Adds the statement that inserts a mail (data_export_id and texts), due at once. An export has one
   mail: an older one, left over from before the database was restored, is replaced. */
bool outbox_mail_insert_add(struct pg_batch *batch, const struct outbox_mail *mail,
                            struct error *error) MUST_CHECK;

/* The mails of a claim. Their texts live until outbox_mails_free. */
struct outbox_mails {
    struct outbox_mail list[OUTBOX_MAILS_MAX];
    size_t count;
    bool full; /* the claim took as many mails as it may: more may be due */
    struct pg_result *texts;
};

void outbox_mails_free(struct outbox_mails *mails);

/* A request for mails. */
struct outbox_claim {
    bool several;            /* false: one mail */
    int64_t hold_seconds;    /* how long no other mailer may claim them */
    int64_t longest_seconds; /* longer than any mail ever waits */
};

/* Claims the mails that have been due longest, in no order: counts the try and holds them. A mail
   that would be due in more than `longest_seconds` is also claimed, one at a time: the server's
   clock was set back. The hold is unsynced (PG_UNSYNCED). If PostgreSQL crashes and forgets it, no
   mail of it is recorded as sent yet, because that COMMIT also makes all earlier commits durable.
 */
bool outbox_mail_claim(struct pg *pg, const struct outbox_claim *claim, struct outbox_mails *mails,
                       struct error *error) MUST_CHECK;

/* Records that the mails are sent, even if the hold has ended or another mailer has claimed them.
 */
bool outbox_mail_sent(struct pg *pg, const int64_t *ids, size_t count,
                      struct error *error) MUST_CHECK;

/* Gives back mails that were not tried: each is due at once, and its try is not counted. Changes
   only mails whose claim still holds. */
bool outbox_mail_give_back(struct pg *pg, const struct outbox_mail *mails, size_t count,
                           struct error *error) MUST_CHECK;

/* Holds the mail for `seconds` from now on, if the claim still holds. */
bool outbox_mail_hold(struct pg *pg, struct outbox_mail *mail, int64_t seconds,
                      struct error *error) MUST_CHECK;

/* Record that the mail was not sent, or only perhaps, and why: it is due again in `seconds`, or
   never again. Also record `perhaps_sent`. They change the mail only if the claim still holds:
   `held_until` and `tries` are the fence. */
bool outbox_mail_retry(struct pg *pg, const struct outbox_mail *mail, int64_t seconds,
                       const char *reason, struct error *error) MUST_CHECK;
bool outbox_mail_give_up(struct pg *pg, const struct outbox_mail *mail, const char *reason,
                         struct error *error) MUST_CHECK;

/* Makes the mail of the export due at once, as if it had never been tried. *found: it has a mail.
 */
bool outbox_mail_resend(struct pg *pg, int64_t data_export_id, bool *found,
                        struct error *error) MUST_CHECK;

/* Which mails to list. */
struct outbox_filter {
    const char *state; /* NULL: all that are not sent */
    int64_t after;     /* only exports with ids above it */
    int64_t max;
};

/* Lists the mails that pass the filter, by the ids of their exports. *mails is a JSON array, which
   the caller frees, of {id (of the export), state, organization (slug), recipient, message_id,
   tries, perhaps_sent, first_try_at, next_try_at (null unless the mail waits), message}. */
bool outbox_mail_list(struct pg *pg, const struct outbox_filter *filter, json_t **mails,
                      struct error *error) MUST_CHECK;

/* Counts the mails that were given up, of those that were tried in the last week. */
bool outbox_mail_count_given_up(struct pg *pg, int64_t *count, struct error *error) MUST_CHECK;

/* Counts the mails that wait to be sent. */
bool outbox_mail_count_waiting(struct pg *pg, int64_t *count, struct error *error) MUST_CHECK;

#endif
