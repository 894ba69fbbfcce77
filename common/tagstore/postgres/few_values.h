/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The values of one group for one key, if they are few. One prepared statement costs the server a
 * third of a COPY, because each COPY is planned again. Only for this backend.
 */
#ifndef TAGSTORE_POSTGRES_FEW_VALUES_H
#define TAGSTORE_POSTGRES_FEW_VALUES_H

#include "base/arena.h"
#include "client/pg.h"
#include "tagstore/tagstore.h"

/* Start from {.result = NULL}: no values. */
struct few_values {
    struct pg_result *result;
    int next; /* the row to read next */
};

/* Reads the rows of a group (not 0) in the order of the export's cursor. `values` stays empty if
   there are no values, or if there may be more than 1000 or very long ones: the caller then uses
   COPY. */
bool few_values_ask(struct pg *pg, const struct group_tag_value_query *query,
                    struct few_values *values, struct error *error) MUST_CHECK;

/* How many rows there are. Only for values that are not empty. */
int64_t few_values_count(const struct few_values *values);

void few_values_free(struct few_values *values);

/* Reads the next row; its text is in `arena`. *found is false if no row is left. A time that is
   infinite or outside the years 0001 to 9999 becomes USEC_NONE. */
bool few_values_next(struct few_values *values, struct arena *arena, struct group_tag_value *row,
                     bool *found, struct error *error) MUST_CHECK;

#endif
