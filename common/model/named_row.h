/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that are known by a name within their owner: the environments and releases of an
   organization, the group hashes of a project. */
#ifndef MODEL_NAMED_ROW_H
#define MODEL_NAMED_ROW_H

#include "client/pg.h"

struct named_row {
    int64_t owner_id;
    const char *name;
    int64_t id; /* 0: not known, or not there */
};

/* Sorts by owner, then name bytewise, and drops repetitions; returns how many remain. Every writer
   takes locks in this order. */
size_t named_rows_sort(struct named_row *rows, size_t count);

/* The place of a row among sorted ones; it has to be there. */
size_t named_rows_find(const struct named_row *rows, size_t count, int64_t owner_id,
                       const char *name);

/* Runs a statement over the owners ($1::bigint[]) and names ($2::text[]) of the rows. */
bool named_rows_execute(struct pg *pg, const char *sql, const struct named_row *rows, size_t count,
                        struct error *error) MUST_CHECK;

/* The same for a query that answers with places, counted from 1, and ids: fills them in. */
bool named_rows_read_ids(struct pg *pg, const char *sql, struct named_row *rows, size_t count,
                         struct error *error) MUST_CHECK;

/* Whether each row has its id. */
bool named_rows_are_known(const struct named_row *rows, size_t count);

#endif
