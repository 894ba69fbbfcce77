#include "model/outbox_mail.h"

/* A replaced mail gets a new id too: a mailer that still has the old one in hand cannot judge the
   new. */
bool outbox_mail_insert(struct pg *pg, int64_t data_export_id, const char *message_id,
                        const char *recipient, const char *mime, struct error *error)
{
    struct pg_params params = {.repeated = true};
    pg_bind_int(&params, data_export_id);
    pg_bind_text(&params, message_id);
    pg_bind_text(&params, recipient);
    pg_bind_text(&params, mime);
    return pg_later(pg,
                    "INSERT INTO exportd.outbox AS mail (data_export_id, message_id, recipient,"
                    " mime, tries, next_try_at, state)"
                    " VALUES ($1::bigint, $2::text, $3::text, $4::text, 0, now(), 'waiting')"
                    " ON CONFLICT (data_export_id) DO UPDATE SET id = excluded.id,"
                    " message_id = excluded.message_id, recipient = excluded.recipient,"
                    " mime = excluded.mime, tries = 0, next_try_at = now(),"
                    " state = 'waiting', message = NULL",
                    &params, error);
}

static const char *copy_text(const struct pg_result *result, int column, struct arena *arena,
                             struct error *error)
{
    const char *text = pg_text(result, 0, column);
    return arena_copy(arena, text, strlen(text), error);
}

static bool copy_mail(const struct pg_result *result, struct arena *arena, struct outbox_mail *mail,
                      struct error *error)
{
    *mail = (struct outbox_mail){
        .id = pg_int(result, 0, 0),
        .data_export_id = pg_int(result, 0, 1),
        .message_id = copy_text(result, 2, arena, error),
        .recipient = copy_text(result, 3, arena, error),
        .mime = copy_text(result, 4, arena, error),
        .tries = pg_int(result, 0, 5),
    };
    if (mail->message_id == NULL || mail->recipient == NULL || mail->mime == NULL)
        return false;
    mail->mime_size = strlen(mail->mime);
    return true;
}

#define FIRST_WAITING(condition)                                                                   \
    "(SELECT id FROM exportd.outbox WHERE state = 'waiting' AND next_try_at " condition            \
    " ORDER BY next_try_at LIMIT 1 FOR UPDATE SKIP LOCKED)"
#define FIRST_DUE   FIRST_WAITING("<= now()")
#define FIRST_STRAY FIRST_WAITING("> now() + $2::bigint * interval '1 second'")

/* Each part goes along the index of what waits and ends at its first row, however many wait; both
   in one condition would be read whole, with all that have waited since the last VACUUM. */
static const char claim_statement[] =
    "UPDATE exportd.outbox SET tries = tries + 1,"
    " next_try_at = now() + $1::bigint * interval '1 second'"
    " WHERE id = coalesce(" FIRST_DUE ", " FIRST_STRAY ")"
    " RETURNING id, data_export_id, message_id, recipient, mime, tries,"
    " CASE WHEN $3::boolean THEN " PG_UNSYNCED " END";

static const char sent_statement[] = "UPDATE exportd.outbox SET state = 'sent', message = NULL"
                                     " WHERE id = $1::bigint AND state = 'waiting'";

static bool note_sent_later(struct pg *pg, int64_t id, struct error *error)
{
    struct pg_params params = {.repeated = true};
    pg_bind_int(&params, id);
    return pg_later(pg, sent_statement, &params, error);
}

bool outbox_mail_claim(struct pg *pg, int64_t sent_id, int64_t hold_seconds,
                       int64_t longest_seconds, struct arena *arena, struct outbox_mail *mail,
                       bool *found, struct error *error)
{
    struct pg_params params = {.repeated = true};
    struct pg_result *result = NULL;
    pg_bind_int(&params, hold_seconds);
    pg_bind_int(&params, longest_seconds);
    pg_bind_text(&params, sent_id == 0 ? "t" : "f");
    *found = false;
    if ((sent_id != 0 && !note_sent_later(pg, sent_id, error)) ||
        !pg_query_alone(pg, claim_statement, &params, &result, error))
        return false;
    *found = pg_rows(result) > 0;
    bool done = !*found || copy_mail(result, arena, mail, error);
    pg_result_free(result);
    return done;
}

/* ---- what came of it ---- */

bool outbox_mail_sent(struct pg *pg, int64_t id, struct error *error)
{
    struct pg_params params = {.repeated = true};
    pg_bind_int(&params, id);
    return pg_execute(pg, sent_statement, &params, NULL, error);
}

/* $1 and $2 of the statements below. */
static void bind_try(struct pg_params *params, const struct outbox_mail *mail)
{
    pg_bind_int(params, mail->id);
    pg_bind_int(params, mail->tries);
}

#define WHERE_THIS_TRY " WHERE id = $1::bigint AND tries = $2::bigint AND state = 'waiting'"

bool outbox_mail_retry(struct pg *pg, const struct outbox_mail *mail, int64_t seconds,
                       const char *reason, struct error *error)
{
    struct pg_params params = {.count = 0};
    bind_try(&params, mail);
    pg_bind_int(&params, seconds);
    pg_bind_text(&params, reason);
    return pg_execute(pg,
                      "UPDATE exportd.outbox SET message = $4::text,"
                      " next_try_at = now() + $3::bigint * interval '1 second'" WHERE_THIS_TRY,
                      &params, NULL, error);
}

bool outbox_mail_give_up(struct pg *pg, const struct outbox_mail *mail, const char *reason,
                         struct error *error)
{
    struct pg_params params = {.count = 0};
    bind_try(&params, mail);
    pg_bind_text(&params, reason);
    return pg_execute(
        pg, "UPDATE exportd.outbox SET state = 'given-up', message = $3::text" WHERE_THIS_TRY,
        &params, NULL, error);
}

bool outbox_mail_count_waiting(struct pg *pg, int64_t *count, struct error *error)
{
    return pg_query_int(pg, "SELECT count(*) FROM exportd.outbox WHERE state = 'waiting'", NULL,
                        count, error);
}
