/* SPDX-License-Identifier: Apache-2.0 */
/* The progress of a job: columns of exportd.export. The export counts; claim_progress stores it. */
#ifndef MODEL_JOB_PROGRESS_H
#define MODEL_JOB_PROGRESS_H

#include "base/prelude.h"

struct job_progress {
    int64_t rows, bytes, pages;
    int64_t values_read; /* for exports that read all values before they write the first row */
};

#endif
