/* SPDX-License-Identifier: Apache-2.0 */
/* Whose database this is: what a Sentry manages by itself, exportd does not change. */
#ifndef MODEL_SENTRY_DATABASE_H
#define MODEL_SENTRY_DATABASE_H

#include "client/pg.h"

/* Looks where the role's search path leads, and in Sentry's usual schema. */
#define DATABASE_IS_SENTRYS                                                                        \
    "coalesce(to_regclass('django_migrations'), to_regclass('public.django_migrations'),"          \
    " to_regclass('south_migrationhistory'), to_regclass('public.south_migrationhistory'))"        \
    " IS NOT NULL"

/* Whether this is the database of a Sentry: it has a table of Django's migrations, or in older
   versions of South's. */
bool database_is_sentrys(struct pg *pg, bool *is_sentrys, struct error *error) MUST_CHECK;

#endif
