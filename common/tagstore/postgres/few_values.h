/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The values that one group has for a key, when they are few: one prepared statement, which costs
 * the server a third of what a COPY does, because each COPY is planned again. Inside of this
 * backend.
 */
#ifndef TAGSTORE_POSTGRES_FEW_VALUES_H
#define TAGSTORE_POSTGRES_FEW_VALUES_H

#include "base/arena.h"
#include "client/pg.h"
#include "tagstore/tagstore.h"

/* Starts as {.result = NULL}: none. */
struct few_values {
    struct pg_result *result;
    int next; /* the row that comes next */
};

/* Asks for the rows of a group (not 0), in the order of the export's cursor. Empty if
   there are no values, or if there may be more than 1000 or very long ones: COPY answers then. */
bool few_values_ask(struct pg *pg, const struct group_tag_value_query *query,
                    struct few_values *values, struct error *error) MUST_CHECK;

/* Of those that are not empty. */
int64_t few_values_count(const struct few_values *values);

void few_values_free(struct few_values *values);

/* The next row, its text in `arena`; *found is false when none is left. A time that is infinite or
   outside the years 0001 to 9999 counts as not known. */
bool few_values_next(struct few_values *values, struct arena *arena, struct group_tag_value *row,
                     bool *found, struct error *error) MUST_CHECK;

#endif
