/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mailer claims a mail by setting its next_try_at to the end of the hold. While a mailer holds
 * it, no other finds it due. next_try_at and tries are the fence of the statements that follow.
 *
 * Tested by tests/unit/model/file_rows_test.c and tests/unit/mail/outbox_test.c.
 */
#include "model/outbox_mail.h"

#include "client/pg_columns.h"

enum { SEVERAL = 7 }; /* the mails that one claim of several takes, beside a stray one */

/* A replaced mail also gets a new id, so that a mailer that still holds the old mail does not
   change the new one. */
bool outbox_mail_insert_add(struct pg_batch *batch, const struct outbox_mail *mail,
                            struct error *error)
{
    struct pg_params params = {.repeated = true};
    pg_bind_int(&params, mail->data_export_id);
    pg_bind_text(&params, mail->message_id);
    pg_bind_text(&params, mail->recipient);
    pg_bind_text(&params, mail->mime);
    return pg_batch_add(
        batch,
        "INSERT INTO exportd.outbox AS mail (data_export_id, message_id, recipient,"
        " mime, tries, next_try_at, state)"
        " VALUES ($1::bigint, $2::text, $3::text, $4::text, 0, now(), 'waiting')"
        " ON CONFLICT (data_export_id) DO UPDATE SET id = excluded.id,"
        " message_id = excluded.message_id, recipient = excluded.recipient,"
        " mime = excluded.mime, tries = 0, next_try_at = now(), first_try_at = NULL,"
        " perhaps_sent = 0, state = 'waiting', message = NULL",
        &params, error);
}

/* The ids of waiting mails, locked. DUE are those whose time has come. STRAY is one that would be
   due later than any mail ever is ($2 seconds): the server's clock was set back. */
#define WAITING(condition, limit)                                                                  \
    "ARRAY(SELECT id FROM exportd.outbox WHERE state = 'waiting' AND next_try_at " condition       \
    " ORDER BY next_try_at LIMIT " limit " FOR UPDATE SKIP LOCKED)"
#define DUE(limit) WAITING("<= now()", limit)
#define STRAY      WAITING("> now() + $2::bigint * interval '1 second'", "1")

/* What the mail is about, for the metrics. */
#define KIND                                                                                       \
    "coalesce((SELECT CASE export.state WHEN 'valid' THEN 'success' WHEN 'failed' THEN 'failure'"  \
    " END FROM exportd.export WHERE export.data_export_id = outbox.data_export_id), 'other')"

/* Each of the two parts reads the index of waiting mails and ends after its last row. One condition
   for both would read the whole index, with all entries since the last VACUUM. */
#define CLAIM(limit)                                                                               \
    "UPDATE exportd.outbox SET tries = tries + 1, first_try_at = coalesce(first_try_at, now()),"   \
    " next_try_at = now() + $1::bigint * interval '1 second'"                                      \
    " WHERE id = ANY (" DUE(                                                                       \
        limit) " || " STRAY ")"                                                                    \
               " RETURNING id, data_export_id, message_id, recipient, mime, tries,"                \
               " floor(extract(epoch FROM now() - first_try_at))::bigint, perhaps_sent, " PG_USEC( \
                   "next_try_at") ", " KIND ", " PG_UNSYNCED

/* The limit is not a parameter: without its value the server would plan the statement each time. */
static const char claim_one_statement[] = CLAIM("1");
static const char claim_several_statement[] = CLAIM("7"); /* SEVERAL */
_Static_assert(OUTBOX_MAILS_MAX >= SEVERAL + 1, "the mails that are due, and a stray one");

/* The texts stay in the result. */
static void read_mail(const struct pg_result *result, int row, struct outbox_mail *mail)
{
    *mail = (struct outbox_mail){
        .id = pg_int(result, row, 0),
        .data_export_id = pg_int(result, row, 1),
        .message_id = pg_text(result, row, 2),
        .recipient = pg_text(result, row, 3),
        .mime = pg_text(result, row, 4),
        .tries = pg_int(result, row, 5),
        .tried_for_seconds = pg_int(result, row, 6),
        .perhaps_sent = pg_int(result, row, 7),
        .held_until = pg_time(result, row, 8),
        .kind = pg_text(result, row, 9),
    };
    mail->mime_size = strlen(mail->mime);
}

bool outbox_mail_claim(struct pg *pg, const struct outbox_claim *claim, struct outbox_mails *mails,
                       struct error *error)
{
    struct pg_params params = {.repeated = true};
    *mails = (struct outbox_mails){.count = 0};
    pg_bind_int(&params, claim->hold_seconds);
    pg_bind_int(&params, claim->longest_seconds);
    if (!pg_query_alone(pg, claim->several ? claim_several_statement : claim_one_statement, &params,
                        &mails->texts, error))
        return false;
    for (; mails->count < (size_t)pg_rows(mails->texts); mails->count++)
        read_mail(mails->texts, (int)mails->count, &mails->list[mails->count]);
    mails->full = mails->count >= (claim->several ? SEVERAL : 1);
    return true;
}

void outbox_mails_free(struct outbox_mails *mails)
{
    pg_result_free(mails->texts);
    *mails = (struct outbox_mails){.count = 0};
}

/* ---- after the try ---- */

static bool add_sent(struct pg_batch *batch, int64_t id, struct error *error)
{
    struct pg_params params = {.repeated = true};
    pg_bind_int(&params, id);
    return pg_batch_add(batch,
                        "UPDATE exportd.outbox SET state = 'sent', message = NULL"
                        " WHERE id = $1::bigint",
                        &params, error);
}

/* A statement for each mail: one with an array of ids would be planned each time. */
bool outbox_mail_sent(struct pg *pg, const int64_t *ids, size_t count, struct error *error)
{
    struct pg_batch batch;
    bool done = true;
    _Static_assert((int)OUTBOX_MAILS_MAX <= (int)PG_BATCH_MAX, "all in one batch");
    pg_batch_init(&batch, pg);
    for (size_t i = 0; done && i < count; i++)
        done = add_sent(&batch, ids[i], error);
    done = done && pg_batch_run(&batch, error);
    pg_batch_free(&batch);
    if (!done)
        pg_rollback(pg);
    return done;
}

/* $1 to $3 of the statements below. */
static void bind_claim(struct pg_params *params, const struct outbox_mail *mail)
{
    pg_bind_int(params, mail->id);
    pg_bind_int(params, mail->tries);
    pg_bind_time(params, mail->held_until);
}

/* True only if the mail was not claimed again, held longer, or sent since. */
#define WHERE_THIS_CLAIM                                                                           \
    " WHERE id = $1::bigint AND tries = $2::bigint AND next_try_at = $3::timestamptz"              \
    " AND state = 'waiting'"

/* The first try no longer counts either, if this was it: first_try_at becomes NULL again. */
bool outbox_mail_give_back(struct pg *pg, const struct outbox_mail *mails, size_t count,
                           struct error *error)
{
    struct pg_columns columns;
    pg_columns_init(&columns, 2);
    for (size_t i = 0; i < count; i++) {
        pg_columns_add_int(&columns, mails[i].id);
        pg_columns_add_time(&columns, mails[i].held_until);
    }
    bool done = pg_columns_execute(&columns, pg,
                                   "UPDATE exportd.outbox AS mail SET tries = mail.tries - 1,"
                                   " next_try_at = now(), first_try_at ="
                                   " CASE WHEN mail.tries > 1 THEN mail.first_try_at END"
                                   " FROM unnest($1::bigint[], $2::timestamptz[])"
                                   " AS mine (id, held_until) WHERE mail.id = mine.id"
                                   " AND mail.next_try_at = mine.held_until AND state = 'waiting'",
                                   NULL, error);
    pg_columns_free(&columns);
    return done;
}

/* Sets the new end of the hold in *mail, too, because that is part of the fence. */
bool outbox_mail_hold(struct pg *pg, struct outbox_mail *mail, int64_t seconds, struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    bind_claim(&params, mail);
    pg_bind_int(&params, seconds);
    if (!pg_query(pg,
                  "UPDATE exportd.outbox SET next_try_at ="
                  " now() + $4::bigint * interval '1 second'" WHERE_THIS_CLAIM
                  " RETURNING " PG_USEC("next_try_at"),
                  &params, &result, error))
        return false;
    if (pg_rows(result) > 0)
        mail->held_until = pg_time(result, 0, 0);
    pg_result_free(result);
    return true;
}

bool outbox_mail_retry(struct pg *pg, const struct outbox_mail *mail, int64_t seconds,
                       const char *reason, struct error *error)
{
    struct pg_params params = {.count = 0};
    bind_claim(&params, mail);
    pg_bind_int(&params, seconds);
    pg_bind_text(&params, reason);
    pg_bind_int(&params, mail->perhaps_sent);
    return pg_execute(pg,
                      "UPDATE exportd.outbox SET message = $5::text, perhaps_sent = $6::bigint,"
                      " next_try_at = now() + $4::bigint * interval '1 second'" WHERE_THIS_CLAIM,
                      &params, NULL, error);
}

bool outbox_mail_give_up(struct pg *pg, const struct outbox_mail *mail, const char *reason,
                         struct error *error)
{
    struct pg_params params = {.count = 0};
    bind_claim(&params, mail);
    pg_bind_text(&params, reason);
    pg_bind_int(&params, mail->perhaps_sent);
    return pg_execute(pg,
                      "UPDATE exportd.outbox SET state = 'given-up', message = $4::text,"
                      " perhaps_sent = $5::bigint" WHERE_THIS_CLAIM,
                      &params, NULL, error);
}

bool outbox_mail_resend(struct pg *pg, int64_t data_export_id, bool *found, struct error *error)
{
    struct pg_params params = {.count = 0};
    int64_t changed = 0;
    pg_bind_int(&params, data_export_id);
    if (!pg_execute(pg,
                    "UPDATE exportd.outbox SET state = 'waiting', tries = 0, first_try_at = NULL,"
                    " perhaps_sent = 0, message = NULL, next_try_at = now()"
                    " WHERE data_export_id = $1::bigint",
                    &params, &changed, error))
        return false;
    *found = changed > 0;
    return true;
}

/* ---- list and count ---- */

static const char list_statement[] =
    "SELECT m.data_export_id, m.state, o.slug, m.recipient, m.message_id, m.tries, m.perhaps_sent,"
    " " PG_USEC("m.first_try_at") ", CASE WHEN m.state = 'waiting' THEN " PG_USEC(
        "m.next_try_at") " END, m.message FROM exportd.outbox m"
                         " LEFT JOIN exportd.export x ON x.data_export_id = m.data_export_id"
                         " LEFT JOIN sentry_organization o ON o.id = x.organization_id"
                         " WHERE m.data_export_id > $2::bigint"
                         " AND CASE WHEN $1::text IS NULL THEN m.state <> 'sent' ELSE m.state = "
                         "$1::text END"
                         " ORDER BY m.data_export_id LIMIT $3::bigint";

static bool put_mail(json_t *object, const struct pg_result *result, int row, struct error *error)
{
    return json_put_int(object, "id", pg_int(result, row, 0), error) &&
           json_put_text(object, "state", pg_text(result, row, 1), error) &&
           json_put_text(object, "organization", pg_text(result, row, 2), error) &&
           json_put_text(object, "recipient", pg_text(result, row, 3), error) &&
           json_put_text(object, "message_id", pg_text(result, row, 4), error) &&
           json_put_int(object, "tries", pg_int(result, row, 5), error) &&
           json_put_int(object, "perhaps_sent", pg_int(result, row, 6), error) &&
           json_put_time(object, "first_try_at", pg_time(result, row, 7), error) &&
           json_put_time(object, "next_try_at", pg_time(result, row, 8), error) &&
           json_put_text(object, "message", pg_text(result, row, 9), error);
}

static bool append_mail(json_t *list, const struct pg_result *result, int row, struct error *error)
{
    json_t *object = json_object();
    bool done = (object != NULL && json_array_append(list, object) == 0) || error_no_memory(error);
    done = done && put_mail(object, result, row, error);
    json_decref(object);
    return done;
}

bool outbox_mail_list(struct pg *pg, const struct outbox_filter *filter, json_t **mails,
                      struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_text(&params, filter->state);
    pg_bind_int(&params, filter->after);
    pg_bind_int(&params, filter->max);
    if (!pg_query(pg, list_statement, &params, &result, error))
        return false;
    *mails = json_array();
    bool done = *mails != NULL || error_no_memory(error);
    for (int row = 0; done && row < pg_rows(result); row++)
        done = append_mail(*mails, result, row, error);
    if (!done) {
        json_decref(*mails);
        *mails = NULL;
    }
    pg_result_free(result);
    return done;
}

/* A mail that is given up keeps the next_try_at of its last try: when its hold would have ended. */
bool outbox_mail_count_given_up(struct pg *pg, int64_t *count, struct error *error)
{
    return pg_query_int(pg,
                        "SELECT count(*) FROM exportd.outbox WHERE state = 'given-up'"
                        " AND next_try_at > clock_timestamp() - interval '7 days'",
                        NULL, count, error);
}

bool outbox_mail_count_waiting(struct pg *pg, int64_t *count, struct error *error)
{
    return pg_query_int(pg, "SELECT count(*) FROM exportd.outbox WHERE state = 'waiting'", NULL,
                        count, error);
}
