/* SPDX-License-Identifier: Apache-2.0 */
/* Releases, which events create. */
#ifndef MODEL_RELEASE_H
#define MODEL_RELEASE_H

#include "client/pg.h"
#include "model/named_row.h"

/* Fills in the ids of `rows` (versions of organizations, sorted by named_rows_sort), and inserts
   the rows that do not exist. */
bool release_get_or_create(struct pg *pg, struct named_row *rows, size_t count,
                           struct error *error) MUST_CHECK;

/* Links project i with release i, unless it is linked already. Pairs may repeat. */
bool release_link_projects(struct pg *pg, const int64_t *project_ids, const int64_t *release_ids,
                           size_t count, struct error *error) MUST_CHECK;

/* Counts a new group of project i for release i, in both tables. Pairs may repeat. */
bool release_count_new_groups(struct pg *pg, const int64_t *project_ids, const int64_t *release_ids,
                              size_t count, struct error *error) MUST_CHECK;

#endif
