/* SPDX-License-Identifier: Apache-2.0 */
/* Takes ids before their rows are written, so that a batch need not read them back. */
#ifndef MODEL_SEQUENCE_H
#define MODEL_SEQUENCE_H

#include "client/pg.h"

/* Takes `count` ids from the sequence of `table`.id, ascending. ERROR_QUERY: there is no sequence.
 */
bool sequence_take(struct pg *pg, const char *table, int64_t *ids, size_t count,
                   struct error *error) MUST_CHECK;

#endif
