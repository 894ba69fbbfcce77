/* SPDX-License-Identifier: Apache-2.0 */
/* Environments as events make them. */
#ifndef MODEL_ENVIRONMENT_H
#define MODEL_ENVIRONMENT_H

#include "base/arena.h"
#include "client/pg.h"
#include "model/named_row.h"

#define ENVIRONMENT_NAME_MAX 64 /* characters */

/* At most 64 characters, none of newline, return, form feed and slash. "" is a name. */
bool environment_is_valid_name(const char *name);

/* Fills the ids of `rows` (an organization's names, sorted by named_rows_sort), making the rows
   that are not there. */
bool environment_get_or_create(struct pg *pg, struct named_row *rows, size_t count,
                               struct error *error) MUST_CHECK;

/* Sees to it that project i has environment i. Pairs may repeat. */
bool environment_link_projects(struct pg *pg, const int64_t *project_ids,
                               const int64_t *environment_ids, size_t count,
                               struct error *error) MUST_CHECK;

/* The name of an environment, of whatever organization, in `arena`; NULL when there is none. */
bool environment_read_name(struct pg *pg, int64_t id, struct arena *arena, const char **name,
                           struct error *error) MUST_CHECK;

#endif
