/* SPDX-License-Identifier: Apache-2.0 */
/* Settings for the planner of PostgreSQL. */
#ifndef MODEL_PLAN_H
#define MODEL_PLAN_H

#include "client/pg.h"

/* For the rest of the transaction, joins read the rows of a batch in their order, and look each one
   up in an index. This is fast, because batches are small and tables large, even while a growing
   table has outdated statistics. And rows are locked in the order in which a batch lists them. */
bool plan_row_by_row(struct pg *pg, struct error *error) MUST_CHECK;

#endif
