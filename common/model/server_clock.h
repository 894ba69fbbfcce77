/* SPDX-License-Identifier: Apache-2.0 */
/* The clock of PostgreSQL, which dates rows. */
#ifndef MODEL_SERVER_CLOCK_H
#define MODEL_SERVER_CLOCK_H

#include "client/pg.h"

/* Microseconds since 1970. In a transaction, it is the time of its start. */
bool server_clock_now(struct pg *pg, int64_t *usec, struct error *error) MUST_CHECK;

#endif
