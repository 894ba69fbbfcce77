/* SPDX-License-Identifier: Apache-2.0 */
/* The order of an attempt. What ends it is decided in conclude.c. */
#include "worker/attempt/attempt.h"

#include "base/clock.h"
#include "base/fault.h"
#include "export/run.h"
#include "job/retry.h"
#include "model/member.h"
#include "worker/attempt/steps.h"

enum { AWAY_WAIT_MS = 1000 };

bool attempt_gives_back(const struct attempt *attempt)
{
    return worker_phase(attempt->tools->context) >= WORKER_GIVES_BACK;
}

void attempt_wait_a_moment(const struct attempt *attempt)
{
    watch_seen(attempt->tools->watch);
    clock_sleep_ms(AWAY_WAIT_MS);
}

bool attempt_check_ours(const struct attempt *attempt, struct error *error)
{
    return !pool_is_lost(attempt->tools->pool, attempt->tools->slot) ||
           error_set(error, ERROR_LOST, "the job has been cancelled, or another worker has it");
}

/* ---- before the work ---- */

/* A row that came under the same id later, in a restored database, is another job. */
static enum outcome_result judge_row(const struct attempt *attempt)
{
    if (attempt->row.date_added != attempt->claim->date_added)
        return OUTCOME_ROW_GONE;
    return attempt->row.date_finished != USEC_NONE ? OUTCOME_FINISHED : OUTCOME_DONE;
}

/* The export's row, and whether its user may have it: he may have left since he asked. */
static bool load(struct attempt *attempt, enum outcome_result *result, bool *user_may,
                 struct error *error)
{
    enum { ROW, USER };
    const struct attempt_tools *tools = attempt->tools;
    int64_t id = attempt->claim->data_export_id;
    struct pg_batch batch;
    pg_batch_init(&batch, tools->pg);
    bool done = exported_data_load_add(&batch, id, error) &&
                member_may_export_add(&batch, id, error) && pg_batch_run(&batch, error);
    if (done && !exported_data_load_read(batch.results[ROW], tools->arena, &attempt->row, error)) {
        *result = OUTCOME_ROW_GONE;
        done = error->code == ERROR_NOT_FOUND;
    } else if (done) {
        *result = judge_row(attempt);
        done =
            member_may_export_read(tools->pg, batch.results[USER], &attempt->row, user_may, error);
    }
    pg_batch_free(&batch);
    return done;
}

static bool check_user(bool user_may, struct error *error)
{
    return user_may || error_set(error, ERROR_EXPORT, "%s", EXPORT_USER_HAS_LEFT);
}

static bool check_budget(const struct attempt *attempt, struct error *error)
{
    const struct claim *claim = attempt->claim;
    const struct retry_limits limits = {.max_failures =
                                            attempt->tools->context->config->max_failures};
    const struct retry_history history = {.failures = claim->failures, .crashes = claim->crashes};
    if (claim->expired)
        return error_set(error, ERROR_EXPORT, "The export expired before it could be started");
    return retry_check_budget(&history, &limits, error);
}

/* ---- the whole ---- */

static void make_attempt(struct attempt *attempt)
{
    struct error *error = &attempt->error;
    enum outcome_result result = OUTCOME_DONE;
    bool user_may = false;
    bool done = FAULT("after_claim", error) && pg_connect(attempt->tools->pg, error) &&
                load(attempt, &result, &user_may, error);
    if (done && result != OUTCOME_DONE) {
        conclude_otherwise(attempt, result);
        return;
    }
    done = done && check_budget(attempt, error) && check_user(user_may, error) &&
           assemble_download(attempt, error) && conclude_valid(attempt);
    if (!done)
        conclude_error(attempt);
}

void attempt_run(struct attempt *attempt, struct attempt_tools *tools, const struct claim *claim)
{
    *attempt = (struct attempt){.tools = tools, .claim = claim};
    attempt->assembly.rows_expected = claim->rows_expected;
    attempt->assembly.window_from = USEC_NONE;
    attempt->assembly.window_to = USEC_NONE;
    log_set_job(claim->data_export_id, claim->attempt);
    atomic_store(&tools->watch->data_export_id, claim->data_export_id);
    log_event(LOG_INFO, "dataexport.start", NULL);
    make_attempt(attempt);
}

void attempt_free(struct attempt *attempt)
{
    sink_free(attempt->assembly.sink);
    uploaded_file_free(&attempt->assembly.file);
    atomic_store(&attempt->tools->watch->data_export_id, 0);
    log_clear_job();
}
