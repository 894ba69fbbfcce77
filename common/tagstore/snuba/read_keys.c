/* Reading keys. */
#include "base/text.h"
#include "tagstore/label.h"
#include "tagstore/snuba/question.h"
#include "tagstore/snuba/top_values.h"

#define ARENA_MAX ((size_t)64 << 20)

static bool no_such_key(int64_t group_id, struct error *error)
{
    return error_set(error, ERROR_NOT_FOUND, "the %s has no such tag key",
                     group_id == 0 ? "project" : "group");
}

/* ---- one key ---- */

/* Its events, and its distinct values where `values_seen` is not NULL. */
static bool ask_key(struct tagstore *store, const struct tag_place *place, const char *referrer,
                    int64_t *times_seen, int64_t *values_seen, struct arena *arena,
                    struct error *error)
{
    struct snuba_question question;
    struct snuba_answer answer;
    struct snuba_scope scope = snuba_scope_of(place);
    struct snuba_aggregation sums[2] = {snuba_count[0],
                                        {.function = SNUBA_UNIQ, .alias = "values_seen"}};
    if (!snuba_question_start(&question, store, referrer, &scope, 2, arena, error) ||
        !snuba_question_has_key(&question, place->key, &sums[1].column, error))
        return false;
    question.query.aggregations = sums;
    question.query.aggregation_count = values_seen == NULL ? 1 : 2;
    if (!snuba_ask(question.store->client, &question.query, arena, &answer, error))
        return false;
    *times_seen = snuba_cell(&answer, 0, 0)->number;
    if (values_seen != NULL)
        *values_seen = snuba_cell(&answer, 0, 1)->number;
    return true;
}

static bool read_key(struct tagstore *store, const struct tag_place *place, const char *referrer,
                     int64_t *times_seen, int64_t *values_seen, struct error *error)
{
    struct arena *arena = arena_new(ARENA_MAX);
    bool done = arena == NULL
                    ? error_no_memory(error)
                    : ask_key(store, place, referrer, times_seen, values_seen, arena, error);
    arena_free(arena);
    return done;
}

bool snuba_has_tag_key(struct tagstore *store, int64_t project_id, int64_t environment_id,
                       const char *key, bool *has, struct error *error)
{
    int64_t times_seen = 0;
    const struct tag_place place = {
        .project_id = project_id, .environment_id = environment_id, .key = key};
    bool done = read_key(store, &place, "tagstore.get_tag_key", &times_seen, NULL, error);
    *has = done && times_seen > 0;
    return done;
}

bool snuba_get_group_tag_key(struct tagstore *store, const struct tag_place *place,
                             struct tag_key *tag_key, struct error *error)
{
    *tag_key = (struct tag_key){.key = place->key, .group_id = place->group_id};
    return read_key(store, place, "tagstore.get_group_tag_key", &tag_key->times_seen,
                    &tag_key->values_seen, error) &&
           (tag_key->times_seen > 0 || no_such_key(place->group_id, error));
}

bool snuba_get_group_tag_value_count(struct tagstore *store, const struct tag_place *place,
                                     int64_t *count, struct error *error)
{
    return read_key(store, place, "tagstore.get_group_tag_value_count", count, NULL, error);
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
                      int64_t group_id, struct tag_key **keys, size_t *count, struct error *error)
{
    const struct snuba_dialect *dialect = snuba_client_dialect(question->store->client);
    *keys = arena_array(question->arena, rows->count + 1, sizeof(**keys), error);
    if (*keys == NULL)
        return false;
    for (size_t i = 0; i < rows->count; i++) {
        const struct snuba_cell *row = snuba_row(rows, i);
        const char *key = snuba_dialect_tag_key(dialect, row[0].text);
        if (!is_unlisted(key))
            (*keys)[(*count)++] = (struct tag_key){.key = key,
                                                   .group_id = group_id,
                                                   .times_seen = row[1].number,
                                                   .values_seen = row[2].number};
    }
    qsort(*keys, *count, sizeof(**keys), compare_keys);
    return true;
}

bool snuba_get_group_tag_keys(struct tagstore *store, const struct tag_place *place, int64_t limit,
                              struct arena *arena, struct tag_key **keys, size_t *count,
                              struct error *error)
{
    static const struct snuba_column key = {.kind = SNUBA_ALL_TAGS_KEY};
    static const struct snuba_aggregation sums[] = {
        {.function = SNUBA_COUNT, .alias = "count"},
        {.function = SNUBA_UNIQ, .column = {.kind = SNUBA_ALL_TAGS_VALUE}, .alias = "values_seen"}};
    struct snuba_question question;
    struct snuba_rows rows;
    struct snuba_scope scope = snuba_scope_of(place);
    if (!snuba_question_start(&question, store, "tagstore.get_group_tag_keys", &scope, 1, arena,
                              error) ||
        !snuba_question_text(&question, (struct snuba_column){.kind = SNUBA_ALL_TAGS_VALUE},
                             SNUBA_NOT_EQUAL, "", error))
        return false;
    question.query.groupby = &key;
    question.query.groupby_count = 1;
    question.query.aggregations = sums;
    question.query.aggregation_count = ARRAY_LENGTH(sums);
    if (!snuba_question_all(&question, snuba_compare_texts, &rows, error) ||
        !take_keys(&question, &rows, place->group_id, keys, count, error))
        return false;
    if (limit > 0 && *count > (size_t)limit)
        *count = (size_t)limit;
    return true;
}

/* ---- all keys with their top values ---- */

bool snuba_get_group_tag_keys_and_top_values(struct tagstore *store, const struct tag_place *place,
                                             struct arena *arena, struct tag_key_summary **keys,
                                             size_t *count, struct error *error)
{
    struct tag_key *found = NULL;
    size_t found_count = 0;
    if (!snuba_get_group_tag_keys(store, place, 0, arena, &found, &found_count, error))
        return false;
    *keys = arena_array(arena, found_count + 1, sizeof(**keys), error);
    if (*keys == NULL)
        return false;
    for (size_t i = 0; i < found_count; i++)
        (*keys)[i] = (struct tag_key_summary){.key = found[i].key,
                                              .unique_values = found[i].values_seen,
                                              .total_values = found[i].times_seen};
    *count = found_count;
    return snuba_read_top_values(store, place, *keys, *count, arena, error);
}
