/* SPDX-License-Identifier: Apache-2.0 */
/* Releases as events make them. */
#ifndef MODEL_RELEASE_H
#define MODEL_RELEASE_H

#include "client/pg.h"
#include "model/named_row.h"

/* Fills the ids of `rows` (an organization's versions, sorted by named_rows_sort), making the rows
   that are not there. */
bool release_get_or_create(struct pg *pg, struct named_row *rows, size_t count,
                           struct error *error) MUST_CHECK;

/* Sees to it that project i has release i. Pairs may repeat. */
bool release_link_projects(struct pg *pg, const int64_t *project_ids, const int64_t *release_ids,
                           size_t count, struct error *error) MUST_CHECK;

/* Counts a new group of project i for release i, in both tables. Pairs may repeat. */
bool release_count_new_groups(struct pg *pg, const int64_t *project_ids, const int64_t *release_ids,
                              size_t count, struct error *error) MUST_CHECK;

#endif
