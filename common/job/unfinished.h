/* The exports that exportd has not finished, as the sweep looks at them. */
#ifndef JOB_UNFINISHED_H
#define JOB_UNFINISHED_H

#include "base/arena.h"
#include "client/pg.h"

struct unfinished {
    int64_t data_export_id;
    int64_t attempt;
    const char *worker;     /* who runs it; NULL: nobody */
    int64_t limit;          /* 0: none */
    int64_t environment_id; /* 0: all */
};

/* The exports behind id `after` for which there has to be a message, or a worker: waiting, running,
   and delayed ones that are due; `max` at most, by id, in `arena`. */
bool unfinished_list(struct pg *pg, int64_t after, int64_t max, struct arena *arena,
                     struct unfinished **list, size_t *count, struct error *error) MUST_CHECK;

#endif
