/* SPDX-License-Identifier: Apache-2.0 */
/* Knows which statements a connection has prepared. */
#include "client/pg_internal.h"

enum {
    USES_BEFORE = 2
}; /* a statement that a connection runs once or twice is not worth preparing */

void pg_prepare_detect(struct pg *pg)
{
    struct error ignored;
    int64_t process = 0;
    pg->direct = pg_query_int(pg, "SELECT pg_backend_pid()", NULL, &process, &ignored) &&
                 process == PQbackendPID(pg->connection);
}

/* The entry of this statement, or a free one, or NULL if all are in use. */
static struct pg_prepared *find_entry(struct pg *pg, const char *sql)
{
    for (size_t i = 0; i < ARRAY_LENGTH(pg->prepared); i++) {
        struct pg_prepared *entry = &pg->prepared[i];
        if (entry->sql == NULL)
            entry->sql = sql;
        if (entry->sql == sql)
            return entry;
    }
    return NULL;
}

struct pg_prepared *pg_prepare_find(struct pg *pg, const char *sql, const struct pg_params *params)
{
    if (!pg->direct || params == NULL || !params->repeated)
        return NULL;
    struct pg_prepared *entry = find_entry(pg, sql);
    if (entry == NULL || (entry->number == 0 && entry->uses++ < USES_BEFORE))
        return NULL;
    return entry;
}

void pg_prepare_settle(struct pg *pg, bool done)
{
    for (size_t i = 0; i < ARRAY_LENGTH(pg->prepared); i++) {
        struct pg_prepared *entry = &pg->prepared[i];
        if (entry->fresh && !done)
            entry->number = 0;
        entry->fresh = false;
    }
}

void pg_prepare_forget(struct pg *pg)
{
    memset(pg->prepared, 0, sizeof(pg->prepared));
    pg->direct = false;
}
