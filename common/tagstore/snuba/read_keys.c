/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads keys.
 *
 * Tested by tests/system/test_snuba_tagstore.py and tests/system/test_tagstore_methods.py.
 */
#include "base/clock.h"
#include "base/text.h"
#include "tagstore/label.h"
#include "tagstore/snuba/question.h"
#include "tagstore/snuba/top_values.h"

#define ARENA_MAX ((size_t)64 << 20)

static bool report_no_such_key(int64_t group_id, struct error *error)
{
    return error_set(error, ERROR_NOT_FOUND, "the %s has no such tag key",
                     group_id == 0 ? "project" : "group");
}

/* ---- one key ---- */

struct key_question {
    const char *referrer;
    bool with_values; /* also asks for values_seen */
    enum snuba_function values;
    int64_t patience_ms; /* as in struct snuba_query */
};

/* Reads the sums of the place's key. They are 0 if it does not exist. */
static bool ask_key(struct tagstore *store, const struct tag_place *place,
                    const struct key_question *asked, struct tag_key *tag_key, struct error *error)
{
    struct snuba_question question;
    struct snuba_answer answer;
    struct snuba_aggregation sums[2] = {snuba_count[0],
                                        {.function = asked->values, .alias = "values_seen"}};
    const struct snuba_scope scope = snuba_scope_of(place, asked->referrer);
    struct arena *arena = arena_new(ARENA_MAX);
    bool done = arena != NULL || error_no_memory(error);
    done = done && snuba_question_start(&question, store, &scope, arena, error) &&
           snuba_question_has_key(&question, place->key, &sums[1].column, error);
    if (done) {
        question.query.aggregations = sums;
        question.query.aggregation_count = asked->with_values ? 2 : 1;
        question.query.patience_ms = asked->patience_ms;
        done = snuba_ask(question.store->client, &question.query, arena, &answer, error);
    }
    *tag_key = (struct tag_key){.key = place->key, .group_id = place->group_id};
    if (done)
        tag_key->times_seen = snuba_cell(&answer, 0, 0)->number;
    if (done && asked->with_values)
        tag_key->values_seen = snuba_cell(&answer, 0, 1)->number;
    arena_free(arena);
    return done;
}

bool snuba_has_tag_key(struct tagstore *store, const struct tag_place *place, bool *has,
                       struct error *error)
{
    static const struct key_question asked = {.referrer = "tagstore.get_tag_key"};
    struct tag_key tag_key;
    bool done = ask_key(store, place, &asked, &tag_key, error);
    *has = tag_key.times_seen > 0;
    return done;
}

bool snuba_get_group_tag_key(struct tagstore *store, const struct tag_place *place,
                             struct tag_key *tag_key, struct error *error)
{
    static const struct key_question asked = {
        .referrer = "tagstore.get_group_tag_key", .with_values = true, .values = SNUBA_UNIQ};
    return ask_key(store, place, &asked, tag_key, error) &&
           (tag_key->times_seen > 0 || report_no_such_key(place->group_id, error));
}

bool snuba_get_group_tag_value_count(struct tagstore *store, const struct tag_place *place,
                                     int64_t *count, struct error *error)
{
    static const struct key_question asked = {.referrer = "tagstore.get_group_tag_value_count"};
    struct tag_key tag_key;
    bool done = ask_key(store, place, &asked, &tag_key, error);
    *count = tag_key.times_seen;
    return done;
}

/* For a group without values: succeeds if the project has the key, in the time that is left. */
static bool find_project_key(struct tagstore *store, const struct tag_place *place,
                             int64_t deadline_ms, struct error *error)
{
    struct key_question asked = {.referrer = "tagstore.get_tag_key",
                                 .patience_ms = deadline_ms - clock_monotonic_ms()};
    struct tag_place project = *place;
    struct tag_key tag_key;
    project.group_id = 0;
    if (asked.patience_ms < 1)
        asked.patience_ms = 1;
    return ask_key(store, &project, &asked, &tag_key, error) &&
           (tag_key.times_seen > 0 || report_no_such_key(0, error));
}

bool snuba_estimate_values(struct tagstore *store, const struct tag_place *place, int64_t *count,
                           struct error *error)
{
    static const struct key_question asked = {.referrer = "tagstore.estimate_values",
                                              .with_values = true,
                                              .values = SNUBA_UNIQ_ABOUT,
                                              .patience_ms = TAGSTORE_ESTIMATE_MS};
    int64_t deadline_ms = clock_monotonic_ms() + TAGSTORE_ESTIMATE_MS;
    struct tag_key tag_key;
    if (!ask_key(store, place, &asked, &tag_key, error))
        return false;
    *count = tag_key.values_seen;
    return *count > 0 || find_project_key(store, place, deadline_ms, error);
}

/* ---- all keys ---- */

static bool is_unlisted(const char *key)
{
    for (size_t i = 0; i < TAG_UNLISTED_KEYS; i++)
        if (text_equal(key, tag_unlisted_keys[i]))
            return true;
    return false;
}

static int compare_keys(const void *a, const void *b)
{
    const struct tag_key *x = a;
    const struct tag_key *y = b;
    int order = (y->times_seen > x->times_seen) - (y->times_seen < x->times_seen);
    return order != 0 ? order : strcmp(x->key, y->key);
}

/* The cells are the key, its events and its values. */
static bool take_keys(const struct snuba_question *question, const struct snuba_rows *rows,
                      int64_t group_id, struct tag_key_list *keys, struct error *error)
{
    const struct snuba_dialect *dialect = snuba_client_dialect(question->store->client);
    keys->items = arena_array(keys->arena, rows->count + 1, sizeof(*keys->items), error);
    if (keys->items == NULL)
        return false;
    for (size_t i = 0; i < rows->count; i++) {
        const struct snuba_cell *row = snuba_row(rows, i);
        const char *key = snuba_dialect_tag_key(dialect, row[0].text);
        if (!is_unlisted(key))
            keys->items[keys->count++] = (struct tag_key){.key = key,
                                                          .group_id = group_id,
                                                          .times_seen = row[1].number,
                                                          .values_seen = row[2].number};
    }
    qsort(keys->items, keys->count, sizeof(*keys->items), compare_keys);
    return true;
}

bool snuba_get_group_tag_keys(struct tagstore *store, const struct tag_place *place, int64_t limit,
                              struct tag_key_list *keys, struct error *error)
{
    static const struct snuba_column key = {.kind = SNUBA_ALL_TAGS_KEY};
    static const struct snuba_aggregation sums[] = {
        {.function = SNUBA_COUNT, .alias = "count"},
        {.function = SNUBA_UNIQ, .column = {.kind = SNUBA_ALL_TAGS_VALUE}, .alias = "values_seen"}};
    struct snuba_question question;
    struct snuba_rows rows;
    const struct snuba_scope scope = snuba_scope_of(place, "tagstore.get_group_tag_keys");
    if (!snuba_question_start(&question, store, &scope, keys->arena, error) ||
        !snuba_question_text(&question, (struct snuba_column){.kind = SNUBA_ALL_TAGS_VALUE},
                             SNUBA_NOT_EQUAL, "", error))
        return false;
    question.query.groupby = &key;
    question.query.groupby_count = 1;
    question.query.aggregations = sums;
    question.query.aggregation_count = ARRAY_LENGTH(sums);
    if (!snuba_question_all(&question, snuba_compare_texts, &rows, error) ||
        !take_keys(&question, &rows, place->group_id, keys, error))
        return false;
    if (limit > 0 && keys->count > (size_t)limit)
        keys->count = (size_t)limit;
    return true;
}

/* ---- all keys with their top values ---- */

bool snuba_get_group_tag_keys_and_top_values(struct tagstore *store, const struct tag_place *place,
                                             struct tag_key_summary_list *keys, struct error *error)
{
    struct tag_key_list found = {.arena = keys->arena};
    if (!snuba_get_group_tag_keys(store, place, 0, &found, error))
        return false;
    keys->items = arena_array(keys->arena, found.count + 1, sizeof(*keys->items), error);
    if (keys->items == NULL)
        return false;
    for (size_t i = 0; i < found.count; i++)
        keys->items[i] = (struct tag_key_summary){.key = found.items[i].key,
                                                  .unique_values = found.items[i].values_seen,
                                                  .total_values = found.items[i].times_seen,
                                                  .top_values = {.arena = keys->arena}};
    keys->count = found.count;
    return snuba_read_top_values(store, place, keys, error);
}
