/* SPDX-License-Identifier: Apache-2.0 */
/* Exports that the original has forgotten: their rows are there, EARLY, and exportd has never heard
   of them. */
#ifndef JOB_FORGOTTEN_H
#define JOB_FORGOTTEN_H

#include "base/arena.h"
#include "client/pg.h"

struct forgotten_row {
    int64_t id, date_added;
    const char *organization; /* slug; NULL: it is gone */
    const char *user;         /* address; NULL: likewise */
    int64_t query_type;
};

struct forgotten_rows {
    struct forgotten_row *items;
    size_t count;
};

/* Unfinished rows of sentry_exporteddata that exportd has no job of, and no pending or dead
   message, by id; in `arena`. Rows of the last ten minutes are left out: their producers may be
   between COMMIT and message. */
bool forgotten_list(struct pg *pg, struct arena *arena, struct forgotten_rows *rows,
                    struct error *error) MUST_CHECK;

#endif
