/* Rows that are known by a name within their owner: the environments and releases of an
   organization, the group hashes of a project. */
#ifndef MODEL_NAMED_ROW_H
#define MODEL_NAMED_ROW_H

#include "base/prelude.h"

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

/* Whether each row has its id. */
bool named_rows_are_known(const struct named_row *rows, size_t count);

#endif
