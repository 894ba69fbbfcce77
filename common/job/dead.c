/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An entry is pending while its retry_until is set, and dead once that is NULL. Each entry that is
 * retried has a transaction of its own, which enqueues its job and deletes the entry: a failure
 * leaves the other entries untouched.
 */
#include "job/dead.h"

#include "base/embedded.h"
#include "base/log.h"
#include "base/text.h"
#include "client/pg_json.h"
#include "job/enqueue.h"
#include "wire/base64.h"
#include "wire/clean_text.h"

enum {
    SHOWN_BYTES = 2000,
    AT_ONCE = 100,
    PATIENCE_SECONDS = 10, /* a row is committed within seconds after its message, or never */
};

/* Logs that a message is dead; data_export_id 0: it names no export. */
static void log_dead(int64_t data_export_id, const char *reason)
{
    if (data_export_id != 0)
        LOG(LOG_ERROR, "queue.dead", log_int("data_export_id", data_export_id),
            log_text("reason", reason));
    else
        LOG(LOG_ERROR, "queue.dead", log_text("reason", reason));
}

/* ---- adding ---- */

static bool insert_dead(struct pg *pg, const struct dead_message *message, const char *reason,
                        struct error *error)
{
    const struct buffer bytes = {.data = (char *)(uintptr_t)message->bytes, .size = message->size};
    struct pg_params params = {.count = 0};
    pg_bind_text(&params, message->queue);
    pg_bind_binary(&params, &bytes);
    pg_bind_text(&params, message->worker);
    pg_bind_int(&params, message->priority);
    pg_bind_int(&params, message->data_export_id);
    pg_bind_text(&params, reason);
    pg_bind_bool(&params, message->pending);
    pg_bind_time(&params, message->date_added == 0 ? USEC_NONE : message->date_added);
    pg_bind_int(&params, PATIENCE_SECONDS);
    return pg_execute(pg, embedded_text(embedded_job_statements, "dead_add.sql"), &params, NULL,
                      error);
}

bool dead_add(struct pg *pg, const struct dead_message *message, struct error *error)
{
    struct buffer reason;
    buffer_init(&reason, (size_t)3 * ERROR_MESSAGE_MAX); /* U+FFFD has three bytes */
    bool done = clean_text(message->reason, strlen(message->reason), &reason, error) &&
                insert_dead(pg, message, reason.data, error);
    if (done && !message->pending && message->date_added == 0)
        log_dead(message->data_export_id, reason.data);
    buffer_free(&reason);
    return done;
}

/* ---- trying again ---- */

static bool error_no_entry(const char *entry, struct error *error)
{
    return error_set(error, ERROR_NOT_FOUND, "the dead list has no entry %.60s", entry);
}

/* Locks the entry; *job is the job that its message asks for. */
static bool read_job(struct pg *pg, const char *queue, int64_t id, struct enqueue_job *job,
                     struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    struct job_message message;
    struct buffer bytes;
    pg_bind_text(&params, queue);
    pg_bind_int(&params, id);
    if (!pg_query(pg,
                  "SELECT encode(message, 'base64'), priority FROM exportd.dead"
                  " WHERE queue = $1::text AND id = $2::bigint FOR UPDATE",
                  &params, &result, error))
        return false;
    buffer_init(&bytes, JOB_MESSAGE_MAX);
    const char *text = pg_rows(result) == 1 ? pg_text(result, 0, 0) : NULL;
    bool done = text != NULL ||
                error_set(error, ERROR_NOT_FOUND, "the dead list has no entry %" PRId64, id);
    done = done && base64_decode(text, strlen(text), &bytes, error) &&
           job_message_parse(bytes.data, bytes.size, &message, error);
    if (done)
        *job = enqueue_job_from(&message, pg_int(result, 0, 1));
    buffer_free(&bytes);
    pg_result_free(result);
    return done;
}

/* Puts the job into the queue. ERROR_NOT_FOUND: it still has no row. */
static bool enqueue_job(struct pg *pg, const char *queue, struct enqueue_job *job,
                        struct error *error)
{
    const struct enqueue enqueue = {.queue = queue, .source = "celery", .jobs = job, .count = 1};
    return enqueue_jobs(pg, &enqueue, error) &&
           (job->result != ENQUEUE_NO_ROW || error_set(error, ERROR_NOT_FOUND, DEAD_NO_ROW));
}

static bool delete_entry(struct pg *pg, const char *queue, int64_t id, int64_t *deleted,
                         struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_text(&params, queue);
    pg_bind_int(&params, id);
    return pg_execute(pg, "DELETE FROM exportd.dead WHERE queue = $1::text AND id = $2::bigint",
                      &params, deleted, error);
}

/* Enqueues the entry's job and deletes the entry. *refused: each further try would fail in the same
   way. */
static bool retry_entry(struct pg *pg, const char *queue, int64_t id, bool *refused,
                        struct error *error)
{
    struct enqueue_job job;
    *refused = false;
    if (pg_begin(pg, error) && read_job(pg, queue, id, &job, error) &&
        enqueue_job(pg, queue, &job, error) && delete_entry(pg, queue, id, NULL, error) &&
        pg_commit(pg, error))
        return true;
    *refused = enqueue_is_refused(pg, error) || error->code == ERROR_TOO_LARGE;
    pg_rollback(pg);
    return false;
}

bool dead_retry(struct pg *pg, const char *queue, const char *entry, struct error *error)
{
    int64_t id = 0;
    bool refused = false;
    return (text_to_int64(entry, 1, INT64_MAX, &id) || error_no_entry(entry, error)) &&
           retry_entry(pg, queue, id, &refused, error);
}

/* Lists the next AT_ONCE dead entries with ids above `after`. */
static bool list_after(struct pg *pg, const char *queue, int64_t after, struct pg_result **ids,
                       struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_text(&params, queue);
    pg_bind_int(&params, after);
    pg_bind_int(&params, AT_ONCE);
    return pg_query(pg,
                    "SELECT id FROM exportd.dead WHERE queue = $1::text AND retry_until IS NULL"
                    " AND id > $2::bigint ORDER BY id LIMIT $3::bigint",
                    &params, ids, error);
}

/* Retries each listed entry; fails only if PostgreSQL fails. */
static bool retry_page(struct pg *pg, const char *queue, const struct pg_result *ids,
                       struct dead_retried *retried, struct error *error)
{
    for (int row = 0; row < pg_rows(ids); row++) {
        bool refused = false;
        if (retry_entry(pg, queue, pg_int(ids, row, 0), &refused, error))
            retried->enqueued++;
        else if (refused || error->code == ERROR_NOT_FOUND)
            retried->left++;
        else
            return false;
    }
    return true;
}

/* Goes through the list page by page. Entries that stay are not tried again, because each page
   begins after the last id of the one before. */
bool dead_retry_all(struct pg *pg, const char *queue, struct dead_retried *retried,
                    struct error *error)
{
    int64_t after = 0;
    int count = AT_ONCE;
    *retried = (struct dead_retried){.enqueued = 0};
    while (count == AT_ONCE) {
        struct pg_result *ids = NULL;
        if (!list_after(pg, queue, after, &ids, error))
            return false;
        count = pg_rows(ids);
        if (count > 0)
            after = pg_int(ids, count - 1, 0);
        bool done = retry_page(pg, queue, ids, retried, error);
        pg_result_free(ids);
        if (!done)
            return false;
    }
    return true;
}

/* ---- pending messages ---- */

/* Whether the row of the entry d has arrived. */
#define HAS_ROW "EXISTS (SELECT FROM sentry_exporteddata e WHERE e.id = d.data_export_id)"

/* Lists pending entries whose row has arrived. */
static bool list_arrived(struct pg *pg, const char *queue, struct pg_result **ids,
                         struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_text(&params, queue);
    pg_bind_int(&params, AT_ONCE);
    return pg_query(pg,
                    "SELECT d.id FROM exportd.dead d WHERE d.queue = $1::text"
                    " AND d.retry_until IS NOT NULL AND " HAS_ROW " ORDER BY d.id LIMIT $2::bigint",
                    &params, ids, error);
}

/* The entry becomes dead. */
static bool end_pending(struct pg *pg, int64_t id, const char *reason, struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_int(&params, id);
    pg_bind_text(&params, reason);
    return pg_execute(pg,
                      "UPDATE exportd.dead SET retry_until = NULL, reason = $2::text"
                      " WHERE id = $1::bigint",
                      &params, NULL, error);
}

/* Enqueues an entry whose row has arrived; if its data is refused, the entry becomes dead. */
static bool retry_arrived(struct pg *pg, const char *queue, int64_t id, int64_t *enqueued,
                          struct error *error)
{
    bool refused = false;
    if (retry_entry(pg, queue, id, &refused, error)) {
        ++*enqueued;
        return true;
    }
    if (!refused)
        return error->code == ERROR_NOT_FOUND; /* the row was deleted since: the entry waits on */
    struct error why = *error;
    log_dead(0, why.message);
    return end_pending(pg, id, why.message, error);
}

/* An entry that would wait for longer than any entry can was added before the server's clock was
   set back: its time starts again. */
static bool limit_waiting(struct pg *pg, const char *queue, struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_text(&params, queue);
    pg_bind_int(&params, PATIENCE_SECONDS);
    return pg_execute(pg,
                      "UPDATE exportd.dead"
                      " SET retry_until = clock_timestamp() + $2::bigint * interval '1 second'"
                      " WHERE queue = $1::text"
                      " AND retry_until > clock_timestamp() + 2 * $2::bigint * interval '1 second'",
                      &params, NULL, error);
}

/* Pending entries whose time is over become dead. */
static bool end_waiting(struct pg *pg, const char *queue, struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *ended = NULL;
    pg_bind_text(&params, queue);
    if (!pg_query(pg,
                  "UPDATE exportd.dead d SET retry_until = NULL WHERE d.queue = $1::text"
                  " AND d.retry_until < clock_timestamp() AND NOT " HAS_ROW
                  " RETURNING d.data_export_id, d.reason",
                  &params, &ended, error))
        return false;
    for (int row = 0; row < pg_rows(ended); row++)
        log_dead(pg_int(ended, row, 0), pg_text(ended, row, 1));
    pg_result_free(ended);
    return true;
}

bool dead_retry_pending(struct pg *pg, const char *queue, int64_t *enqueued, struct error *error)
{
    struct pg_result *ids = NULL;
    *enqueued = 0;
    bool done = list_arrived(pg, queue, &ids, error);
    for (int row = 0; done && row < pg_rows(ids); row++)
        done = retry_arrived(pg, queue, pg_int(ids, row, 0), enqueued, error);
    pg_result_free(ids);
    return done && limit_waiting(pg, queue, error) && end_waiting(pg, queue, error);
}

/* ---- showing ---- */

/* Adds the message, which is cut to SHOWN_BYTES, as clean text. */
static bool put_message(json_t *object, const char *base64, struct error *error)
{
    struct buffer bytes;
    struct buffer text;
    buffer_init(&bytes, SHOWN_BYTES);
    buffer_init(&text, (size_t)3 * SHOWN_BYTES);
    bool done = base64_decode(base64, strlen(base64), &bytes, error) &&
                clean_text(bytes.data, bytes.size, &text, error) &&
                json_put_text(object, "message", text.data, error);
    buffer_free(&bytes);
    buffer_free(&text);
    return done;
}

static bool put_entry(json_t *object, const struct pg_result *result, int row, struct error *error)
{
    return json_put_text(object, "id", pg_text(result, row, 0), error) &&
           json_put_time(object, "date_added", pg_time(result, row, 1), error) &&
           json_put_text(object, "reason", pg_text(result, row, 2), error) &&
           json_put_text(object, "worker", pg_text(result, row, 3), error) &&
           put_message(object, pg_text(result, row, 4), error);
}

static bool query_page(struct pg *pg, const struct dead_page *page, struct pg_result **result,
                       struct error *error)
{
    struct pg_params params = {.count = 0};
    int64_t after = 0;
    if (page->after[0] != '\0' && !text_to_int64(page->after, 1, INT64_MAX, &after))
        return error_no_entry(page->after, error);
    pg_bind_text(&params, page->queue);
    pg_bind_int(&params, after);
    pg_bind_int(&params, page->max);
    pg_bind_int(&params, SHOWN_BYTES);
    return pg_query(
        pg,
        "SELECT id, " PG_USEC(
            "date_added") ", reason, worker,"
                          " encode(substring(message FROM 1 FOR $4::integer), 'base64')"
                          " FROM exportd.dead WHERE queue = $1::text AND id > $2::bigint"
                          " AND retry_until IS NULL ORDER BY id LIMIT $3::bigint",
        &params, result, error);
}

bool dead_list(struct pg *pg, const struct dead_page *page, json_t **entries, struct error *error)
{
    struct pg_result *result = NULL;
    if (!query_page(pg, page, &result, error))
        return false;
    bool done = pg_json_list(result, put_entry, entries, error);
    pg_result_free(result);
    return done;
}

bool dead_drop(struct pg *pg, const char *queue, const char *entry, struct error *error)
{
    int64_t id = 0;
    int64_t deleted = 0;
    return (text_to_int64(entry, 1, INT64_MAX, &id) || error_no_entry(entry, error)) &&
           delete_entry(pg, queue, id, &deleted, error) &&
           (deleted == 1 || error_no_entry(entry, error));
}

bool dead_count(struct pg *pg, const char *queue, struct dead_count *count, struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_text(&params, queue);
    if (!pg_query(pg,
                  "SELECT count(*) FILTER (WHERE retry_until IS NULL), count(retry_until)"
                  " FROM exportd.dead WHERE queue = $1::text",
                  &params, &result, error))
        return false;
    count->dead = pg_int(result, 0, 0);
    count->pending = pg_int(result, 0, 1);
    pg_result_free(result);
    return true;
}
