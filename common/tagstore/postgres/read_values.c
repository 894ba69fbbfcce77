/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads values and releases. All values of a key are read by the cursor (cursor.c).
 *
 * Tested by tests/system/test_tagstore_methods.py and tests/system/test_tagstore_plans.py.
 */
#include "tagstore/postgres/operations.h"
#include "tagstore/postgres/question.h"
#include "tagstore/postgres/read_sql.h"

/* ---- one value ---- */

#define ONE_VALUE                                                                                  \
    " FROM tagstore_tagkey k JOIN tagstore_tagvalue v"                                             \
    " ON v.project_id = k.project_id AND v.key_id = k.id AND v.value = $4::text"
#define OF_GROUPS                                                                                  \
    " JOIN tagstore_grouptagvalue g ON g.project_id = k.project_id AND g.key_id = k.id"            \
    " AND g.value_id = v.id AND g.times_seen > 0 AND g.group_id"

static const char project_value[] =
    "SELECT " VALUE_COLUMNS ONE_VALUE " WHERE" ONE_KEY " AND v.times_seen > 0";

static const char group_value[] =
    "SELECT " GROUP_COLUMNS ONE_VALUE OF_GROUPS " = $5::bigint WHERE" ONE_KEY;

bool postgres_get_group_tag_value(struct tagstore *store, const struct tag_place *place,
                                  struct group_tag_value *row, struct error *error)
{
    struct question question;
    struct pg_result *result = NULL;
    question_init(&question);
    question_add_key(&question, place);
    question_add_text(&question, place->value);
    if (place->group_id != 0)
        question_add_int(&question, place->group_id);
    bool done = question_ask(&question, store, place->group_id == 0 ? project_value : group_value,
                             &result, error);
    if (done && pg_rows(result) == 0)
        done = error_set(error, ERROR_NOT_FOUND, "the %s has no such tag value",
                         place->group_id == 0 ? "project" : "group");
    if (done) {
        question_take_sums(result, 0, row);
        row->group_id = place->group_id;
        row->value = place->value;
        row->value_size = strlen(place->value);
    }
    question_free(&question);
    pg_result_free(result);
    return done;
}

/* ---- lists ---- */

static const char group_list_value[] =
    "SELECT " GROUP_COLUMNS ", g.group_id" ONE_VALUE OF_GROUPS " = ANY ($5::bigint[])"
    " WHERE" ONE_KEY " ORDER BY g.group_id";

bool postgres_get_group_list_tag_value(struct tagstore *store, const struct tag_place *place,
                                       const struct tag_id_list *group_ids,
                                       struct group_tag_value_list *rows, struct error *error)
{
    struct question question;
    struct pg_result *result = NULL;
    question_init(&question);
    question_add_key(&question, place);
    question_add_text(&question, place->value);
    question_add_ints(&question, group_ids->items, group_ids->count);
    bool done = question_ask(&question, store, group_list_value, &result, error) &&
                question_take_values(result, rows, error);
    question_free(&question);
    pg_result_free(result);
    return done;
}

static const char top_values[] =
    "SELECT " VALUE_COLUMNS ", $4::bigint FROM tagstore_tagkey k CROSS JOIN" TOP_VALUES
    " WHERE" ONE_KEY
    " ORDER BY v.times_seen DESC, v.last_seen DESC NULLS LAST, v.value COLLATE \"C\"";

bool postgres_get_top_group_tag_values(struct tagstore *store, const struct tag_place *place,
                                       int64_t limit, struct group_tag_value_list *rows,
                                       struct error *error)
{
    struct question question;
    struct pg_result *result = NULL;
    question_init(&question);
    question_add_key(&question, place);
    question_add_int(&question, place->group_id);
    question_add_limit(&question, limit);
    bool done = question_ask(&question, store, top_values, &result, error) &&
                question_take_values(result, rows, error);
    question_free(&question);
    pg_result_free(result);
    return done;
}

/* ---- releases ---- */

static const char RELEASE_KEY[] = "sentry:release";

#define PROJECT_RELEASE(column, direction)                                                         \
    "SELECT v.value FROM tagstore_tagkey k CROSS JOIN LATERAL"                                     \
    " (SELECT v.value FROM" PROJECT_VALUES " AND v." column " IS NOT NULL"                         \
    "  ORDER BY v." column direction ", v.value COLLATE \"C\" LIMIT 1) v"                          \
    " WHERE" ONE_KEY

#define GROUP_RELEASE(column, direction)                                                           \
    "SELECT v.value FROM tagstore_tagkey k CROSS JOIN LATERAL"                                     \
    " (SELECT g.value_id FROM" GROUP_VALUES " AND g." column " IS NOT NULL"                        \
    "  ORDER BY g." column direction " FETCH FIRST 1 ROWS WITH TIES) g"                            \
    " JOIN tagstore_tagvalue v ON v.id = g.value_id WHERE" ONE_KEY                                 \
    " ORDER BY v.value COLLATE \"C\" LIMIT 1"

static const char project_first_release[] = PROJECT_RELEASE("first_seen", "");
static const char project_last_release[] = PROJECT_RELEASE("last_seen", " DESC");
static const char group_first_release[] = GROUP_RELEASE("first_seen", "");
static const char group_last_release[] = GROUP_RELEASE("last_seen", " DESC");

enum release { FIRST, LAST };

static const char *release_sql(const struct tag_place *place, enum release which)
{
    if (place->group_id != 0)
        return which == LAST ? group_last_release : group_first_release;
    return which == LAST ? project_last_release : project_first_release;
}

static bool query_release(struct tagstore *store, const struct tag_place *asked, enum release which,
                          struct pg_result **result, struct error *error)
{
    const struct tag_place place = {.project_id = asked->project_id, .key = RELEASE_KEY};
    struct question question;
    question_init(&question);
    question_add_key(&question, &place);
    if (asked->group_id != 0)
        question_add_int(&question, asked->group_id);
    bool done = question_ask(&question, store, release_sql(asked, which), result, error);
    question_free(&question);
    return done;
}

/* Frees the result. */
static bool take_release(struct pg_result *result, struct arena *arena, const char **version,
                         struct error *error)
{
    bool found = pg_rows(result) > 0;
    if (found) {
        const char *text = pg_text(result, 0, 0);
        *version = arena_copy(arena, text, strlen(text), error);
    }
    pg_result_free(result);
    return !found || *version != NULL;
}

bool postgres_get_first_release(struct tagstore *store, const struct tag_place *place,
                                struct arena *arena, const char **version, struct error *error)
{
    struct pg_result *result = NULL;
    return query_release(store, place, FIRST, &result, error) &&
           take_release(result, arena, version, error);
}

bool postgres_get_last_release(struct tagstore *store, const struct tag_place *place,
                               struct arena *arena, const char **version, struct error *error)
{
    struct pg_result *result = NULL;
    return query_release(store, place, LAST, &result, error) &&
           take_release(result, arena, version, error);
}

static const char release_tags[] =
    "SELECT " VALUE_COLUMNS ", NULL FROM (SELECT v.value, sum(v.times_seen)::bigint AS times_seen,"
    "  min(v.first_seen) AS first_seen, max(v.last_seen) AS last_seen"
    "  FROM tagstore_tagkey k JOIN tagstore_tagvalue v"
    "  ON v.project_id = k.project_id AND v.key_id = k.id AND v.value = ANY ($4::text[])"
    "  AND v.value <> '' AND v.times_seen > 0"
    "  WHERE k.project_id = ANY ($1::bigint[]) AND k.environment_id = $2::bigint"
    "  AND k.key = $3::text AND k.status = 0 GROUP BY v.value) v ORDER BY v.value COLLATE \"C\"";

bool postgres_get_release_tags(struct tagstore *store, const struct release_query *query,
                               struct group_tag_value_list *rows, struct error *error)
{
    struct question question;
    struct pg_result *result = NULL;
    question_init(&question);
    question_add_ints(&question, query->project_ids.items, query->project_ids.count);
    question_add_int(&question, query->environment_id);
    question_add_text(&question, RELEASE_KEY);
    question_add_texts(&question, query->versions, query->version_count);
    bool done = question_ask(&question, store, release_tags, &result, error) &&
                question_take_values(result, rows, error);
    question_free(&question);
    pg_result_free(result);
    return done;
}
