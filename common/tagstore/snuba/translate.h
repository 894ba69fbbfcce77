/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Translates exportd's ids to what Snuba knows: the names of environments, the hashes of groups
 * (2018), and the time range of events. Reads them from PostgreSQL.
 */
#ifndef TAGSTORE_SNUBA_TRANSLATE_H
#define TAGSTORE_SNUBA_TRANSLATE_H

#include "client/pg.h"
#include "snuba/dialect.h"

/* The most hashes of a request. A hash takes some 40 bytes, and ClickHouse reads at most 256 KiB of
   a query. */
#define SNUBA_HASHES_MAX 4000

/* The most groups of a request that names their hashes. The server nests an expression per group,
   and ClickHouse allows some 500. */
#define SNUBA_GROUPS_MAX 250

/* Shown to the user of an export. */
#define SNUBA_OUT_OF_RANGE "Invalid date range. Please try a more recent date range."

/* The database to read from, and the server to translate for. */
struct snuba_translator {
    struct pg *pg; /* owned by the caller */
    const struct snuba_dialect *dialect;
    int64_t retention_days; /* older events are not searched; 0: no bound */
};

/* What a question is about. An empty list and environment 0 filter nothing. */
struct snuba_scope {
    const char *referrer; /* names the method that asks */
    const int64_t *project_ids;
    size_t project_count;
    const int64_t *group_ids;
    size_t group_count;
    int64_t environment_id;
};

/* Sets the query's referrer, its filter keys (project_ids, environments, group_ids), its `issues`
   for these groups, and its time range. All is in `arena`, which may outlive `scope`. An export
   calls it once.

   The range ends with the current second, by the clock of PostgreSQL. It starts `retention_days`
   days ago (0: in 1970). With exactly one group it starts at the earliest 5 minutes before the
   group's first event. If the last event of this group was more than one day before the start, the
   range counts as empty: otherwise an issue that has events would get an answer without rows.

   ERROR_NO_SUBJECT: no environment has that id (never for 0). ERROR_EXPORT: the range is empty
   (SNUBA_OUT_OF_RANGE); a single group has more than SNUBA_HASHES_MAX hashes. ERROR_TOO_LARGE
   (2018): several groups have more hashes than that together, or are more than SNUBA_GROUPS_MAX. */
bool snuba_translate(const struct snuba_translator *translator, const struct snuba_scope *scope,
                     struct arena *arena, struct snuba_query *query,
                     struct error *error) MUST_CHECK;

/* For questions about all groups of the query's only project, in a dialect that needs hashes. Sets
   `issues` to the next groups of the project, by id, after the group *last (0 at first), and *last
   to the last of them. It takes as many groups as the two bounds allow. issue_count is 0 if there
   are no more. ERROR_EXPORT: a single group has more than SNUBA_HASHES_MAX hashes. */
bool snuba_translate_next_groups(struct pg *pg, int64_t *last, struct arena *arena,
                                 struct snuba_query *query, struct error *error) MUST_CHECK;

#endif
