/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From exportd's ids to what a Snuba knows: names of environments, hashes of groups (2018), and the
 * time in which it looks for events. Asks Postgres.
 */
#ifndef TAGSTORE_SNUBA_TRANSLATE_H
#define TAGSTORE_SNUBA_TRANSLATE_H

#include "client/pg.h"
#include "snuba/dialect.h"

/* Hashes of a request: some 40 bytes each, in a query that ClickHouse bounds at 256 KiB. */
#define SNUBA_HASHES_MAX 4000

/* Groups of a request that names their hashes: the server nests an expression for each, and
   ClickHouse takes some 500. */
#define SNUBA_GROUPS_MAX 250

/* The sentence for an export's user. */
#define SNUBA_OUT_OF_RANGE "Invalid date range. Please try a more recent date range."

/* Who translates, for which server. */
struct snuba_translator {
    struct pg *pg; /* the caller's */
    const struct snuba_dialect *dialect;
    int64_t retention_days; /* events older than that are not looked for; 0: no bound */
};

/* What a question is about, in ids; an empty list, or environment 0, is no filter. */
struct snuba_scope {
    const char *referrer; /* of the query: who asks */
    const int64_t *project_ids;
    size_t project_count;
    const int64_t *group_ids;
    size_t group_count;
    int64_t environment_id;
};

/* Fills the query's referrer, its filter keys (project_ids, environments, group_ids), its `issues`
   for the filtered groups, and its time range; all in `arena`, which may outlive `scope`. An export
   calls it once.

   The range: from the last `retention_days` days (0: since 1970), with
   exactly one group not from before 5 minutes ahead of its first event, to now with all of its
   second, by the clock of Postgres. Nothing is left of it also when the group's last event was more
   than a day before: what would come is an answer without a row, about an issue that has some.

   ERROR_EXPORT: there is no environment with that id (never: all environments); nothing is left of
   the range (SNUBA_OUT_OF_RANGE); one group has more than SNUBA_HASHES_MAX hashes. ERROR_TOO_LARGE:
   several groups together have, or are more than SNUBA_GROUPS_MAX (2018). */
bool snuba_translate(const struct snuba_translator *translator, const struct snuba_scope *scope,
                     struct arena *arena, struct snuba_query *query,
                     struct error *error) MUST_CHECK;

/* For questions about all groups of the query's one project, in a dialect that needs hashes: sets
   its `issues` to the project's next groups, by id, after the group *last (at first 0), and *last
   to the last of them; as many groups as the two bounds allow. issue_count is 0 when there are no
   more. ERROR_EXPORT: one group alone has more hashes than that. */
bool snuba_translate_next_groups(struct pg *pg, int64_t *last, struct arena *arena,
                                 struct snuba_query *query, struct error *error) MUST_CHECK;

#endif
