/* SPDX-License-Identifier: Apache-2.0 */
/* Environments, which events create. */
#ifndef MODEL_ENVIRONMENT_H
#define MODEL_ENVIRONMENT_H

#include "base/arena.h"
#include "client/pg.h"
#include "model/named_row.h"

#define ENVIRONMENT_NAME_MAX 64 /* characters */

/* Whether the name has at most 64 characters, and no newline, return, form feed or slash. "" is a
   valid name. */
bool environment_is_valid_name(const char *name);

/* Fills in the ids of `rows` (names of organizations, sorted by named_rows_sort), and inserts the
   rows that do not exist. */
bool environment_get_or_create(struct pg *pg, struct named_row *rows, size_t count,
                               struct error *error) MUST_CHECK;

/* Links project i with environment i, unless it is linked already. Pairs may repeat. */
bool environment_link_projects(struct pg *pg, const int64_t *project_ids,
                               const int64_t *environment_ids, size_t count,
                               struct error *error) MUST_CHECK;

/* Reads the name of an environment of any organization, into `arena`; NULL if there is none. */
bool environment_read_name(struct pg *pg, int64_t id, struct arena *arena, const char **name,
                           struct error *error) MUST_CHECK;

#endif
