/* SPDX-License-Identifier: Apache-2.0 */
/* Which statements a connection has prepared. */
#include "client/pg_internal.h"

enum { USES_BEFORE = 2 }; /* what is asked once in a connection's life is not worth it */

void pg_prepare_look(struct pg *pg)
{
    struct error ignored;
    int64_t process = 0;
    pg->direct = pg_query_int(pg, "SELECT pg_backend_pid()", NULL, &process, &ignored) &&
                 process == PQbackendPID(pg->connection);
}

static struct pg_prepared *find(struct pg *pg, const char *sql)
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
    struct pg_prepared *entry = find(pg, sql);
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
