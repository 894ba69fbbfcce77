/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that have a name, which is unique within their owner: environments and releases of an
   organization, group hashes of a project. */
#ifndef MODEL_NAMED_ROW_H
#define MODEL_NAMED_ROW_H

#include "client/pg.h"

struct named_row {
    int64_t owner_id;
    const char *name;
    int64_t id; /* 0: not known, or the row does not exist */
};

/* Sorts by owner, then bytewise by name, and drops repetitions; returns how many rows remain. Every
   writer takes locks in this order. */
size_t named_rows_sort(struct named_row *rows, size_t count);

/* The index of a row among sorted rows. The row must be there: else the process aborts. */
size_t named_rows_find(const struct named_row *rows, size_t count, int64_t owner_id,
                       const char *name);

/* Runs a statement over the owners ($1::bigint[]) and names ($2::text[]) of the rows. */
bool named_rows_execute(struct pg *pg, const char *sql, const struct named_row *rows, size_t count,
                        struct error *error) MUST_CHECK;

/* Runs a query over the same parameters, which answers with places, counted from 1, and ids; fills
   in the ids. */
bool named_rows_read_ids(struct pg *pg, const char *sql, struct named_row *rows, size_t count,
                         struct error *error) MUST_CHECK;

/* Whether each row has its id. */
bool named_rows_are_known(const struct named_row *rows, size_t count);

#endif
