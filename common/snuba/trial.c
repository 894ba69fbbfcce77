/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/system/test_snuba_export.py. */
#include "snuba/trial.h"

#include "base/text.h"
#include "snuba/snuba_client.h"

#define ANSWER_MAX ((size_t)1024 * 1024)

enum { PATIENCE_MS = 5000 }; /* for each of the two questions */

static int64_t whole_second(int64_t usec)
{
    return usec - usec % USEC_PER_SECOND;
}

static bool send_trial_query(struct snuba_client *client, struct error *error)
{
    static const int64_t project_ids[] = {1};
    static const char *const hashes[] = {"00000000000000000000000000000000"};
    static const struct snuba_group_hashes issues[] = {
        {.group_id = 1, .hashes = hashes, .count = ARRAY_LENGTH(hashes)}};
    static const struct snuba_column group = {.kind = SNUBA_GROUP_ID};
    static const struct snuba_aggregation count = {.function = SNUBA_COUNT, .alias = "count"};
    const int64_t now = whole_second(clock_wall_usec());
    const struct snuba_query query = {.referrer = "exportd.check",
                                      .project_ids = project_ids,
                                      .project_count = ARRAY_LENGTH(project_ids),
                                      .from = now - 60 * USEC_PER_SECOND,
                                      .to = now,
                                      .groupby = &group,
                                      .groupby_count = 1,
                                      .aggregations = &count,
                                      .aggregation_count = 1,
                                      .limit = 1,
                                      .issues = issues,
                                      .issue_count = ARRAY_LENGTH(issues),
                                      .patience_ms = PATIENCE_MS};
    struct snuba_answer answer;
    struct arena *arena = arena_new(ANSWER_MAX);
    bool done =
        arena != NULL ? snuba_ask(client, &query, arena, &answer, error) : error_no_memory(error);
    arena_free(arena);
    return done;
}

static bool try_dialect(const char *url, const struct snuba_dialect *dialect, struct error *error)
{
    struct snuba_client *client = NULL;
    bool done = snuba_client_new(url, dialect, &client, error) && send_trial_query(client, error);
    snuba_client_free(client);
    return done;
}

/* A server may answer a query of the other dialect with any error. So after an error the query is
   sent again in the other dialect. */
bool snuba_trial(const char *url, const struct snuba_dialect *dialect, struct error *error)
{
    struct error ignored;
    const char *other = text_equal(dialect->name, "2018") ? "2020" : "2018";
    if (try_dialect(url, dialect, error))
        return true;
    if (!try_dialect(url, snuba_dialect_find(other), &ignored))
        return false;
    return error_set(error, ERROR_USAGE,
                     "the server speaks the dialect %s, EXPORTD_SNUBA_DIALECT is %s", other,
                     dialect->name);
}
