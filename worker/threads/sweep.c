/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/threads/sweep.h"

#include "base/fault.h"
#include "base/text.h"
#include "job/claim.h"
#include "job/queue_find.h"
#include "job/unfinished.h"

#define SWEEP_ROWS_MAX   INT64_C(100000) /* the rest has its turn when these have their messages */
#define SWEEP_MEMORY_MAX ((size_t)64 << 20)

/* One sweep. */
struct round {
    struct worker_context *context;
    struct watch *watch;
    struct pg *pg;
    struct redis *redis;
    struct arena *arena;
    int64_t interval_ms;
    struct unfinished *rows;
    size_t count;
    struct buffer names; /* of what is missing: "<id>:<attempt> " each */
    int64_t pushed;
};

#define NAME_MAX_SIZE 48

/* An attempt is part of the name: a job that was claimed meanwhile is another matter. */
static void name_of(const struct unfinished *row, char name[NAME_MAX_SIZE])
{
    (void)snprintf(name, NAME_MAX_SIZE, "%" PRId64 ":%" PRId64, row->data_export_id, row->attempt);
}

/* A job in a thread's hands writes its progress every second, or waits for something; if that takes
   longer than EXPORTD_STUCK_SECONDS, and two questions to a Snuba, the watchdog ends the worker. A
   worker that lives, and whose job has been silent for longer, does not run it: the database has
   forgotten an outcome, behind a failover. */
static bool is_abandoned(const struct round *round, const struct unfinished *row)
{
    return row->silent_ms >= 3 * 1000 * round->context->config->stuck_seconds;
}

/* Whether the worker is on the list of workers; and we are alive, even if Redis has forgotten us.
 */
static bool is_known(const struct round *round, const char *worker, bool *known,
                     struct error *error)
{
    *known = text_equal(worker, round->context->name);
    return *known || queue_is_registered(round->context->queue, round->redis, worker, known, error);
}

/* Whether a worker takes care of it: one that makes progress, wherever it may beat; or one that is
   on the list: if it is silent, it is the rescue's matter. */
static bool has_worker(const struct round *round, const struct unfinished *row, bool *cared_for,
                       struct error *error)
{
    /* below 0: the server's clock was set back */
    *cared_for = row->worker != NULL && row->silent_ms >= 0 && row->silent_ms < round->interval_ms;
    if (row->worker == NULL || *cared_for)
        return true;
    if (!is_known(round, row->worker, cared_for, error))
        return false;
    *cared_for = *cared_for && !is_abandoned(round, row);
    return true;
}

static bool note_missing(struct round *round, const struct id_set *found, struct error *error)
{
    for (size_t i = 0; i < round->count; i++) {
        char name[NAME_MAX_SIZE];
        bool cared_for = false;
        const struct unfinished *row = &round->rows[i];
        if (id_set_has(found, row->data_export_id))
            continue;
        watch_seen(round->watch);
        if (!has_worker(round, row, &cared_for, error))
            return false;
        name_of(row, name);
        if (!cared_for && !buffer_printf(&round->names, error, "%s ", name))
            return false;
    }
    return true;
}

/* Rows first, then messages: a message that comes in between is found. */
static bool look(struct round *round, struct error *error)
{
    struct id_set *found = NULL;
    if (!unfinished_list(round->pg, round->context->config->queue, SWEEP_ROWS_MAX, round->arena,
                         &round->rows, &round->count, error))
        return false;
    if (round->count == 0)
        return true;
    watch_seen(round->watch);
    bool done = queue_find_ids(round->context->queue, round->redis, false, &found, error) &&
                note_missing(round, found, error);
    id_set_free(found);
    return done;
}

/* Takes the jobs of a worker that is lost from it. *free is false while a transaction still holds
   its rows. */
static bool rescue_all(const struct round *round, const struct unfinished *row, bool *free,
                       struct error *error)
{
    int64_t jobs = 0;
    int64_t busy = 0;
    if (!claim_rescue(round->pg, row->worker, &jobs, &busy, error))
        return false;
    *free = busy == 0;
    if (busy > 0)
        LOG(LOG_WARNING, "worker.rescue-waits", log_text("worker", row->worker),
            log_int("busy", busy));
    else if (jobs > 0)
        LOG(LOG_WARNING, "worker.rescued", log_text("worker", row->worker), log_int("jobs", jobs),
            log_int("messages", 0));
    return true;
}

/* Takes one job from a worker that lives and does not run it; else all from one that is lost. */
static bool release(const struct round *round, const struct unfinished *row, bool *free,
                    struct error *error)
{
    bool known = false;
    *free = true;
    if (row->worker == NULL)
        return true;
    if (!is_known(round, row->worker, &known, error))
        return false;
    if (!known)
        return rescue_all(round, row, free, error);
    *free = false; /* unless it is abandoned: the worker is back on the list */
    return !is_abandoned(round, row) || unfinished_release(round->pg, row, free, error);
}

/* Postgres first, as in every rescue: when the message arrives, the row waits for it. */
static bool bring_back(struct round *round, const struct unfinished *row, struct error *error)
{
    bool free = false;
    watch_seen(round->watch);
    if (!release(round, row, &free, error))
        return false;
    if (!free)
        return true; /* the next sweep looks again */
    round->pushed++;
    LOG(LOG_DEBUG, "queue.message-made", log_int("data_export_id", row->data_export_id));
    return FAULT("sweep_push", error) &&
           queue_push_export(round->context->queue, round->redis, row->data_export_id, row->limit,
                             row->environment_id, error);
}

/* Both lists are in the order of the rows. */
static bool bring_back_late(struct round *round, const json_t *late, struct error *error)
{
    size_t next = 0;
    for (size_t i = 0; i < round->count && next < json_array_size(late); i++) {
        char name[NAME_MAX_SIZE];
        name_of(&round->rows[i], name);
        if (!text_equal(name, json_string_value(json_array_get(late, next))))
            continue;
        next++;
        if (!bring_back(round, &round->rows[i], error))
            return false;
    }
    return true;
}

static bool run(struct round *round, struct error *error)
{
    json_t *late = NULL;
    if (!look(round, error) || !queue_sweep_note(round->context->queue, round->redis,
                                                 round->interval_ms, &round->names, &late, error))
        return false;
    bool done = bring_back_late(round, late, error);
    if (round->pushed > 0)
        LOG(LOG_WARNING, "queue.swept", log_int("count", round->pushed));
    json_decref(late);
    return done;
}

bool sweep(struct worker_context *context, struct watch *watch, struct pg *pg, struct redis *redis,
           struct error *error)
{
    bool ours = false;
    struct round round = {.context = context,
                          .watch = watch,
                          .pg = pg,
                          .redis = redis,
                          .interval_ms = context->config->sweep_seconds * 1000};
    if (!queue_sweep_turn(context->queue, redis, round.interval_ms, &ours, error))
        return false;
    if (!ours)
        return true;
    round.arena = arena_new(SWEEP_MEMORY_MAX);
    if (round.arena == NULL)
        return error_no_memory(error);
    buffer_init(&round.names, (size_t)SWEEP_ROWS_MAX * NAME_MAX_SIZE);
    bool done = run(&round, error);
    buffer_free(&round.names);
    arena_free(round.arena);
    return done;
}
