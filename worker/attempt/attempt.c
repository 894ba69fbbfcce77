/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps of an attempt, up to its end, which conclude.c decides.
 * Tested by tests/system/test_members.py and tests/system/test_queue.py.
 */
#include "worker/attempt/attempt.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/metric.h"
#include "base/text.h"
#include "export/query_type.h"
#include "export/run.h"
#include "job/retry_or_fail.h"
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

/* OUTCOME_DONE: the row is the one that was claimed, and not finished. In a restored database
   another export may have the same id. */
static enum outcome_result check_row(const struct attempt *attempt)
{
    if (attempt->row.date_added != attempt->claim->date_added)
        return OUTCOME_ROW_GONE;
    return attempt->row.date_finished != USEC_NONE ? OUTCOME_FINISHED : OUTCOME_DONE;
}

enum { ROW, USER }; /* the results of load_row_and_user */

/* All that an attempt needs to know before its work, in one round trip. */
static bool load_row_and_user(const struct attempt *attempt, struct pg_batch *batch,
                              struct error *error)
{
    int64_t id = attempt->claim->data_export_id;
    return pg_connect(batch->pg, error) && exported_data_load_add(batch, id, error) &&
           member_may_export_add(batch, id, error) && pg_batch_run(batch, error);
}

/* Reads what the export is about. A payload that cannot be read is an error later on. */
static void read_subject(struct attempt *attempt)
{
    static const struct issues_by_tag_payload none = {.key = NULL};
    const struct exported_data *row = &attempt->row;
    struct error unreadable;
    if (row->query_type != QUERY_ISSUES_BY_TAG ||
        !issues_by_tag_payload_parse(row->query_info, attempt->tools->arena, &attempt->about,
                                     &unreadable))
        attempt->about = none;
    log_set_subject(row->organization_id, attempt->about.project_id,
                    attempt->about.key == NULL ? "" : attempt->about.key);
}

/* A missing row is no error: *result is then OUTCOME_ROW_GONE. */
static bool read_row(struct attempt *attempt, const struct pg_result *reply,
                     enum outcome_result *result, struct error *error)
{
    if (exported_data_load_read(reply, attempt->tools->arena, &attempt->row, error)) {
        *result = check_row(attempt);
        return true;
    }
    *result = OUTCOME_ROW_GONE;
    return error->code == ERROR_NOT_FOUND;
}

/* An error if the export's user has left the organization since. */
static bool check_user(const struct attempt *attempt, const struct pg_result *reply,
                       struct error *error)
{
    bool may = false;
    return member_may_export_read(attempt->tools->pg, reply, &attempt->row, &may, error) &&
           (may || error_set(error, ERROR_EXPORT, "%s", EXPORT_USER_HAS_LEFT));
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

/* *result: OUTCOME_DONE if there is work to do, else why there is none. */
static bool prepare(struct attempt *attempt, enum outcome_result *result, struct error *error)
{
    struct pg_batch batch;
    pg_batch_init(&batch, attempt->tools->pg);
    bool done = FAULT("after_claim", error) && load_row_and_user(attempt, &batch, error) &&
                read_row(attempt, batch.results[ROW], result, error);
    if (done && *result == OUTCOME_DONE) {
        read_subject(attempt);
        done = check_budget(attempt, error) && check_user(attempt, batch.results[USER], error);
    }
    pg_batch_free(&batch);
    return done;
}

static void make_attempt(struct attempt *attempt)
{
    struct error *error = &attempt->error;
    enum outcome_result result = OUTCOME_DONE;
    bool done = prepare(attempt, &result, error);
    if (done && result != OUTCOME_DONE)
        conclude_otherwise(attempt, result);
    else if (!done || !assemble_download(attempt, error) || !conclude_valid(attempt))
        conclude_error(attempt);
}

/* A row that was gone has no type. */
static const char *type_word(const struct attempt *attempt)
{
    const struct query_type *type =
        attempt->row.id == 0 ? NULL : query_type_find(attempt->row.query_type);
    return type == NULL ? NULL : type->word;
}

static void count_valid(const struct attempt *attempt, int64_t took_usec)
{
    const struct statsd *statsd = &attempt->tools->context->statsd;
    const struct job_progress *done = &attempt->assembly.progress;
    metric_observe(METRIC_JOB_DURATION, took_usec, NULL);
    metric_observe(METRIC_JOB_ROWS, done->rows, NULL);
    metric_observe(METRIC_JOB_BYTES, done->bytes, NULL);
    if (attempt->assembly.truncated)
        metric_add(METRIC_TRUNCATED, 1, NULL, NULL);
    statsd_count(statsd, &(struct statsd_name){"dataexport.end", "instance", "success"});
    statsd_time(statsd, "dataexport.duration", took_usec / 1000);
    statsd_time(statsd, "dataexport.row_count", done->rows);
    statsd_time(statsd, "dataexport.file_size", done->bytes);
}

/* The original counted the whole text of the error. Its code has few values. */
static void count_failed(const struct attempt *attempt)
{
    const struct statsd *statsd = &attempt->tools->context->statsd;
    const char *code = error_code_name(attempt->error.code);
    statsd_count(statsd, &(struct statsd_name){"dataexport.error", "instance", code});
    statsd_count(statsd, &(struct statsd_name){"dataexport.end", "instance", "failure"});
}

static void count_attempt(const struct attempt *attempt, int64_t took_usec)
{
    metric_add(METRIC_JOBS, 1, type_word(attempt), attempt->outcome);
    if (attempt->valid)
        count_valid(attempt, took_usec);
    else if (text_equal(attempt->outcome, "failed"))
        count_failed(attempt);
}

void attempt_run(struct attempt *attempt, struct attempt_tools *tools, const struct claim *claim)
{
    int64_t began_usec = clock_monotonic_usec();
    *attempt = (struct attempt){.tools = tools, .claim = claim};
    attempt->assembly.rows_expected = claim->rows_expected;
    attempt->assembly.window_from = USEC_NONE;
    attempt->assembly.window_to = USEC_NONE;
    log_set_job(claim->data_export_id, claim->attempt);
    atomic_store(&tools->watch->data_export_id, claim->data_export_id);
    log_event(LOG_INFO, "dataexport.start", NULL);
    statsd_count(&tools->context->statsd, &(struct statsd_name){.name = "dataexport.start"});
    make_attempt(attempt);
    count_attempt(attempt, clock_monotonic_usec() - began_usec);
}

void attempt_free(struct attempt *attempt)
{
    sink_free(attempt->assembly.sink);
    uploaded_file_free(&attempt->assembly.file);
    atomic_store(&attempt->tools->watch->data_export_id, 0);
    log_clear_job();
}
