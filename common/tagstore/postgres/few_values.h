/*
 * The values that one group has for a key, when they are few: one prepared statement, which costs
 * the server a third of what a COPY does, because a COPY is planned anew each time. Inside of this
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

/* Asks for the rows of a group (not 0), in the order of the export's cursor. There are none when
   there are none, but also when there are, or may be, more than a thousand or very long ones: then
   COPY them. */
bool few_values_ask(struct pg *pg, const struct group_tag_value_query *query,
                    struct few_values *values, struct error *error) MUST_CHECK;

/* The same in two steps. The first goes with the next statement over `pg` (pg_later_query); what
   becomes of *result, which has to live until then and is NULL until it is there, is what the
   second makes the values of: it is the callee's then. */
bool few_values_ask_later(struct pg *pg, const struct group_tag_value_query *query,
                          struct pg_result **result, struct error *error) MUST_CHECK;
void few_values_receive(struct few_values *values, const struct group_tag_value_query *query,
                        struct pg_result *result);

void few_values_free(struct few_values *values);

/* The next row, its text in `arena`; *found is false when none is left. A time that is infinite or
   outside the years 0001 to 9999 counts as not known. */
bool few_values_next(struct few_values *values, struct arena *arena, struct group_tag_value *row,
                     bool *found, struct error *error) MUST_CHECK;

#endif
