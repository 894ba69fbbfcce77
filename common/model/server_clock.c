/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/system/test_ingest.py. */
#include "model/server_clock.h"

bool server_clock_now(struct pg *pg, int64_t *usec, struct error *error)
{
    return pg_query_int(pg, "SELECT " PG_USEC("now()"), NULL, usec, error);
}
