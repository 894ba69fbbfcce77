/* SPDX-License-Identifier: Apache-2.0 */
#include "job/takeover.h"

#include "base/fault.h"
#include "base/text.h"
#include "job/old_queue.h"
#include "job/queue.h"

/* ---- is it due? ---- */

static bool query_bool(const struct takeover *takeover, const char *sql,
                       const struct pg_params *params, bool *answer, struct error *error)
{
    struct pg_result *result = NULL;
    if (!pg_query(takeover->pg, sql, params, &result, error))
        return false;
    *answer = text_equal(pg_text(result, 0, 0), "t");
    pg_result_free(result);
    return true;
}

/* A database of 0.1.0 has exportd.export, but no exportd.queue. */
bool takeover_is_due(const struct takeover *takeover, bool *due, struct error *error)
{
    struct pg_params params = {.count = 0};
    bool has_queue = false;
    pg_bind_text(&params, takeover->queue);
    if (!query_bool(takeover, "SELECT to_regclass('exportd.queue') IS NOT NULL", NULL, &has_queue,
                    error))
        return false;
    return has_queue ? query_bool(takeover,
                                  "SELECT NOT EXISTS (SELECT FROM exportd.queue"
                                  " WHERE name = $1::text AND taken_over)",
                                  &params, due, error)
                     : query_bool(takeover, "SELECT to_regclass('exportd.export') IS NOT NULL",
                                  NULL, due, error);
}

static struct old_queue old_queue_of(const struct takeover *takeover)
{
    return (struct old_queue){.redis = takeover->redis, .lists = takeover->lists};
}

bool takeover_check_workers(const struct takeover *takeover, int64_t lease_seconds,
                            struct error *error)
{
    const struct old_queue queue = old_queue_of(takeover);
    bool has = false;
    return old_queue_has_worker(&queue, lease_seconds, &has, error) &&
           (!has || error_set(error, ERROR_CONFLICT,
                              "a worker of 0.1.0 still runs, or has died within the last "
                              "%" PRId64 " s: stop it first",
                              lease_seconds));
}

/* ---- transactions ---- */

/* Makes the row of the queue and locks it: a second takeover waits, and so adds nothing twice. The
   isolation level does not depend on the settings of role or database, as in schema/migration.c. */
static bool begin_takeover(const struct takeover *takeover, struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_text(&params, takeover->queue);
    return pg_begin(takeover->pg, error) &&
           pg_script(takeover->pg, "SET TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE",
                     error) &&
           pg_execute(takeover->pg,
                      "INSERT INTO exportd.queue (name) VALUES ($1::text)"
                      " ON CONFLICT (name) DO UPDATE SET name = EXCLUDED.name",
                      &params, NULL, error);
}

/* Commits the transaction if all its statements were done, else rolls it back. */
static bool end_transaction(const struct takeover *takeover, bool done, struct error *error)
{
    if (done && pg_commit(takeover->pg, error))
        return true;
    pg_rollback(takeover->pg);
    return false;
}

static bool set_taken_over(const struct takeover *takeover, struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_text(&params, takeover->queue);
    return pg_execute(takeover->pg,
                      "UPDATE exportd.queue SET taken_over = true WHERE name = $1::text", &params,
                      NULL, error);
}

bool takeover_end(const struct takeover *takeover, struct error *error)
{
    bool done = begin_takeover(takeover, error) && set_taken_over(takeover, error);
    return end_transaction(takeover, done, error);
}

/* ---- moving to PostgreSQL ---- */

/* Names the queue in unfinished rows without one, and in rows whose queue's name contains the
   prefix, which 0.1.0 did not know as a setting of its own. */
static bool set_queue(const struct takeover *takeover, struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_text(&params, takeover->queue);
    pg_bind_text(&params, intake_lists_queue(takeover->lists));
    return pg_execute(takeover->pg,
                      "UPDATE exportd.export SET queue = $1::text"
                      " WHERE state IN ('waiting', 'running', 'delayed')"
                      " AND (queue IS NULL OR queue = $2::text AND queue <> $1::text)",
                      &params, NULL, error);
}

static bool adopt_rows(const struct takeover *takeover, struct error *error)
{
    bool done = begin_takeover(takeover, error) && set_queue(takeover, error);
    return end_transaction(takeover, done, error);
}

static bool copy_pause(const struct takeover *takeover, const struct old_queue *queue, bool *paused,
                       struct error *error)
{
    if (!old_queue_is_paused(queue, paused, error))
        return false;
    if (!*paused)
        return true;
    bool done =
        begin_takeover(takeover, error) && queue_pause(takeover->pg, takeover->queue, true, error);
    return end_transaction(takeover, done, error);
}

static bool add_dead(const struct takeover *takeover, const struct redis_reply *entry,
                     struct error *error)
{
    struct dead_message dead;
    if (!old_queue_parse_dead(entry, &dead, error))
        return false;
    dead.queue = takeover->queue;
    return dead_add(takeover->pg, &dead, error);
}

static bool store_dead(const struct takeover *takeover, const struct redis_reply *entries,
                       struct error *error)
{
    bool done = begin_takeover(takeover, error);
    for (size_t i = 0; done && i < redis_count(entries); i++)
        done = add_dead(takeover, redis_item(entries, i), error);
    return end_transaction(takeover, done, error);
}

/* Stores the dead messages in PostgreSQL and then removes them from Redis, a page at a time. */
static bool move_dead(const struct takeover *takeover, const struct old_queue *queue,
                      int64_t *count, struct error *error)
{
    bool done = true;
    size_t moved = 1;
    while (done && moved > 0) {
        struct redis_reply *entries = NULL;
        if (!old_queue_read_dead(queue, &entries, error))
            return false;
        moved = redis_count(entries);
        done =
            moved == 0 || (store_dead(takeover, entries, error) && FAULT("takeover_dead", error) &&
                           old_queue_remove_dead(queue, entries, error));
        *count += (int64_t)moved;
        redis_reply_free(entries);
    }
    return done;
}

bool takeover_queue(const struct takeover *takeover, struct takeover_count *count,
                    struct error *error)
{
    const struct old_queue queue = old_queue_of(takeover);
    *count = (struct takeover_count){.paused = false};
    if (!adopt_rows(takeover, error))
        return false;
    return takeover->redis == NULL ||
           (move_dead(takeover, &queue, &count->dead, error) &&
            copy_pause(takeover, &queue, &count->paused, error) &&
            old_queue_give_back_delayed(&queue, &count->delayed, error) &&
            old_queue_give_back_work(&queue, &count->in_work, error) &&
            FAULT("takeover_keys", error) && old_queue_remove(&queue, error) &&
            takeover_end(takeover, error));
}
