/* exportd.outbox: the mails of finished exports, written with the outcome, sent by the mailer. */
#ifndef MODEL_OUTBOX_MAIL_H
#define MODEL_OUTBOX_MAIL_H

#include "base/arena.h"
#include "client/pg.h"

struct outbox_mail {
    int64_t id;
    int64_t data_export_id;
    const char *message_id;
    const char *recipient;
    const char *mime;
    size_t mime_size;
    int64_t tries; /* this one included */
};

/* Puts a mail in, due at once. One an export: a mail of the same export (of a restored database's
   past) is replaced. Goes with the next statement (pg_later), within a transaction. */
bool outbox_mail_insert(struct pg *pg, int64_t data_export_id, const char *message_id,
                        const char *recipient, const char *mime, struct error *error) MUST_CHECK;

/* Notes that mail `sent_id` is sent, unless it is 0, and takes, in the same commit, the mail that
   has been due longest: counts the try and holds it back from everybody else for `hold_seconds`. (A
   hold alone is unsynced, PG_UNSYNCED: if PostgreSQL forgets it in a crash of its own, it forgets
   it before the mail is noted as sent, which is a COMMIT that waits for all before it.) One that is
   said to be due in more than `longest_seconds`, which is longer than anybody lets a mail wait, is
   due: the server's clock was set back. Texts in `arena`. *found is false when none is due; when it
   is true and this fails, there is no memory for the texts, but *mail says which it is. */
bool outbox_mail_claim(struct pg *pg, int64_t sent_id, int64_t hold_seconds,
                       int64_t longest_seconds, struct arena *arena, struct outbox_mail *mail,
                       bool *found, struct error *error) MUST_CHECK;

/* It is sent: that holds also when the claim is not known any more, or somebody has made another.
 */
bool outbox_mail_sent(struct pg *pg, int64_t id, struct error *error) MUST_CHECK;

/* It is not: due again in `seconds` because of `reason`, or never again. Only the try that was
   claimed is judged (`tries` is the fence). */
bool outbox_mail_retry(struct pg *pg, const struct outbox_mail *mail, int64_t seconds,
                       const char *reason, struct error *error) MUST_CHECK;
bool outbox_mail_give_up(struct pg *pg, const struct outbox_mail *mail, const char *reason,
                         struct error *error) MUST_CHECK;

/* How many wait to be sent. */
bool outbox_mail_count_waiting(struct pg *pg, int64_t *count, struct error *error) MUST_CHECK;

#endif
