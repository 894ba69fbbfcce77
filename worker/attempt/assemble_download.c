/* SPDX-License-Identifier: Apache-2.0 */
/* assemble_download, the task: a claimed export becomes rows in a temporary file, the file blobs.
 */
#include "base/clock.h"
#include "export/query_type.h"
#include "worker/attempt/steps.h"

enum { PROGRESS_INTERVAL_MS = 1000 };

/* Shall we stop, and is the job still ours? The second question is asked about once a second. */
static bool go_on(void *context, struct error *error)
{
    struct attempt *attempt = context;
    struct assembly *assembly = &attempt->assembly;
    watch_seen(attempt->tools->watch);
    if (attempt_gives_back(attempt))
        return error_set(error, ERROR_STOPPED, "the worker stops");
    int64_t now = clock_monotonic_ms();
    if (now - assembly->reported_ms < PROGRESS_INTERVAL_MS)
        return true;
    assembly->reported_ms = now;
    return claim_progress(attempt->tools->pg, &attempt->claim, &assembly->progress, error);
}

/* After each page. */
static bool report(void *context, const struct job_progress *progress, struct error *error)
{
    struct attempt *attempt = context;
    attempt->assembly.progress = *progress;
    return go_on(attempt, error);
}

static bool write_rows(struct attempt *attempt, struct error *error)
{
    const struct attempt_tools *tools = attempt->tools;
    const struct config *config = tools->context->config;
    const struct job_message *message = &attempt->message;
    const struct exported_data *row = &attempt->claim.row;
    struct assembly *assembly = &attempt->assembly;
    struct export_run run = {.source = {.pg = tools->pg,
                                        .tagstore = tools->tagstore,
                                        .page_size = (size_t)config->page_size},
                             .query = {.organization_id = row->organization_id,
                                       .query_type = row->query_type,
                                       .query_info = row->query_info,
                                       .limit_kind = message->limit_kind,
                                       .limit = message->limit,
                                       .environment_kind = message->environment_kind,
                                       .environment_id = message->environment_id},
                             .output = {.format = row_format_default(),
                                        .options.formula_guard = config->csv_formula_guard,
                                        .sink = assembly->sink},
                             .progress = report,
                             .context = attempt};
    bool written = query_type_run(&run, error);
    if (written)
        assembly->progress = run.done;
    assembly->limit = message->limit_kind == JOB_LIMIT_ROWS ? message->limit : 0;
    return written;
}

bool assemble_store(struct attempt *attempt, struct error *error)
{
    const struct attempt_tools *tools = attempt->tools;
    struct assembly *assembly = &attempt->assembly;
    const struct upload upload = {.pg = tools->pg,
                                  .locks = tools->locks,
                                  .store = tools->store,
                                  .data_export_id = attempt->claim.data_export_id,
                                  .attempt = attempt->claim.attempt,
                                  .go_on = go_on,
                                  .context = attempt};
    if (assembly->stored)
        return true;
    uploaded_file_free(&assembly->file);
    assembly->stored = redis_connect(tools->locks, error) && go_on(attempt, error) &&
                       putfile(&upload, sink_descriptor(assembly->sink), &assembly->file, error);
    return assembly->stored;
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
