/* SPDX-License-Identifier: Apache-2.0 */
/* What time it is at the database: the clock that dates rows. */
#ifndef MODEL_SERVER_CLOCK_H
#define MODEL_SERVER_CLOCK_H

#include "client/pg.h"

bool server_clock_now(struct pg *pg, int64_t *usec, struct error *error) MUST_CHECK;

#endif
