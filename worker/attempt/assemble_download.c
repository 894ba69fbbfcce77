/* SPDX-License-Identifier: Apache-2.0 */
/*
 * assemble_download, the task: writes the rows of a claimed export into a temporary file, and
 * stores that file as blobs.
 * Tested by tests/system/test_first_export.py and tests/system/test_putfile.py.
 */
#include "base/clock.h"
#include "export/query_type.h"
#include "worker/attempt/steps.h"

enum { PROGRESS_INTERVAL_MS = 1000 };

/* Whether the attempt may go on: the job is still ours, and the worker does not give it back. About
   once a second this also writes the progress, which fails if the fence is closed. */
static bool may_go_on(void *context, struct error *error)
{
    struct attempt *attempt = context;
    struct assembly *assembly = &attempt->assembly;
    watch_seen(attempt->tools->watch);
    if (!attempt_check_ours(attempt, error))
        return false;
    if (attempt_gives_back(attempt))
        return error_set(error, ERROR_STOPPED, "the worker stops");
    int64_t now = clock_monotonic_ms();
    if (now - assembly->reported_ms < PROGRESS_INTERVAL_MS)
        return true;
    assembly->reported_ms = now;
    return claim_progress(attempt->tools->pg, attempt->claim, &assembly->progress,
                          assembly->rows_expected, error);
}

/* Called after each page. */
static bool record_progress(void *context, const struct job_progress *progress, struct error *error)
{
    struct attempt *attempt = context;
    attempt->assembly.progress = *progress;
    return may_go_on(attempt, error);
}

static struct export_query query_of(const struct attempt *attempt)
{
    const struct claim *claim = attempt->claim;
    const struct exported_data *row = &attempt->row;
    return (struct export_query){.organization_id = row->organization_id,
                                 .query_type = row->query_type,
                                 .query_info = row->query_info,
                                 .limit = claim->limit,
                                 .environment_id = claim->environment_id};
}

static struct export_source source_of(const struct attempt *attempt)
{
    const struct attempt_tools *tools = attempt->tools;
    return (struct export_source){.pg = tools->pg,
                                  .tagstore = tools->tagstore,
                                  .page_size = (size_t)tools->context->config->page_size};
}

/* Called before the first page. A big export must not take the thread that is kept for small ones:
   the job then goes back to the queue. */
static bool record_estimate(void *context, const struct export_estimate *estimate,
                            struct error *error)
{
    struct attempt *attempt = context;
    const struct attempt_tools *tools = attempt->tools;
    bool big = estimate->rows > tools->context->config->small_rows;
    attempt->assembly.rows_expected = estimate->rows;
    if (!may_go_on(attempt, error))
        return false;
    if (!big)
        return true; /* the next progress, or the outcome, writes the estimate */
    return claim_is_big(tools->pg, attempt->claim, estimate->rows, error) &&
           (pool_keep_big(tools->pool, tools->slot) ||
            error_set(error, ERROR_STOPPED,
                      "it is big, and the thread that is free is kept for small exports"));
}

/* Whether an earlier attempt has left an estimate. An estimate of a big export counts only if the
   job is marked as big. */
static bool is_estimated(const struct attempt *attempt)
{
    const struct claim *claim = attempt->claim;
    return claim->rows_expected > 0 &&
           (claim->big || claim->rows_expected <= attempt->tools->context->config->small_rows);
}

static bool write_rows(struct attempt *attempt, struct error *error)
{
    struct assembly *assembly = &attempt->assembly;
    struct export_run run = {
        .source = source_of(attempt),
        .query = query_of(attempt),
        .output = {.format = row_format_default(),
                   .options.formula_guard = attempt->tools->context->config->csv_formula_guard,
                   .sink = assembly->sink},
        .expect = is_estimated(attempt) ? NULL : record_estimate,
        .progress = record_progress,
        .context = attempt};
    bool written = query_type_run(&run, error);
    if (written) {
        assembly->progress = run.done;
        assembly->truncated = run.truncated;
        assembly->window_from = run.window_from;
        assembly->window_to = run.window_to;
    }
    return written;
}

static struct upload upload_of(struct attempt *attempt)
{
    const struct attempt_tools *tools = attempt->tools;
    return (struct upload){.pg = tools->pg,
                           .locks = &tools->locks,
                           .store = tools->store,
                           .data_export_id = attempt->claim->data_export_id,
                           .attempt = attempt->claim->attempt,
                           .go_on = may_go_on,
                           .context = attempt};
}

bool assemble_store(struct attempt *attempt, struct error *error)
{
    struct assembly *assembly = &attempt->assembly;
    const struct upload upload = upload_of(attempt);
    assembly->stored = assembly->stored ||
                       (upload_locks_connect(upload.locks, error) && may_go_on(attempt, error) &&
                        putfile(&upload, sink_descriptor(assembly->sink), &assembly->file, error));
    return assembly->stored;
}

void assemble_undo(struct attempt *attempt)
{
    struct error error;
    const struct upload upload = upload_of(attempt);
    watch_seen(attempt->tools->watch);
    if (attempt->assembly.file.made_count > 0 &&
        !(pg_connect(upload.pg, &error) && upload_locks_connect(upload.locks, &error) &&
          putfile_undo(&upload, &attempt->assembly.file, &error)))
        log_error(LOG_WARNING, "storage.not-undone", &error);
}

bool assemble_download(struct attempt *attempt, struct error *error)
{
    const struct config *config = attempt->tools->context->config;
    struct assembly *assembly = &attempt->assembly;
    assembly->reported_ms = clock_monotonic_ms(); /* the claim was a moment ago */
    if (!pg_connect(attempt->tools->tag_pg, error))
        return false;
    assembly->sink = sink_to_temporary(config->tmpdir, config->max_file_bytes, error);
    return assembly->sink != NULL && write_rows(attempt, error) && assemble_store(attempt, error);
}
