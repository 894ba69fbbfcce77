/*
 * assemble_download, the task: a claimed export becomes rows in a temporary file, and these a
 * stored file.
 */
#ifndef WORKER_ASSEMBLE_DOWNLOAD_H
#define WORKER_ASSEMBLE_DOWNLOAD_H

#include "format/sink.h"
#include "storage/putfile.h"
#include "worker/job_thread.h"

struct assembly {
    struct sink *sink; /* over a temporary file, which holds the rows; NULL before it is open */
    struct job_progress progress;
    int64_t reported_ms; /* when it was written to exportd.export last (monotonic) */
    int64_t limit;       /* of rows; 0: none */
    bool stored;         /* `file` is, and no blob of it is known to be gone */
    struct uploaded_file file;
};

/* Writes the rows of a claimed job into a temporary file and stores it as blobs. The errors are
   those that job_judge knows; ERROR_STOPPED when the worker gives its jobs back. `assembly` is to
   be released in any case. */
bool assemble_download(struct job_thread *thread, const struct claim *claim,
                       const struct job_message *message, struct assembly *assembly,
                       struct error *error) MUST_CHECK;

/* Stores the file once more, unless it is stored: a blob of it has vanished before an outcome. */
bool assembly_store(struct job_thread *thread, const struct claim *claim, struct assembly *assembly,
                    struct error *error) MUST_CHECK;

void assembly_release(struct assembly *assembly);

#endif
