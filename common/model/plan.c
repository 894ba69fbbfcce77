/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/system/test_tagstore_plans.py. */
#include "model/plan.h"

bool plan_row_by_row(struct pg *pg, struct error *error)
{
    return pg_execute(pg,
                      "SELECT set_config('enable_hashjoin', 'off', true),"
                      " set_config('enable_mergejoin', 'off', true),"
                      " set_config('enable_seqscan', 'off', true)",
                      NULL, NULL, error);
}
