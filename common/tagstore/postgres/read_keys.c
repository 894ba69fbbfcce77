/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads keys. How often a key was seen is the sum over its values: no row counts it.
 *
 * Tested by tests/system/test_tagstore_methods.py and tests/system/test_tagstore_plans.py.
 */
#include "base/text.h"
#include "tagstore/label.h"
#include "tagstore/postgres/operations.h"
#include "tagstore/postgres/question.h"
#include "tagstore/postgres/read_sql.h"

static bool report_no_such_key(int64_t group_id, struct error *error)
{
    return error_set(error, ERROR_NOT_FOUND, "the %s has no such tag key",
                     group_id == 0 ? "project" : "group");
}

/* ---- one key ---- */

static const char project_key[] =
    "SELECT s.times_seen, s.values_seen FROM tagstore_tagkey k CROSS JOIN" PROJECT_SUMS
    " WHERE" ONE_KEY;

static const char group_key[] =
    "SELECT s.times_seen, s.values_seen FROM tagstore_tagkey k CROSS JOIN" GROUP_SUMS
    " WHERE" ONE_KEY;

/* Answers the sums of the place's key; no row if the key does not exist. */
static bool query_key(struct tagstore *store, const struct tag_place *place,
                      struct pg_result **result, struct error *error)
{
    struct question question;
    question_init(&question);
    question_add_key(&question, place);
    if (place->group_id != 0)
        question_add_int(&question, place->group_id);
    bool done = question_ask(&question, store, place->group_id == 0 ? project_key : group_key,
                             result, error);
    question_free(&question);
    return done;
}

bool postgres_get_group_tag_key(struct tagstore *store, const struct tag_place *place,
                                struct tag_key *tag_key, struct error *error)
{
    struct pg_result *result = NULL;
    if (!query_key(store, place, &result, error))
        return false;
    *tag_key = (struct tag_key){.key = place->key, .group_id = place->group_id};
    if (pg_rows(result) > 0) {
        tag_key->times_seen = pg_int(result, 0, 0);
        tag_key->values_seen = pg_int(result, 0, 1);
    }
    pg_result_free(result);
    return tag_key->values_seen > 0 || report_no_such_key(place->group_id, error);
}

bool postgres_get_group_tag_value_count(struct tagstore *store, const struct tag_place *place,
                                        int64_t *count, struct error *error)
{
    struct pg_result *result = NULL;
    if (!query_key(store, place, &result, error))
        return false;
    *count = pg_rows(result) > 0 ? pg_int(result, 0, 0) : 0;
    pg_result_free(result);
    return true;
}

/* ---- all keys ---- */

#define LISTED   " AND s.values_seen > 0 AND k.key <> ALL ($3::text[])"
#define IN_ORDER " ORDER BY s.times_seen DESC, k.key COLLATE \"C\""

/* OFFSET 0 makes this one index lookup per key of the group. A join may read the keys of all
   projects. */
#define GROUP_KEYS                                                                                 \
    " tagstore_grouptagkey gk CROSS JOIN LATERAL (SELECT k.id, k.key FROM tagstore_tagkey k"       \
    "  WHERE k.id = gk.key_id AND" VISIBLE " OFFSET 0) k CROSS JOIN" GROUP_SUMS
#define OF_GROUP " WHERE gk.project_id = $1::bigint AND gk.group_id = $4::bigint" LISTED

static const char project_keys[] =
    "SELECT k.key, s.times_seen, s.values_seen, NULL FROM tagstore_tagkey k"
    " CROSS JOIN" PROJECT_SUMS " WHERE" VISIBLE LISTED IN_ORDER " LIMIT $4::bigint";

static const char group_keys[] =
    "SELECT k.key, s.times_seen, s.values_seen, gk.group_id FROM" GROUP_KEYS OF_GROUP IN_ORDER
    " LIMIT $5::bigint";

/* Project, environment, keys to leave out and, if there is one, the group. */
static void add_scope(struct question *question, const struct tag_place *place)
{
    question_add_int(question, place->project_id);
    question_add_int(question, place->environment_id);
    question_add_texts(question, tag_unlisted_keys, TAG_UNLISTED_KEYS);
    if (place->group_id != 0)
        question_add_int(question, place->group_id);
}

static bool read_keys(const struct pg_result *result, struct tag_key_list *keys,
                      struct error *error)
{
    keys->count = (size_t)pg_rows(result);
    keys->items = arena_array(keys->arena, keys->count, sizeof(*keys->items), error);
    for (int i = 0; keys->items != NULL && i < pg_rows(result); i++) {
        const char *key = pg_text(result, i, 0);
        keys->items[i] = (struct tag_key){.key = arena_copy(keys->arena, key, strlen(key), error),
                                          .times_seen = pg_int(result, i, 1),
                                          .values_seen = pg_int(result, i, 2),
                                          .group_id = pg_int(result, i, 3)};
        if (keys->items[i].key == NULL)
            return false;
    }
    return keys->items != NULL;
}

bool postgres_get_group_tag_keys(struct tagstore *store, const struct tag_place *place,
                                 int64_t limit, struct tag_key_list *keys, struct error *error)
{
    struct question question;
    struct pg_result *result = NULL;
    question_init(&question);
    add_scope(&question, place);
    question_add_limit(&question, limit);
    bool done = question_ask(&question, store, place->group_id == 0 ? project_keys : group_keys,
                             &result, error) &&
                read_keys(result, keys, error);
    question_free(&question);
    pg_result_free(result);
    return done;
}

/* ---- keys and their top values ---- */

/* One row per value. The rows of a key are neighbours. */
static const char keys_and_top_values[] =
    "SELECT " VALUE_COLUMNS ", k.key, s.times_seen, s.values_seen FROM" GROUP_KEYS
    " CROSS JOIN" TOP_VALUES OF_GROUP IN_ORDER
    ", v.times_seen DESC, v.last_seen DESC NULLS LAST, v.value COLLATE \"C\"";

enum { SUMMARY_KEY = 4, SUMMARY_TOTAL, SUMMARY_UNIQUE };

static bool start_summary(const struct pg_result *result, int row, struct arena *arena,
                          struct tag_key_summary *summary, struct error *error)
{
    const char *key = pg_text(result, row, SUMMARY_KEY);
    *summary = (struct tag_key_summary){
        .key = arena_copy(arena, key, strlen(key), error),
        .total_values = pg_int(result, row, SUMMARY_TOTAL),
        .unique_values = pg_int(result, row, SUMMARY_UNIQUE),
        .top_values = {.arena = arena,
                       .items = arena_array(arena, TAGSTORE_TOP_VALUES,
                                            sizeof(struct group_tag_value), error)}};
    return summary->key != NULL && summary->top_values.items != NULL;
}

static bool is_next_key(const struct pg_result *result, int row)
{
    return row == 0 ||
           !text_equal(pg_text(result, row - 1, SUMMARY_KEY), pg_text(result, row, SUMMARY_KEY));
}

static bool read_summaries(const struct pg_result *result, int64_t group_id,
                           struct tag_key_summary_list *keys, struct error *error)
{
    keys->items = arena_array(keys->arena, (size_t)pg_rows(result), sizeof(*keys->items), error);
    if (keys->items == NULL)
        return false;
    for (int i = 0; i < pg_rows(result); i++) {
        if (is_next_key(result, i) &&
            !start_summary(result, i, keys->arena, &keys->items[keys->count++], error))
            return false;
        struct group_tag_value_list *top = &keys->items[keys->count - 1].top_values;
        struct group_tag_value *value = &top->items[top->count++];
        if (!question_take_value(result, i, keys->arena, value, error))
            return false;
        value->group_id = group_id;
    }
    return true;
}

bool postgres_get_group_tag_keys_and_top_values(struct tagstore *store,
                                                const struct tag_place *place,
                                                struct tag_key_summary_list *keys,
                                                struct error *error)
{
    struct question question;
    struct pg_result *result = NULL;
    question_init(&question);
    add_scope(&question, place);
    question_add_int(&question, TAGSTORE_TOP_VALUES);
    bool done = question_ask(&question, store, keys_and_top_values, &result, error) &&
                read_summaries(result, place->group_id, keys, error);
    question_free(&question);
    pg_result_free(result);
    return done;
}
