/* SPDX-License-Identifier: Apache-2.0 */
/* Whose database this is: what a Sentry manages by itself, exportd does not change. */
#ifndef MODEL_SENTRY_DATABASE_H
#define MODEL_SENTRY_DATABASE_H

#include "client/pg.h"

/* Whether this is the database of a Sentry: it has a table of Django's migrations, or in older
   versions of South's. */
bool database_is_sentrys(struct pg *pg, bool *is_sentrys, struct error *error) MUST_CHECK;

#endif
