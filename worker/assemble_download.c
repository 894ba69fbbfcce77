#include "worker/assemble_download.h"

#include "base/clock.h"
#include "export/query_type.h"

enum {
    PROGRESS_INTERVAL_MS = 1000,
};

struct reporter {
    struct job_thread *thread;
    const struct claim *claim;
    struct assembly *assembly;
};

/* Shall we stop, and is the job still ours? The second question is asked about once a second. */
static bool go_on(void *context, struct error *error)
{
    struct reporter *reporter = context;
    watch_seen(reporter->thread->watch);
    if (worker_phase(reporter->thread->context) >= WORKER_GIVES_BACK)
        return error_set(error, ERROR_STOPPED, "the worker stops");
    int64_t now = clock_monotonic_ms();
    if (now - reporter->assembly->reported_ms < PROGRESS_INTERVAL_MS)
        return true;
    reporter->assembly->reported_ms = now;
    return claim_progress(reporter->thread->pg, reporter->claim, &reporter->assembly->progress,
                          error);
}

/* After each page. */
static bool report(void *context, const struct job_progress *progress, struct error *error)
{
    struct reporter *reporter = context;
    reporter->assembly->progress = *progress;
    return go_on(reporter, error);
}

static bool write_rows(struct job_thread *thread, const struct claim *claim,
                       const struct job_message *message, struct assembly *assembly,
                       struct error *error)
{
    const struct config *config = thread->context->config;
    struct reporter reporter = {.thread = thread, .claim = claim, .assembly = assembly};
    struct export_run run = {.source = {.pg = thread->pg,
                                        .tagstore = thread->tagstore,
                                        .page_size = (size_t)config->page_size},
                             .query = {.organization_id = claim->row.organization_id,
                                       .query_type = claim->row.query_type,
                                       .query_info = claim->row.query_info,
                                       .limit_kind = message->limit_kind,
                                       .limit = message->limit,
                                       .environment_kind = message->environment_kind,
                                       .environment_id = message->environment_id},
                             .output = {.format = row_format_default(),
                                        .options.formula_guard = config->csv_formula_guard,
                                        .sink = assembly->sink},
                             .progress = report,
                             .context = &reporter};
    bool written = query_type_run(&run, error);
    if (written)
        assembly->progress = run.done;
    assembly->limit = message->limit_kind == JOB_LIMIT_ROWS ? message->limit : 0;
    return written;
}

bool assembly_store(struct job_thread *thread, const struct claim *claim, struct assembly *assembly,
                    struct error *error)
{
    struct reporter reporter = {.thread = thread, .claim = claim, .assembly = assembly};
    const struct upload upload = {.pg = thread->pg,
                                  .locks = thread->locks,
                                  .store = thread->store,
                                  .data_export_id = claim->data_export_id,
                                  .attempt = claim->attempt,
                                  .go_on = go_on,
                                  .context = &reporter};
    if (assembly->stored)
        return true;
    uploaded_file_free(&assembly->file);
    assembly->stored = redis_connect(thread->locks, error) && go_on(&reporter, error) &&
                       putfile(&upload, sink_descriptor(assembly->sink), &assembly->file, error);
    return assembly->stored;
}

bool assemble_download(struct job_thread *thread, const struct claim *claim,
                       const struct job_message *message, struct assembly *assembly,
                       struct error *error)
{
    const struct config *config = thread->context->config;
    assembly->reported_ms = clock_monotonic_ms(); /* the claim was a moment ago */
    if (!pg_connect(thread->tag_pg, error))
        return false;
    assembly->sink = sink_to_temporary(config->tmpdir, config->max_file_bytes, error);
    return assembly->sink != NULL && write_rows(thread, claim, message, assembly, error) &&
           assembly_store(thread, claim, assembly, error);
}

void assembly_release(struct assembly *assembly)
{
    sink_free(assembly->sink);
    assembly->sink = NULL;
    uploaded_file_free(&assembly->file);
}
