#include "model/server_clock.h"

bool server_clock_now(struct pg *pg, int64_t *usec, struct error *error)
{
    struct pg_result *result = NULL;
    if (!pg_query(pg, "SELECT " PG_USEC("now()"), NULL, &result, error))
        return false;
    *usec = pg_int(result, 0, 0);
    pg_result_free(result);
    return true;
}
