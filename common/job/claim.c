/* SPDX-License-Identifier: Apache-2.0 */
#include "job/claim.h"

#include "base/fault.h"
#include "base/text.h"
#include "job/state.h"

enum { CLAIM_ROUNDS = 3 };

/* What exportd.export says before the claim. */
struct known {
    bool exists;
    enum job_state state;
    int64_t date_added;
    bool mine; /* the worker who asks runs it */
};

/* ---- looking ---- */

static bool read_known(const struct claim_request *request, struct known *known,
                       struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    *known = (struct known){.exists = false};
    pg_bind_int(&params, request->message->data_export_id);
    pg_bind_text(&params, request->claimant->worker);
    if (!pg_query(request->pg,
                  "SELECT state, " PG_USEC(
                      "date_added") ", coalesce(worker = $2::text, false)::integer"
                                    " FROM exportd.export WHERE data_export_id = $1::bigint",
                  &params, &result, error))
        return false;
    bool done = true;
    if (pg_rows(result) == 1) {
        known->exists = true;
        known->date_added = pg_time(result, 0, 1);
        known->mine = pg_int(result, 0, 2) == 1;
        done = job_state_parse(pg_text(result, 0, 0), &known->state, error);
    }
    pg_result_free(result);
    return done;
}

/* Like exported_data_load, but a missing row is an answer, not an error. */
static bool load_row(const struct claim_request *request, struct exported_data *row, bool *exists,
                     struct error *error)
{
    *exists = exported_data_load(request->pg, request->message->data_export_id, request->arena, row,
                                 error);
    return *exists || error->code == ERROR_NOT_FOUND;
}

/* ---- jobs that need no worker ---- */

/* Ends a job whose row somebody else has deleted or finished, unless a worker runs it: that one
   finds out by itself. */
static bool settle(const struct claim_request *request, enum job_state state, const char *message,
                   struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_int(&params, request->message->data_export_id);
    pg_bind_text(&params, job_state_name(state));
    pg_bind_text(&params, message);
    pg_bind_bool(&params, request->claimant->again);
    pg_bind_text(&params, request->claimant->worker);
    return pg_execute(request->pg,
                      "UPDATE exportd.export SET state = $2::text, message = $3::text,"
                      " worker = NULL, next_try_at = NULL, finished_at = now()"
                      " WHERE data_export_id = $1::bigint AND (state IN ('waiting', 'delayed')"
                      " OR ($4::boolean AND state = 'running' AND worker = $5::text))",
                      &params, NULL, error);
}

static bool settle_missing(const struct claim_request *request, const struct known *known,
                           enum claim_result *result, struct error *error)
{
    if (!known->exists) {
        *result = CLAIM_NO_ROW;
        return true;
    }
    bool elsewhere = known->state == JOB_RUNNING && !(request->claimant->again && known->mine);
    *result = elsewhere ? CLAIM_RUNNING : CLAIM_FINISHED;
    return elsewhere || job_state_is_final(known->state) ||
           settle(request, JOB_GONE, "its sentry_exporteddata row was deleted", error);
}

/* ---- the claim itself ---- */

/* What the claim's statement answers with, when it has taken the job. */
static bool read_claim(const struct pg_result *result, struct arena *arena, struct claim *claim,
                       struct error *error)
{
    claim->attempt = pg_int(result, 0, 0);
    claim->failures = pg_int(result, 0, 1);
    claim->age_seconds = pg_int(result, 0, 2);
    return exported_data_copy(result, 4, arena, &claim->row, error);
}

/* Of two who claim at once, the second waits for the first one's row lock, finds the job running,
   and gets no row back. Attempts before this one that nobody ended: the claim's answer was lost, or
   the database was restored under them. */
static bool upsert(const struct claim_request *request, struct claim *claim, bool *taken,
                   struct error *error)
{
    const struct job_message *message = request->message;
    struct pg_params params = {.repeated = true};
    struct pg_result *result = NULL;
    pg_bind_int(&params, message->data_export_id);
    if (message->limit_kind == JOB_LIMIT_ROWS)
        pg_bind_int(&params, message->limit);
    else
        pg_bind_null(&params);
    if (message->environment_kind == JOB_ENVIRONMENT_ONE)
        pg_bind_int(&params, message->environment_id);
    else
        pg_bind_null(&params);
    pg_bind_text(&params, request->claimant->worker);
    pg_bind_bool(&params, request->claimant->again);
    pg_bind_text(&params, request->claimant->queue);
    if (!pg_query_alone(
            request->pg,
            "WITH taken AS ("
            "INSERT INTO exportd.export AS x (data_export_id, date_added, organization_id, user_id,"
            " query_type, query_info, \"limit\", environment_id, state, attempt, failures, worker,"
            " rows, bytes, pages, progress_at, first_claimed_at, queue)"
            " SELECT e.id, e.date_added, e.organization_id, e.user_id, e.query_type, e.query_info,"
            " $2::bigint, $3::bigint, 'running', 1, 0, $4::text, 0, 0, 0, now(), now(),"
            " $6::text"
            " FROM sentry_exporteddata e WHERE e.id = $1::bigint AND e.date_finished IS NULL"
            " ON CONFLICT (data_export_id) DO UPDATE SET"
            " date_added = EXCLUDED.date_added, organization_id = EXCLUDED.organization_id,"
            " user_id = EXCLUDED.user_id, query_type = EXCLUDED.query_type,"
            " query_info = EXCLUDED.query_info, \"limit\" = EXCLUDED.\"limit\","
            " environment_id = EXCLUDED.environment_id, state = 'running',"
            " attempt = x.attempt + 1, worker = EXCLUDED.worker,"
            " failures = CASE WHEN x.date_added = EXCLUDED.date_added THEN x.failures ELSE 0 END,"
            " message = CASE WHEN x.date_added = EXCLUDED.date_added THEN x.message END,"
            " first_claimed_at = coalesce(CASE WHEN x.date_added = EXCLUDED.date_added"
            " THEN x.first_claimed_at END, now()),"
            " next_try_at = NULL, rows = 0, bytes = 0, pages = 0, progress_at = now(),"
            " finished_at = NULL, queue = EXCLUDED.queue"
            " WHERE x.state IN ('waiting', 'delayed') OR x.date_added <> EXCLUDED.date_added"
            " OR ($5::boolean AND x.state = 'running' AND x.worker = EXCLUDED.worker)"
            " RETURNING data_export_id, attempt, failures, first_claimed_at),"
            " older AS (UPDATE exportd.attempt AS a SET ended_at = now(), outcome = 'lost',"
            " message = 'claimed anew' FROM taken WHERE a.data_export_id = taken.data_export_id"
            " AND a.attempt < taken.attempt AND a.ended_at IS NULL),"
            " started AS (INSERT INTO exportd.attempt (data_export_id, attempt, worker, started_at)"
            " SELECT data_export_id, attempt, $4::text, now() FROM taken)"
            " SELECT taken.attempt, taken.failures,"
            " extract(epoch FROM now() - taken.first_claimed_at)::bigint, " PG_UNSYNCED
            ", " EXPORTED_DATA_COLUMNS
            " FROM taken JOIN sentry_exporteddata AS row ON row.id = taken.data_export_id",
            &params, &result, error))
        return false;
    *taken = pg_rows(result) == 1;
    bool done = !*taken || read_claim(result, request->arena, claim, error);
    pg_result_free(result);
    return done;
}

/* ---- why there was nothing to claim ---- */

/* *claimable: nothing speaks against a claim. Else *result is the answer. */
static bool judge(const struct claim_request *request, struct claim *claim, bool *claimable,
                  enum claim_result *result, struct error *error)
{
    struct known known;
    bool exists = false;
    *claimable = false;
    if (!read_known(request, &known, error) || !load_row(request, &claim->row, &exists, error))
        return false;
    if (!exists)
        return settle_missing(request, &known, result, error);
    if (claim->row.date_finished != USEC_NONE) {
        *result = CLAIM_FINISHED;
        return settle(request, JOB_VALID, "finished by another program", error);
    }
    bool same = known.exists && known.date_added == claim->row.date_added;
    if (same && job_state_is_final(known.state))
        *result = CLAIM_FINISHED;
    else if (same && known.state == JOB_RUNNING && !(request->claimant->again && known.mine))
        *result = CLAIM_RUNNING;
    else
        *claimable = true;
    return true;
}

/* Asks only when the claim has taken nothing. When nothing speaks against a claim, the job has
   changed meanwhile: claim again. The claim is unsynced: one that PostgreSQL has forgotten in a
   crash of its own fails at its fence, which is the attempt and the worker. */
bool claim_job(const struct claim_request *request, enum claim_result *result, struct claim *claim,
               struct error *error)
{
    *claim = (struct claim){.data_export_id = request->message->data_export_id,
                            .worker = request->claimant->worker};
    for (int round = 0; round < CLAIM_ROUNDS; round++) {
        bool claimable = false;
        bool taken = false;
        if (!FAULT("before_claim", error) || !upsert(request, claim, &taken, error))
            return false;
        if (taken) {
            *result = CLAIM_TAKEN;
            return true;
        }
        if (!judge(request, claim, &claimable, result, error))
            return false;
        if (!claimable)
            return true;
    }
    return error_set(error, ERROR_CONFLICT, "the job changes hands while it is being claimed");
}

/* ---- while it runs ---- */

static bool lost(const struct claim *claim, struct error *error)
{
    return error_set(error, ERROR_LOST, "attempt %" PRId64 " has been taken from us",
                     claim->attempt);
}

bool claim_progress(struct pg *pg, const struct claim *claim, const struct job_progress *progress,
                    struct error *error)
{
    struct pg_params params = {.repeated = true};
    int64_t affected = 0;
    pg_bind_int(&params, claim->data_export_id);
    pg_bind_int(&params, claim->attempt);
    pg_bind_int(&params, progress->rows);
    pg_bind_int(&params, progress->bytes);
    pg_bind_int(&params, progress->pages);
    return pg_execute(pg,
                      "UPDATE exportd.export SET rows = $3::bigint, bytes = $4::bigint,"
                      " pages = $5::bigint, progress_at = now()"
                      " WHERE data_export_id = $1::bigint AND attempt = $2::bigint"
                      " AND state = 'running'",
                      &params, &affected, error) &&
           (affected == 1 || lost(claim, error));
}

/* ---- the outcome ---- */

static const char end_statement[] =
    "WITH passed AS ("
    "UPDATE exportd.export SET state = $4::text, worker = NULL,"
    " failures = failures + $5::integer,"
    " next_try_at = now() + $6::bigint * interval '1 millisecond',"
    " rows = $7::bigint, bytes = $8::bigint, pages = $9::bigint,"
    " progress_at = now(), message = $10::text,"
    " finished_at = CASE WHEN $4::text IN ('valid', 'failed', 'gone') THEN now() END"
    " WHERE data_export_id = $1::bigint AND attempt = $2::bigint"
    " AND state = 'running' AND worker = $3::text"
    " RETURNING data_export_id, attempt),"
    " ended AS (UPDATE exportd.attempt AS a SET ended_at = now(),"
    " outcome = $11::text, message = $10::text FROM passed"
    " WHERE a.data_export_id = passed.data_export_id AND a.attempt = passed.attempt)"
    " SELECT count(*) FROM passed";

bool claim_end_add(struct pg_batch *batch, const struct claim *claim, const struct claim_end *end,
                   struct error *error)
{
    struct pg_params params = {.repeated = true};
    pg_bind_int(&params, claim->data_export_id);
    pg_bind_int(&params, claim->attempt);
    pg_bind_text(&params, claim->worker);
    pg_bind_text(&params, end->state);
    pg_bind_int(&params, end->failures_added);
    if (end->delay_ms < 0)
        pg_bind_null(&params);
    else
        pg_bind_int(&params, end->delay_ms);
    pg_bind_int(&params, end->progress.rows);
    pg_bind_int(&params, end->progress.bytes);
    pg_bind_int(&params, end->progress.pages);
    pg_bind_text(&params, end->message);
    pg_bind_text(&params, end->outcome);
    return pg_batch_add(batch, end_statement, &params, error);
}

bool claim_end_passed(const struct claim *claim, const struct pg_result *reply, struct error *error)
{
    return pg_int(reply, 0, 0) == 1 || lost(claim, error);
}

bool claim_end(struct pg *pg, const struct claim *claim, const struct claim_end *end,
               struct error *error)
{
    struct pg_batch batch;
    pg_batch_init(&batch, pg);
    bool done = claim_end_add(&batch, claim, end, error) && pg_batch_run(&batch, error) &&
                claim_end_passed(claim, batch.results[0], error);
    pg_batch_free(&batch);
    return done;
}

bool claim_note_add(struct pg_batch *batch, const struct claim *claim, const char *message,
                    struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_int(&params, claim->data_export_id);
    pg_bind_int(&params, claim->attempt);
    pg_bind_text(&params, message);
    return pg_batch_add(batch,
                        "UPDATE exportd.export SET message = $3::text"
                        " WHERE data_export_id = $1::bigint AND attempt = $2::bigint",
                        &params, error);
}

/* The attempt's own row is asked: a rescue, too, changes the state of the job. */
bool claim_has_ended(struct pg *pg, const struct claim *claim, bool *ended, struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_int(&params, claim->data_export_id);
    pg_bind_int(&params, claim->attempt);
    if (!pg_query(pg,
                  "SELECT ended_at IS NOT NULL, coalesce(outcome IN ('crashed', 'lost'), false)"
                  " FROM exportd.attempt"
                  " WHERE data_export_id = $1::bigint AND attempt = $2::bigint",
                  &params, &result, error))
        return false;
    bool ours = pg_rows(result) == 1 && !text_equal(pg_text(result, 0, 1), "t");
    *ended = ours && text_equal(pg_text(result, 0, 0), "t");
    pg_result_free(result);
    return ours || lost(claim, error);
}

/* ---- rescue ---- */

/* SKIP LOCKED: a stopped process may hold its job's row within an open transaction, and nobody who
   rescues may be held up by it. */
bool claim_rescue(struct pg *pg, const char *worker, int64_t *count, int64_t *busy,
                  struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_text(&params, worker);
    if (!pg_query(pg,
                  "WITH free AS (SELECT data_export_id FROM exportd.export"
                  " WHERE worker = $1::text AND state = 'running' FOR UPDATE SKIP LOCKED),"
                  " rescued AS (UPDATE exportd.export x SET state = 'waiting', worker = NULL,"
                  " next_try_at = NULL, failures = failures + 1,"
                  " message = 'the worker that ran it died'"
                  " FROM free WHERE x.data_export_id = free.data_export_id"
                  " RETURNING x.data_export_id, x.attempt),"
                  " ended AS (UPDATE exportd.attempt a SET ended_at = now(), outcome = 'crashed',"
                  " message = 'the worker died' FROM rescued r"
                  " WHERE a.data_export_id = r.data_export_id AND a.attempt = r.attempt)"
                  " SELECT (SELECT count(*) FROM rescued), (SELECT count(*) FROM exportd.export"
                  " WHERE worker = $1::text AND state = 'running')",
                  &params, &result, error))
        return false;
    *count = pg_int(result, 0, 0);
    *busy = pg_int(result, 0, 1) - *count; /* both counts look at the same snapshot */
    pg_result_free(result);
    return true;
}
