/* SPDX-License-Identifier: Apache-2.0 */
/* How far a job is: columns of exportd.export. An export counts, the claim writes it down. */
#ifndef MODEL_JOB_PROGRESS_H
#define MODEL_JOB_PROGRESS_H

#include "base/prelude.h"

struct job_progress {
    int64_t rows, bytes, pages;
    int64_t values_read; /* where all are read before the first row is written */
};

#endif
