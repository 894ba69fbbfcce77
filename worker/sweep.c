#include "worker/sweep.h"

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

/* Whether a worker takes care of it: one that is on the list, be it silent, is the rescue's matter;
   and we are alive, even if Redis has forgotten us. */
static bool has_worker(const struct round *round, const struct unfinished *row, bool *cared_for,
                       struct error *error)
{
    *cared_for = row->worker != NULL && text_equal(row->worker, round->context->name);
    return row->worker == NULL || *cared_for ||
           queue_is_registered(round->context->queue, round->redis, row->worker, cared_for, error);
}

static bool note_missing(struct round *round, const struct id_set *found, struct error *error)
{
    for (size_t i = 0; i < round->count; i++) {
        char name[NAME_MAX_SIZE];
        bool cared_for = false;
        const struct unfinished *row = &round->rows[i];
        if (id_set_has(found, row->data_export_id))
            continue;
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
    if (!unfinished_list(round->pg, 0, SWEEP_ROWS_MAX, round->arena, &round->rows, &round->count,
                         error))
        return false;
    if (round->count == 0)
        return true;
    bool done = queue_find_ids(round->context->queue, round->redis, false, &found, error) &&
                note_missing(round, found, error);
    id_set_free(found);
    return done;
}

/* Postgres first, as in every rescue: when the message arrives, the row waits for it. */
static bool bring_back(struct round *round, const struct unfinished *row, struct error *error)
{
    int64_t jobs = 0;
    int64_t busy = 0;
    if (row->worker != NULL && !claim_rescue(round->pg, row->worker, &jobs, &busy, error))
        return false;
    if (busy > 0) { /* a transaction still holds its rows: the next sweep */
        LOG(LOG_WARNING, "worker.rescue-waits", log_text("worker", row->worker),
            log_int("busy", busy));
        return true;
    }
    if (jobs > 0)
        LOG(LOG_WARNING, "worker.rescued", log_text("worker", row->worker), log_int("jobs", jobs),
            log_int("messages", 0));
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

bool sweep(struct worker_context *context, struct pg *pg, struct redis *redis, struct error *error)
{
    bool ours = false;
    struct round round = {.context = context,
                          .pg = pg,
                          .redis = redis,
                          .interval_ms = context->config->sweep_seconds * 1000};
    if (!queue_sweep_turn(context->queue, redis, round.interval_ms, &ours, error))
        return false;
    if (!ours)
        return true;
    round.arena = arena_new(SWEEP_MEMORY_MAX);
    if (round.arena == NULL)
        return error_set(error, ERROR_AWAY, "no memory");
    buffer_init(&round.names, (size_t)SWEEP_ROWS_MAX * NAME_MAX_SIZE);
    bool done = run(&round, error);
    buffer_free(&round.names);
    arena_free(round.arena);
    return done;
}
