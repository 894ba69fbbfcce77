#include "worker/assemble_download.h"

#include "base/clock.h"
#include "base/temporary.h"
#include "export/processor.h"

#include <unistd.h>

enum {
    PROGRESS_INTERVAL_MS = 1000,
    SMALL_BYTES = 1024 * 1024, /* a CSV that is no larger stays in memory */
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

static bool leave_memory(struct reporter *reporter, struct error *error)
{
    struct assembly *assembly = reporter->assembly;
    if (!assembly->csv_in_memory || assembly->progress.bytes <= SMALL_BYTES)
        return true;
    assembly->csv_in_memory = false;
    return temporary_move_to_disk(reporter->thread->context->config->tmpdir, assembly->csv, error);
}

/* After each page. */
static bool report(void *context, const struct export_progress *progress, struct error *error)
{
    struct reporter *reporter = context;
    reporter->assembly->progress = (struct job_progress){
        .rows = progress->rows, .bytes = progress->bytes, .pages = progress->pages};
    return leave_memory(reporter, error) && go_on(reporter, error);
}

static bool write_csv(struct job_thread *thread, const struct claim *claim,
                      const struct job_message *message, struct assembly *assembly,
                      struct error *error)
{
    const struct config *config = thread->context->config;
    const struct export_source source = {
        .pg = thread->pg, .tagstore = thread->tagstore, .page_size = (size_t)config->page_size};
    const struct export_query query = {.organization_id = claim->row.organization_id,
                                       .query_type = claim->row.query_type,
                                       .query_info = claim->row.query_info,
                                       .limit_kind = message->limit_kind,
                                       .limit = message->limit,
                                       .environment_kind = message->environment_kind,
                                       .environment_id = message->environment_id};
    struct reporter reporter = {.thread = thread, .claim = claim, .assembly = assembly};
    struct csv_writer *csv =
        csv_writer_new(assembly->csv, config->max_file_bytes, config->csv_formula_guard);
    if (csv == NULL)
        return error_no_memory(error);
    struct export_progress done;
    bool written = processor_run(&source, &query, csv, report, &reporter, &done, error);
    csv_writer_free(csv);
    if (written)
        assembly->progress =
            (struct job_progress){.rows = done.rows, .bytes = done.bytes, .pages = done.pages};
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
                       putfile(&upload, assembly->csv, &assembly->file, error);
    return assembly->stored;
}

bool assemble_download(struct job_thread *thread, const struct claim *claim,
                       const struct job_message *message, struct assembly *assembly,
                       struct error *error)
{
    assembly->reported_ms = clock_monotonic_ms(); /* the claim was a moment ago */
    return pg_connect(thread->tag_pg, error) &&
           temporary_open_small(thread->context->config->tmpdir, &assembly->csv,
                                &assembly->csv_in_memory, error) &&
           write_csv(thread, claim, message, assembly, error) &&
           assembly_store(thread, claim, assembly, error);
}

void assembly_release(struct assembly *assembly)
{
    if (assembly->csv >= 0)
        (void)close(assembly->csv);
    assembly->csv = -1;
    uploaded_file_free(&assembly->file);
}
