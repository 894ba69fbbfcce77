/* SPDX-License-Identifier: Apache-2.0 */
/* Forgotten exports: they have an unfinished (EARLY) row in sentry_exporteddata, but their message
   was lost before exportd saw it. */
#ifndef JOB_FORGOTTEN_H
#define JOB_FORGOTTEN_H

#include "base/arena.h"
#include "client/pg.h"

struct forgotten_row {
    int64_t id, date_added;
    const char *organization; /* slug; NULL: its row is gone */
    const char *user;         /* mail address; NULL: the user's row is gone */
    int64_t query_type;
};

struct forgotten_rows {
    struct forgotten_row *items;
    size_t count;
};

/* Lists, by id, the unfinished rows of sentry_exporteddata for which exportd has neither a job nor
   a pending or dead message. Leaves out rows of the last ten minutes: their producers may still
   send the message. The result is in `arena`. */
bool forgotten_list(struct pg *pg, struct arena *arena, struct forgotten_rows *rows,
                    struct error *error) MUST_CHECK;

#endif
