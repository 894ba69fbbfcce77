/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads values, and releases, which are the values of sentry:release.
 *
 * Tested by tests/system/test_snuba_tagstore.py and tests/system/test_tagstore_methods.py.
 */
#include "base/text.h"
#include "tagstore/snuba/group_list.h"
#include "tagstore/snuba/question.h"

#define ARENA_MAX ((size_t)64 << 20)

/* Bounds of a list of texts in a request. ClickHouse reads at most 256 KiB of a query. */
enum { TEXTS_AT_ONCE = 500, TEXT_BYTES_AT_ONCE = 100000 };

static const struct snuba_column group_column = {.kind = SNUBA_GROUP_ID};
static const struct snuba_column release_column = {.kind = SNUBA_RELEASE};

/* Groups by the column and asks for the sums. */
static void query_sums_by(struct snuba_question *question, const struct snuba_column *column)
{
    question->query.groupby = column;
    question->query.groupby_count = 1;
    question->query.aggregations = snuba_sums;
    question->query.aggregation_count = SNUBA_SUMS;
}

/* ---- one value ---- */

/* Groups by the value, although there is only one: without events the answer then has no row,
   rather than a row with meaningless times. */
static bool ask_value(struct tagstore *store, const struct tag_place *place,
                      struct group_tag_value *row, struct arena *arena, struct error *error)
{
    struct snuba_question question;
    struct snuba_rows rows;
    struct snuba_column column;
    const struct snuba_scope scope = snuba_scope_of(place, "tagstore.get_group_tag_value");
    if (!snuba_question_start(&question, store, &scope, arena, error) ||
        !snuba_question_has_value(&question, place->key, place->value, &column, error))
        return false;
    query_sums_by(&question, &column);
    if (!snuba_question_all(&question, snuba_compare_texts, &rows, error))
        return false;
    if (rows.count == 0)
        return error_set(error, ERROR_NOT_FOUND, "the %s has no such tag value",
                         place->group_id == 0 ? "project" : "group");
    *row = snuba_take_value(snuba_row(&rows, 0), place->group_id, place->value);
    return true;
}

/* The value of the row is place->value: the arena is not needed afterwards. */
bool snuba_get_group_tag_value(struct tagstore *store, const struct tag_place *place,
                               struct group_tag_value *row, struct error *error)
{
    struct arena *arena = arena_new(ARENA_MAX);
    bool done = arena == NULL ? error_no_memory(error) : ask_value(store, place, row, arena, error);
    arena_free(arena);
    return done;
}

/* ---- one value in many groups ---- */

/* Appends to the rows, which have room. */
/* Asks about a part of the groups. */
static bool ask_groups(struct tagstore *store, const struct tag_place *place,
                       const struct tag_id_list *group_ids, struct group_tag_value_list *rows,
                       struct error *error)
{
    struct snuba_question question;
    struct snuba_rows found;
    struct snuba_column column;
    struct snuba_scope scope = snuba_scope_of(place, "tagstore.get_group_list_tag_value");
    scope.group_ids = group_ids->items;
    scope.group_count = group_ids->count;
    if (!snuba_question_start(&question, store, &scope, rows->arena, error) ||
        !snuba_question_has_value(&question, place->key, place->value, &column, error))
        return false;
    query_sums_by(&question, &group_column);
    if (!snuba_question_all(&question, snuba_compare_numbers, &found, error))
        return false;
    if (found.count > group_ids->count)
        return error_set(error, ERROR_INTERNAL, "snuba's answer: more rows than were asked for");
    for (size_t i = 0; i < found.count; i++) {
        const struct snuba_cell *row = snuba_row(&found, i);
        rows->items[rows->count++] = snuba_take_value(row, row[0].number, place->value);
    }
    return true;
}

/* Asks about the groups in parts, in the order of their ids. */
bool snuba_get_group_list_tag_value(struct tagstore *store, const struct tag_place *place,
                                    const struct tag_id_list *group_ids,
                                    struct group_tag_value_list *rows, struct error *error)
{
    struct snuba_group_list groups;
    struct tag_id_list some;
    if (!snuba_group_list_start(&groups, group_ids, rows->arena, error))
        return false;
    rows->items = arena_array(rows->arena, groups.count + 1, sizeof(*rows->items), error);
    if (rows->items == NULL)
        return false;
    while (snuba_group_list_next(&groups, &some)) {
        bool done = ask_groups(store, place, &some, rows, error);
        if (!done && !snuba_group_list_retry(&groups, error))
            return false;
    }
    return true;
}

/* ---- top values ---- */

/* Most seen first, then last seen, then bytewise. The cells are the value and its sums. */
static int compare_top(const void *a, const void *b)
{
    const struct snuba_cell *x = a;
    const struct snuba_cell *y = b;
    int order = snuba_order_numbers(&y[1], &x[1]);
    if (order == 0)
        order = snuba_order_numbers(&y[3], &x[3]);
    return order != 0 ? order : snuba_order_texts(&x[0], &y[0]);
}

static bool take_values(const struct snuba_rows *found, int64_t group_id,
                        struct group_tag_value_list *rows, struct error *error)
{
    rows->items = arena_array(rows->arena, found->count + 1, sizeof(*rows->items), error);
    if (rows->items == NULL)
        return false;
    for (size_t i = 0; i < found->count; i++)
        rows->items[i] = snuba_take_value(snuba_row(found, i), group_id, NULL);
    rows->count = found->count;
    return true;
}

bool snuba_get_top_group_tag_values(struct tagstore *store, const struct tag_place *place,
                                    int64_t limit, struct group_tag_value_list *rows,
                                    struct error *error)
{
    const struct snuba_top top = {.compare = compare_top, .cell = 1, .limit = limit};
    struct snuba_question question;
    struct snuba_rows found;
    struct snuba_column column;
    const struct snuba_scope scope = snuba_scope_of(place, "tagstore.get_top_group_tag_values");
    if (!snuba_question_start(&question, store, &scope, rows->arena, error) ||
        !snuba_question_has_key(&question, place->key, &column, error))
        return false;
    const struct snuba_order orderby[] = {
        {.column = {.kind = SNUBA_ALIAS, .name = "count"}, .descending = true},
        {.column = {.kind = SNUBA_ALIAS, .name = "last_seen"}, .descending = true},
        {.column = column}};
    query_sums_by(&question, &column);
    question.query.orderby = orderby;
    question.query.orderby_count = ARRAY_LENGTH(orderby);
    return snuba_question_top(&question, &top, &found, error) &&
           take_values(&found, place->group_id, rows, error);
}

/* ---- releases ---- */

/* The cells are the version and when it was seen. */
static int compare_first(const void *a, const void *b)
{
    const struct snuba_cell *x = a;
    const struct snuba_cell *y = b;
    int order = snuba_order_numbers(&x[1], &y[1]);
    return order != 0 ? order : snuba_order_texts(&x[0], &y[0]);
}

static int compare_last(const void *a, const void *b)
{
    const struct snuba_cell *x = a;
    const struct snuba_cell *y = b;
    int order = snuba_order_numbers(&y[1], &x[1]);
    return order != 0 ? order : snuba_order_texts(&x[0], &y[0]);
}

/* How to find the first or the last release. */
struct release_end {
    struct snuba_aggregation seen;
    struct snuba_order orderby[2];
    struct snuba_top top;
};

static const struct release_end first_release = {
    .seen = {.function = SNUBA_MIN, .column = {.kind = SNUBA_TIMESTAMP}, .alias = "seen"},
    .orderby = {{.column = {.kind = SNUBA_ALIAS, .name = "seen"}},
                {.column = {.kind = SNUBA_RELEASE}}},
    .top = {.compare = compare_first, .cell = 1, .limit = 1}};

static const struct release_end last_release = {
    .seen = {.function = SNUBA_MAX, .column = {.kind = SNUBA_TIMESTAMP}, .alias = "seen"},
    .orderby = {{.column = {.kind = SNUBA_ALIAS, .name = "seen"}, .descending = true},
                {.column = {.kind = SNUBA_RELEASE}}},
    .top = {.compare = compare_last, .cell = 1, .limit = 1}};

/* Asks for the first row in the order of the end; *version stays NULL without a row. */
static bool ask_release(struct snuba_question *question, const struct release_end *end,
                        const char **version, struct error *error)
{
    struct snuba_rows found;
    question->query.groupby = &release_column;
    question->query.groupby_count = 1;
    question->query.aggregations = &end->seen;
    question->query.aggregation_count = 1;
    question->query.orderby = end->orderby;
    question->query.orderby_count = ARRAY_LENGTH(end->orderby);
    if (!snuba_question_text(question, release_column, SNUBA_NOT_EQUAL, "", error) ||
        !snuba_question_top(question, &end->top, &found, error))
        return false;
    if (found.count > 0)
        *version = snuba_row(&found, 0)[0].text;
    return true;
}

/* Releases are searched in all environments. */
static struct snuba_scope release_scope(const struct tag_place *place, const char *referrer)
{
    struct snuba_scope scope = snuba_scope_of(place, referrer);
    scope.environment_id = 0;
    return scope;
}

bool snuba_get_first_release(struct tagstore *store, const struct tag_place *place,
                             struct arena *arena, const char **version, struct error *error)
{
    const struct snuba_scope scope = release_scope(place, "tagstore.get_first_release");
    struct snuba_question question;
    return snuba_question_start(&question, store, &scope, arena, error) &&
           ask_release(&question, &first_release, version, error);
}

bool snuba_get_last_release(struct tagstore *store, const struct tag_place *place,
                            struct arena *arena, const char **version, struct error *error)
{
    const struct snuba_scope scope = release_scope(place, "tagstore.get_last_release");
    struct snuba_question question;
    return snuba_question_start(&question, store, &scope, arena, error) &&
           ask_release(&question, &last_release, version, error);
}

/* ---- release tags ---- */

static int compare_versions(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorts the versions, and removes duplicates and "". */
static bool sort_versions(const struct release_query *query, struct arena *arena,
                          struct release_query *sorted, struct error *error)
{
    size_t count = query->version_count;
    size_t kept = 0;
    const char **list = arena_array(arena, count + 1, sizeof(*list), error);
    if (list == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        list[i] = query->versions[i];
    qsort(list, count, sizeof(*list), compare_versions);
    for (size_t i = 0; i < count; i++)
        if (list[i][0] != '\0' && (kept == 0 || !text_equal(list[i], list[kept - 1])))
            list[kept++] = list[i];
    *sorted = *query;
    sorted->versions = list;
    sorted->version_count = kept;
    return true;
}

/* How many of the texts fit into one request; at least one. */
static size_t count_for_request(const char *const *texts, size_t count)
{
    size_t bytes = 0;
    size_t some = 0;
    while (some < count && some < TEXTS_AT_ONCE && (some == 0 || bytes < TEXT_BYTES_AT_ONCE))
        bytes += strlen(texts[some++]);
    return some;
}

/* Appends to the rows, which have room. */
/* Asks for the sums of the query's versions. */
static bool ask_releases(struct tagstore *store, const struct release_query *query,
                         struct group_tag_value_list *rows, struct error *error)
{
    const struct snuba_scope scope = {.referrer = "tagstore.get_release_tags",
                                      .project_ids = query->project_ids.items,
                                      .project_count = query->project_ids.count,
                                      .environment_id = query->environment_id};
    struct snuba_question question;
    struct snuba_rows found;
    if (!snuba_question_start(&question, store, &scope, rows->arena, error) ||
        !snuba_question_texts(&question, release_column, query->versions, query->version_count,
                              error))
        return false;
    query_sums_by(&question, &release_column);
    if (!snuba_question_all(&question, snuba_compare_texts, &found, error))
        return false;
    if (found.count > query->version_count)
        return error_set(error, ERROR_INTERNAL, "snuba's answer: more rows than were asked for");
    for (size_t i = 0; i < found.count; i++)
        rows->items[rows->count++] = snuba_take_value(snuba_row(&found, i), 0, NULL);
    return true;
}

/* Asks for the versions in parts, in their order. */
bool snuba_get_release_tags(struct tagstore *store, const struct release_query *query,
                            struct group_tag_value_list *rows, struct error *error)
{
    struct release_query sorted;
    if (!sort_versions(query, rows->arena, &sorted, error))
        return false;
    rows->items = arena_array(rows->arena, sorted.version_count + 1, sizeof(*rows->items), error);
    if (rows->items == NULL)
        return false;
    for (size_t i = 0; i < sorted.version_count;) {
        struct release_query some = sorted;
        some.versions = &sorted.versions[i];
        some.version_count = count_for_request(some.versions, sorted.version_count - i);
        if (!ask_releases(store, &some, rows, error))
            return false;
        i += some.version_count;
    }
    return true;
}
