/* SPDX-License-Identifier: Apache-2.0 */
/* The exports that exportd has not finished, as the sweep looks at them. */
#ifndef JOB_UNFINISHED_H
#define JOB_UNFINISHED_H

#include "base/arena.h"
#include "client/pg.h"

struct unfinished {
    int64_t data_export_id;
    int64_t attempt;
    const char *worker;     /* who runs it; NULL: nobody */
    int64_t silent_ms;      /* running: since its last progress was written */
    int64_t limit;          /* 0: none */
    int64_t environment_id; /* 0: all */
};

/* The exports of `queue`, or of nobody knows which, for which there has to be a message, or a
   worker: waiting, running, and delayed ones that are due; `max` at most, by id, in `arena`. */
bool unfinished_list(struct pg *pg, const char *queue, int64_t max, struct arena *arena,
                     struct unfinished **list, size_t *count, struct error *error) MUST_CHECK;

/* Takes a running export from a worker that lives and does not run it: waiting, failures + 1, its
   attempt ended as `lost`. *released is false when the attempt is not that one any more, or a
   transaction holds the row. */
bool unfinished_release(struct pg *pg, const struct unfinished *unfinished, bool *released,
                        struct error *error) MUST_CHECK;

#endif
