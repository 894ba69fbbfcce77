/* SPDX-License-Identifier: Apache-2.0 */
/* How the server is to carry out the statements of a batch. */
#ifndef MODEL_PLAN_H
#define MODEL_PLAN_H

#include "client/pg.h"

/* Has joins of the transaction made row by row, each a look into an index, in the order of what
   comes in. Batches are small beside their tables, whose statistics are out of date while they
   grow; and rows get locked in the order in which a batch lists them. */
bool plan_row_by_row(struct pg *pg, struct error *error) MUST_CHECK;

#endif
