/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each job is claimed by a transaction of its own. A transaction with several jobs would lock the
 * flows of several organizations, and could deadlock with another that locks them in another order.
 *
 * The flow of an organization that has no jobs left slows every claim down. So a claim that finds
 * no job deletes some of these flows and tries again.
 */
#include "job/claim.h"

#include "base/embedded.h"
#include "base/fault.h"
#include "base/text.h"

/* ---- claiming ---- */

/* The columns of claim.sql, in its order. */
enum column {
    COLUMN_ID,
    COLUMN_ATTEMPT,
    COLUMN_BIG,
    COLUMN_FAILURES,
    COLUMN_CRASHES,
    COLUMN_AGE,
    COLUMN_LIMIT,
    COLUMN_ENVIRONMENT,
    COLUMN_ROWS_EXPECTED,
    COLUMN_EXPIRED,
    COLUMN_ADDED,
    COLUMN_DELAYS,
};

typedef char run_name[CLAIM_RUN_MAX]; /* <worker's instance>:<number of the claim> */

static void read_claim(const struct pg_result *result, const run_name run, struct claim *claim)
{
    *claim = (struct claim){
        .data_export_id = pg_int(result, 0, COLUMN_ID),
        .attempt = pg_int(result, 0, COLUMN_ATTEMPT),
        .big = text_equal(pg_text(result, 0, COLUMN_BIG), "t"),
        .failures = pg_int(result, 0, COLUMN_FAILURES),
        .crashes = pg_int(result, 0, COLUMN_CRASHES),
        .age_seconds = pg_int(result, 0, COLUMN_AGE),
        .limit = pg_int(result, 0, COLUMN_LIMIT),
        .environment_id = pg_int(result, 0, COLUMN_ENVIRONMENT),
        .rows_expected = pg_int(result, 0, COLUMN_ROWS_EXPECTED),
        .expired = text_equal(pg_text(result, 0, COLUMN_EXPIRED), "t"),
        .date_added = pg_time(result, 0, COLUMN_ADDED),
        .delays = pg_int(result, 0, COLUMN_DELAYS),
    };
    memcpy(claim->run, run, sizeof(run_name));
}

/* The index of waiting jobs returns an organization's jobs in their order. But a server without
   statistics (the table was filled within the last minute) may choose an index that is meant for
   lists, read and sort all waiting jobs for each claim, and keep that plan. With sorting off, the
   sort of the few flows, which is still needed, seems so costly that the server would compile the
   statement (JIT), which takes hundreds of milliseconds; so JIT is off, too. */
static bool forbid_sorting(struct pg_batch *batch, struct error *error)
{
    static const struct pg_params none = {.repeated = true};
    return pg_batch_add(batch,
                        "SELECT set_config('enable_sort', 'off', true),"
                        " set_config('jit', 'off', true)",
                        &none, error);
}

/* Adds the claim of one job; a small one unless it may be big. */
static bool add_claim(struct pg_batch *batch, const struct claimant *claimant, bool may_be_big,
                      const run_name run, struct error *error)
{
    struct pg_params params = {.repeated = true};
    pg_bind_text(&params, claimant->queue);
    pg_bind_text(&params, claimant->worker);
    pg_bind_text(&params, run);
    pg_bind_int(&params, claimant->max_running);
    pg_bind_text(&params, may_be_big ? "{f,t}" : "{f}");
    return pg_batch_add(batch, embedded_text(embedded_job_statements, "claim.sql"), &params, error);
}

/* Adds the statement that deletes empty flows and asks for delayed jobs that are due. */
static bool add_upkeep(struct pg_batch *batch, const struct claimant *claimant, struct error *error)
{
    struct pg_params params = {.repeated = true};
    pg_bind_text(&params, claimant->queue);
    return pg_batch_add(batch, embedded_text(embedded_job_statements, "tidy.sql"), &params, error);
}

/* Whether a claim tidies up, and what it found. */
struct upkeep {
    bool wanted;
    int64_t tidied; /* flows deleted */
    bool due;       /* there are delayed jobs to promote */
};

/* Claims one job in one round trip. claims->count grows by one if there is a job. */
static bool claim_one(struct pg *pg, struct claimant *claimant, bool may_be_big,
                      struct upkeep *upkeep, struct claims *claims, struct error *error)
{
    enum { CLAIM = 1, UPKEEP };
    struct pg_batch batch;
    run_name run;
    (void)snprintf(run, sizeof(run), "%s:%" PRId64, claimant->worker, ++claimant->runs);
    pg_batch_init(&batch, pg);
    bool done =
        forbid_sorting(&batch, error) && add_claim(&batch, claimant, may_be_big, run, error) &&
        (!upkeep->wanted || add_upkeep(&batch, claimant, error)) && pg_batch_run(&batch, error);
    if (done && pg_rows(batch.results[CLAIM]) == 1)
        read_claim(batch.results[CLAIM], run, &claims->items[claims->count++]);
    if (done && upkeep->wanted) {
        upkeep->tidied = pg_int(batch.results[UPKEEP], 0, 0);
        upkeep->due = text_equal(pg_text(batch.results[UPKEEP], 0, 1), "t");
    }
    pg_batch_free(&batch);
    return done;
}

/* Makes delayed jobs that are due wait again, up to 100. */
static bool promote_delayed(struct pg *pg, const struct claimant *claimant, int64_t *promoted,
                            struct error *error)
{
    struct pg_params params = {.repeated = true};
    pg_bind_text(&params, claimant->queue);
    return pg_query_int(pg, embedded_text(embedded_job_statements, "promote.sql"), &params,
                        promoted, error);
}

static int count_big(const struct claims *claims)
{
    int big = 0;
    for (int i = 0; i < claims->count; i++)
        big += claims->items[i].big ? 1 : 0;
    return big;
}

/* Ends when a claim finds no job, although the upkeep left it nothing to tidy or promote. */
bool claim_jobs(struct pg *pg, struct claimant *claimant, const struct claim_order *order,
                struct claims *claims, struct error *error)
{
    struct upkeep upkeep = {.wanted = order->upkeep};
    *claims = (struct claims){.count = 0};
    if (!FAULT("before_claim", error))
        return false;
    while (claims->count < order->jobs) {
        int before = claims->count;
        int64_t promoted = 0;
        upkeep.due = false;
        if (!claim_one(pg, claimant, count_big(claims) < order->big, &upkeep, claims, error) ||
            (upkeep.due && !promote_delayed(pg, claimant, &promoted, error)))
            return false;
        claims->promoted += promoted;
        bool found = claims->count > before;
        if (!found && upkeep.wanted && upkeep.tidied + promoted == 0)
            return true;
        upkeep.wanted = !found;
    }
    return true;
}

/* ---- while it runs ---- */

static bool error_lost(const struct claim *claim, struct error *error)
{
    return error_set(error, ERROR_LOST, "attempt %" PRId64 " has been taken from us",
                     claim->attempt);
}

/* Runs an update that returns a row only if the fence was passed. A crash of the server may undo
   it. */
static bool update_fenced(struct pg *pg, const struct claim *claim, const char *sql,
                          const struct pg_params *params, struct error *error)
{
    struct pg_result *result = NULL;
    if (!pg_query(pg, sql, params, &result, error))
        return false;
    bool ours = pg_rows(result) == 1;
    pg_result_free(result);
    return ours || error_lost(claim, error);
}

bool claim_progress(struct pg *pg, const struct claim *claim, const struct job_progress *progress,
                    int64_t rows_expected, struct error *error)
{
    struct pg_params params = {.repeated = true};
    pg_bind_int(&params, claim->data_export_id);
    pg_bind_text(&params, claim->run);
    pg_bind_int(&params, progress->rows);
    pg_bind_int(&params, progress->bytes);
    pg_bind_int(&params, progress->pages);
    pg_bind_int(&params, rows_expected);
    pg_bind_int(&params, progress->values_read);
    return update_fenced(pg, claim,
                         "UPDATE exportd.export SET rows = $3::bigint, bytes = $4::bigint,"
                         " pages = $5::bigint, values_read = $7::bigint,"
                         " progress_at = clock_timestamp(),"
                         " rows_expected = coalesce(nullif($6::bigint, 0), rows_expected)"
                         " WHERE data_export_id = $1::bigint AND run = $2::text"
                         " AND state = 'running' RETURNING " PG_UNSYNCED,
                         &params, error);
}

bool claim_is_big(struct pg *pg, const struct claim *claim, int64_t rows_expected,
                  struct error *error)
{
    struct pg_params params = {.repeated = true};
    pg_bind_int(&params, claim->data_export_id);
    pg_bind_text(&params, claim->run);
    pg_bind_int(&params, rows_expected);
    return update_fenced(pg, claim,
                         "UPDATE exportd.export SET rows_expected = $3::bigint, big = true"
                         " WHERE data_export_id = $1::bigint AND run = $2::text"
                         " AND state = 'running' RETURNING " PG_UNSYNCED,
                         &params, error);
}

/* ---- the outcome ---- */

/* The parameters are those of end.sql, in its order. */
bool claim_end_add(struct pg_batch *batch, const struct claim *claim, const struct claim_end *end,
                   struct error *error)
{
    struct pg_params params = {.repeated = true};
    pg_bind_int(&params, claim->data_export_id);
    pg_bind_text(&params, claim->run);
    pg_bind_text(&params, end->state);
    pg_bind_text(&params, end->outcome);
    pg_bind_text(&params, end->message);
    pg_bind_text(&params, end->cause);
    pg_bind_int(&params, end->failures_added);
    if (end->delay_ms < 0)
        pg_bind_null(&params);
    else
        pg_bind_int(&params, end->delay_ms);
    pg_bind_int(&params, end->progress.rows);
    pg_bind_int(&params, end->progress.bytes);
    pg_bind_int(&params, end->progress.pages);
    pg_bind_text(&params, end->truncated ? "limit" : NULL);
    pg_bind_time(&params, end->window_from);
    pg_bind_time(&params, end->window_to);
    pg_bind_int(&params, end->rows_expected);
    return pg_batch_add(batch, embedded_text(embedded_job_statements, "end.sql"), &params, error);
}

bool claim_end_passed(const struct claim *claim, const struct pg_result *reply, struct error *error)
{
    return pg_int(reply, 0, 0) == 1 || error_lost(claim, error);
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
    pg_bind_text(&params, claim->run);
    pg_bind_text(&params, message);
    return pg_batch_add(batch,
                        "UPDATE exportd.export SET message = $3::text"
                        " WHERE data_export_id = $1::bigint AND run = $2::text",
                        &params, error);
}

/* Reads the attempt's row and not the job's: another claim or a cancel may have changed the job's
   state since. */
bool claim_has_ended(struct pg *pg, const struct claim *claim, bool *ended, struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_int(&params, claim->data_export_id);
    pg_bind_int(&params, claim->attempt);
    pg_bind_text(&params, claim->run);
    if (!pg_query(pg,
                  "SELECT ended_at IS NOT NULL,"
                  " coalesce(outcome IN ('crashed', 'silent', 'lost', 'cancelled'), false)"
                  " FROM exportd.attempt WHERE data_export_id = $1::bigint"
                  " AND attempt = $2::bigint AND run = $3::text",
                  &params, &result, error))
        return false;
    bool ours = pg_rows(result) == 1 && !text_equal(pg_text(result, 0, 1), "t");
    *ended = ours && text_equal(pg_text(result, 0, 0), "t");
    pg_result_free(result);
    return ours || error_lost(claim, error);
}
