/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A round takes up to 100 messages and commits them in one transaction; then they leave Redis.
 *
 * A message may kill the process that reads it, or be refused by PostgreSQL. So after a failed
 * transaction, and whenever this worker becomes the intake, the intake is careful: each message has
 * a transaction of its own, and is counted in exportd.intake_try by its SHA-1 before it is read.
 * The careful mode ends when exportd's lists in Redis are empty.
 */
#include "job/intake.h"

#include "base/fault.h"
#include "base/log.h"
#include "base/text.h"
#include "job/dead.h"
#include "job/enqueue.h"

enum { DEATHS_MAX = 3 };

/* Messages on their way into one transaction. */
struct batch {
    struct intake *intake;
    const struct intake_message *messages;
    size_t count;
    size_t job_count; /* messages that can be read */
    struct enqueue_job jobs[INTAKE_AT_ONCE];
    const struct intake_message *origins[INTAKE_AT_ONCE]; /* the message of each job */
    bool refused;                                         /* PostgreSQL refuses the data */
};

/* ---- the lease ---- */

/* An end that is further ahead than any lease lasts was set before the server's clock was set back:
   it counts as over. */
bool intake_lease(struct intake *intake, int64_t seconds, bool *ours, struct error *error)
{
    struct pg_params params = {.count = 0};
    int64_t affected = 0;
    pg_bind_text(&params, intake->queue);
    pg_bind_text(&params, intake->worker);
    pg_bind_int(&params, seconds);
    if (!pg_execute(intake->pg,
                    "INSERT INTO exportd.queue AS q (name, intake, intake_until) VALUES ($1::text,"
                    " $2::text, clock_timestamp() + $3::bigint * interval '1 second')"
                    " ON CONFLICT (name) DO UPDATE SET intake = EXCLUDED.intake,"
                    " intake_until = EXCLUDED.intake_until"
                    " WHERE q.intake IS NULL OR q.intake = EXCLUDED.intake"
                    " OR q.intake_until NOT BETWEEN clock_timestamp()"
                    " AND clock_timestamp() + 2 * $3::bigint * interval '1 second'",
                    &params, &affected, error))
        return false;
    *ours = affected == 1;
    if (*ours && !intake->ours) {
        intake->careful = true;
        intake->counted[0] = '\0';
    }
    intake->ours = *ours;
    return true;
}

bool intake_release(struct intake *intake, struct error *error)
{
    struct pg_params params = {.count = 0};
    intake->ours = false;
    pg_bind_text(&params, intake->queue);
    pg_bind_text(&params, intake->worker);
    return pg_execute(intake->pg,
                      "UPDATE exportd.queue SET intake = NULL, intake_until = NULL"
                      " WHERE name = $1::text AND intake = $2::text",
                      &params, NULL, error);
}

/* ---- one transaction ---- */

static bool add_dead(const struct intake *intake, const struct intake_message *message,
                     const char *reason, struct error *error)
{
    const struct dead_message dead = {
        .queue = intake->queue,
        .worker = intake->worker,
        .bytes = message->bytes,
        .size = message->size,
        .priority = message->priority,
        .reason = reason,
    };
    return dead_add(intake->pg, &dead, error);
}

/* Adds the message's job to the batch. A message that cannot be read goes to the dead list, with
   the parser's sentence as the reason. */
static bool read_message(struct batch *batch, const struct intake_message *message,
                         struct error *error)
{
    struct job_message read;
    struct error why;
    if (job_message_parse(message->bytes, message->size, &read, &why)) {
        if (read.unknown[0] != '\0')
            LOG(LOG_WARNING, "queue.unknown-argument",
                log_int("data_export_id", read.data_export_id), log_text("names", read.unknown));
        batch->jobs[batch->job_count] = enqueue_job_from(&read, message->priority);
        batch->origins[batch->job_count++] = message;
        return true;
    }
    if (why.code == ERROR_INVALID || why.code == ERROR_TOO_LARGE)
        return add_dead(batch->intake, message, why.message, error);
    *error = why;
    return false;
}

static bool enqueue_batch(struct batch *batch, struct error *error)
{
    const struct enqueue enqueue = {
        .queue = batch->intake->queue,
        .source = "celery",
        .jobs = batch->jobs,
        .count = batch->job_count,
    };
    return batch->job_count == 0 || enqueue_jobs(batch->intake->pg, &enqueue, error);
}

/* The job has no row yet: its message becomes pending, because the row may still be committed. */
static bool add_pending(const struct batch *batch, size_t job, struct error *error)
{
    const struct intake_message *message = batch->origins[job];
    const struct dead_message dead = {
        .queue = batch->intake->queue,
        .worker = batch->intake->worker,
        .bytes = message->bytes,
        .size = message->size,
        .priority = message->priority,
        .data_export_id = batch->jobs[job].data_export_id,
        .pending = true,
        .reason = DEAD_NO_ROW,
    };
    return dead_add(batch->intake->pg, &dead, error);
}

static bool forget_tries(const struct intake *intake, struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_text(&params, intake->counted);
    return pg_execute(intake->pg, "DELETE FROM exportd.intake_try WHERE sha1 = $1::text", &params,
                      NULL, error);
}

static bool fill_transaction(struct batch *batch, struct error *error)
{
    bool done = true;
    batch->job_count = 0;
    for (size_t i = 0; done && i < batch->count; i++)
        done = read_message(batch, &batch->messages[i], error);
    done = done && enqueue_batch(batch, error);
    for (size_t i = 0; done && i < batch->job_count; i++)
        if (batch->jobs[i].result == ENQUEUE_NO_ROW)
            done = add_pending(batch, i, error);
    return done && (!batch->intake->careful || forget_tries(batch->intake, error));
}

static bool commit_batch(struct batch *batch, struct error *error)
{
    struct pg *pg = batch->intake->pg;
    if (pg_begin(pg, error) && fill_transaction(batch, error) &&
        FAULT("before_intake_commit", error) && pg_commit(pg, error))
        return true;
    batch->refused = enqueue_is_refused(pg, error);
    pg_rollback(pg);
    return false;
}

/* ---- one message ---- */

/* Counts a message once per process: a process that tries again because PostgreSQL was away has not
   died. */
static bool count_try(struct intake *intake, const struct intake_message *message, int64_t *tries,
                      struct error *error)
{
    struct pg_params params = {.count = 0};
    char sha1[SHA1_HEX_SIZE];
    sha1_hex(message->bytes, message->size, sha1);
    pg_bind_text(&params, sha1);
    pg_bind_int(&params, text_equal(sha1, intake->counted) ? 0 : 1);
    if (!pg_query_int(intake->pg,
                      "INSERT INTO exportd.intake_try AS t (sha1, tries)"
                      " VALUES ($1::text, $2::integer) ON CONFLICT (sha1)"
                      " DO UPDATE SET tries = t.tries + $2::integer RETURNING tries",
                      &params, tries, error))
        return false;
    memcpy(intake->counted, sha1, sizeof(sha1));
    return true;
}

static bool bury_message(struct intake *intake, const struct intake_message *message,
                         const char *reason, struct error *error)
{
    if (pg_begin(intake->pg, error) && add_dead(intake, message, reason, error) &&
        forget_tries(intake, error) && pg_commit(intake->pg, error))
        return true;
    pg_rollback(intake->pg);
    return false;
}

/* Commits the first message of the batch, or buries it. */
static bool settle_one(struct batch *batch, struct error *error)
{
    struct intake *intake = batch->intake;
    int64_t tries = 0;
    batch->count = 1;
    if (!count_try(intake, batch->messages, &tries, error))
        return false;
    if (tries >= DEATHS_MAX)
        return bury_message(intake, batch->messages, "three intakes died with this message", error);
    if (commit_batch(batch, error))
        return true;
    struct error why = *error;
    return batch->refused && bury_message(intake, batch->messages, why.message, error);
}

/* ---- a round ---- */

/* A remnant begins with a line that describes the message; that line is the reason. */
static bool add_remnant(const struct intake *intake, const struct intake_message *remnant,
                        struct error *error)
{
    struct intake_message rest = *remnant;
    char reason[128];
    const char *end = memchr(remnant->bytes, '\n', remnant->size);
    if (end == NULL)
        return add_dead(intake, remnant, "no remnant of a message", error);
    (void)snprintf(reason, sizeof(reason), "%.*s", (int)(end - remnant->bytes), remnant->bytes);
    rest.bytes = end + 1;
    rest.size = remnant->size - (size_t)(rest.bytes - remnant->bytes);
    return add_dead(intake, &rest, reason, error);
}

static bool bury_remnants(struct intake *intake, const struct intake_taken *taken,
                          struct error *error)
{
    bool done = pg_begin(intake->pg, error);
    for (size_t i = 0; done && i < taken->cut_count; i++)
        done = add_remnant(intake, &taken->cut[i], error);
    if (done && pg_commit(intake->pg, error))
        return true;
    pg_rollback(intake->pg);
    return false;
}

/* Commits the messages all at once, or else the first one alone. *count: how many PostgreSQL has
   now, from the first one on. */
static bool settle_messages(struct intake *intake, const struct intake_taken *taken, size_t *count,
                            struct error *error)
{
    struct batch batch = {.intake = intake, .messages = taken->messages, .count = taken->count};
    intake->careful = intake->careful && taken->found;
    if (!intake->careful) {
        *count = taken->count;
        if (commit_batch(&batch, error))
            return true;
        intake->careful = true;
        if (!batch.refused)
            return false;
    }
    *count = 1;
    return settle_one(&batch, error);
}

/* Only for committed messages. If Redis fails, they stay there, so the intake becomes careful. */
static bool remove_messages(struct intake *intake, const struct intake_message *messages,
                            size_t count, struct error *error)
{
    intake->redis_failed = true;
    if (!intake_remove(intake->redis, messages, count, error)) {
        intake->careful = true;
        return false;
    }
    intake->redis_failed = false;
    return true;
}

/* Brings remnants and messages into PostgreSQL and removes them from Redis. */
static bool settle_taken(struct intake *intake, const struct intake_taken *taken, int64_t *count,
                         struct error *error)
{
    size_t settled = 0;
    intake->redis_failed = false;
    if (taken->cut_count > 0 && !(bury_remnants(intake, taken, error) &&
                                  remove_messages(intake, taken->cut, taken->cut_count, error)))
        return false;
    *count = (int64_t)taken->cut_count;
    if (taken->count == 0)
        return true;
    if (!settle_messages(intake, taken, &settled, error) || !FAULT("after_intake_commit", error) ||
        !remove_messages(intake, taken->messages, settled, error))
        return false;
    *count += (int64_t)settled;
    return true;
}

bool intake_round(struct intake *intake, int64_t *count, struct error *error)
{
    struct intake_taken taken = {.found = false};
    *count = 0;
    intake->redis_failed = true;
    bool done = intake_take(intake->lists, intake->redis, &taken, error) &&
                settle_taken(intake, &taken, count, error);
    intake_taken_free(&taken);
    return done;
}
