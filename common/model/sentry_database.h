/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the database belongs to a Sentry, whose own tables exportd does not change. */
#ifndef MODEL_SENTRY_DATABASE_H
#define MODEL_SENTRY_DATABASE_H

#include "client/pg.h"

/* An expression: looks in the schemas of the role's search path, and in Sentry's usual schema. */
#define DATABASE_IS_SENTRYS                                                                        \
    "coalesce(to_regclass('django_migrations'), to_regclass('public.django_migrations'),"          \
    " to_regclass('south_migrationhistory'), to_regclass('public.south_migrationhistory'))"        \
    " IS NOT NULL"

/* Whether this is the database of a Sentry: it has the table of Django's migrations, or of South's
   in older versions. */
bool database_is_sentrys(struct pg *pg, bool *is_sentrys, struct error *error) MUST_CHECK;

#endif
