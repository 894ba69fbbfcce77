/* SPDX-License-Identifier: Apache-2.0 */
#include "tagstore/snuba/translate.h"

#include "model/environment.h"
#include "model/group.h"
#include "model/grouphash.h"
#include "model/server_clock.h"

#define USEC_PER_DAY (86400 * USEC_PER_SECOND)
#define GROUP_MARGIN (300 * USEC_PER_SECOND) /* a group's first_seen may lag behind its events */
#define LAST_MARGIN  USEC_PER_DAY            /* its last_seen lags by the length of a queue */

/* ---- ids ---- */

static bool copy_ids(const int64_t *ids, size_t count, struct arena *arena, const int64_t **copy,
                     struct error *error)
{
    int64_t *list = arena_array(arena, count + 1, sizeof(*list), error);
    for (size_t i = 0; list != NULL && i < count; i++)
        list[i] = ids[i];
    *copy = list;
    return list != NULL;
}

static bool translate_environment(struct pg *pg, int64_t environment_id, struct arena *arena,
                                  struct snuba_query *query, struct error *error)
{
    query->environments = NULL;
    query->environment_count = 0;
    if (environment_id == 0)
        return true;
    const char **names = arena_array(arena, 1, sizeof(*names), error);
    if (names == NULL || !environment_read_name(pg, environment_id, arena, &names[0], error))
        return false;
    if (names[0] == NULL)
        return error_set(error, ERROR_NO_SUBJECT, "Requested environment does not exist");
    query->environments = names;
    query->environment_count = 1;
    return true;
}

/* ---- hashes ---- */

/* `hashes` are sorted by group. */
static bool set_issues(const struct group_hash *hashes, size_t count, struct arena *arena,
                       struct snuba_query *query, struct error *error)
{
    struct snuba_group_hashes *issues = arena_array(arena, count + 1, sizeof(*issues), error);
    const char **texts = arena_array(arena, count + 1, sizeof(*texts), error);
    size_t groups = 0;
    if (issues == NULL || texts == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        texts[i] = hashes[i].hash;
        if (i == 0 || hashes[i].group_id != hashes[i - 1].group_id)
            issues[groups++] =
                (struct snuba_group_hashes){.group_id = hashes[i].group_id, .hashes = &texts[i]};
        issues[groups - 1].count++;
    }
    query->issues = issues;
    query->issue_count = groups;
    return true;
}

static bool report_too_many_hashes(struct error *error)
{
    return error_set(error, ERROR_EXPORT,
                     "The issue has too many group hashes (over %d) to ask Snuba for its events",
                     SNUBA_HASHES_MAX);
}

/* Reads the hashes of the query's groups, if the dialect needs them. */
static bool translate_groups(const struct snuba_translator *translator, struct arena *arena,
                             struct snuba_query *query, struct error *error)
{
    const struct hashes_of_groups wanted = {.group_ids = query->group_ids,
                                            .group_count = query->group_count,
                                            .max = SNUBA_HASHES_MAX + 1};
    struct group_hashes hashes;
    query->issues = NULL;
    query->issue_count = 0;
    if (!translator->dialect->needs_hashes || query->group_count == 0)
        return true;
    if (query->group_count > SNUBA_GROUPS_MAX)
        return error_set(error, ERROR_TOO_LARGE, "more than %d issues", SNUBA_GROUPS_MAX);
    if (!grouphash_of_groups(translator->pg, &wanted, arena, &hashes, error))
        return false;
    if (hashes.count > SNUBA_HASHES_MAX)
        return query->group_count == 1
                   ? report_too_many_hashes(error)
                   : error_set(error, ERROR_TOO_LARGE, "the issues have over %d group hashes",
                               SNUBA_HASHES_MAX);
    return set_issues(hashes.items, hashes.count, arena, query, error);
}

/* How many of the hashes fit into a request: those of the first groups. `complete`: all hashes of
   the last group are in the list. */
static size_t hashes_at_once(const struct group_hash *hashes, size_t count, bool complete)
{
    size_t groups = 0;
    size_t start = 0; /* of the current group */
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && hashes[i].group_id == hashes[i - 1].group_id)
            continue;
        start = i;
        if (groups++ == SNUBA_GROUPS_MAX)
            return start;
    }
    return complete ? count : start;
}

bool snuba_translate_next_groups(struct pg *pg, int64_t *last, struct arena *arena,
                                 struct snuba_query *query, struct error *error)
{
    const struct hashes_of_project wanted = {
        .project_id = query->project_ids[0], .after = *last, .max = SNUBA_HASHES_MAX + 1};
    struct group_hashes found;
    if (!grouphash_of_project(pg, &wanted, arena, &found, error))
        return false;
    bool complete = found.count <= SNUBA_HASHES_MAX;
    size_t count = hashes_at_once(found.items, found.count, complete);
    if (count == 0 && !complete)
        return report_too_many_hashes(error);
    if (count > 0)
        *last = found.items[count - 1].group_id;
    return set_issues(found.items, count, arena, query, error);
}

/* ---- time ---- */

static int64_t whole_second(int64_t usec)
{
    int64_t rest = usec % USEC_PER_SECOND;
    return usec - rest - (rest < 0 ? USEC_PER_SECOND : 0);
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static bool set_time_range(const struct snuba_translator *translator, struct snuba_query *query,
                           struct error *error)
{
    int64_t retention_days = translator->retention_days;
    int64_t now = 0;
    int64_t first_seen = USEC_NONE;
    int64_t last_seen = USEC_NONE;
    if (!server_clock_now(translator->pg, &now, error) ||
        (query->group_count == 1 &&
         !group_read_seen(translator->pg, query->group_ids[0], &first_seen, &last_seen, error)))
        return false;
    now = whole_second(now);
    query->from = 0;
    query->to = now + USEC_PER_SECOND;
    if (retention_days > 0 && retention_days < now / USEC_PER_DAY)
        query->from = now - retention_days * USEC_PER_DAY;
    if (first_seen != USEC_NONE)
        query->from = later(query->from, whole_second(first_seen) - GROUP_MARGIN);
    bool is_over = last_seen != USEC_NONE && last_seen < query->from - LAST_MARGIN;
    return (query->from < query->to && !is_over) ||
           error_set(error, ERROR_EXPORT, "%s", SNUBA_OUT_OF_RANGE);
}

bool snuba_translate(const struct snuba_translator *translator, const struct snuba_scope *scope,
                     struct arena *arena, struct snuba_query *query, struct error *error)
{
    query->referrer = scope->referrer;
    query->project_count = scope->project_count;
    query->group_count = scope->group_count;
    return copy_ids(scope->project_ids, scope->project_count, arena, &query->project_ids, error) &&
           copy_ids(scope->group_ids, scope->group_count, arena, &query->group_ids, error) &&
           translate_environment(translator->pg, scope->environment_id, arena, query, error) &&
           translate_groups(translator, arena, query, error) &&
           set_time_range(translator, query, error);
}
