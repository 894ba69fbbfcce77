/* Reading values, and releases, which are values of sentry:release. */
#include "base/text.h"
#include "tagstore/snuba/group_list.h"
#include "tagstore/snuba/question.h"

#define ARENA_MAX ((size_t)64 << 20)

/* Bounds of a list of texts in a request: ClickHouse reads 256 KiB of a query. */
enum { TEXTS_AT_ONCE = 500, TEXT_BYTES_AT_ONCE = 100000 };

static const struct snuba_column group_column = {.kind = SNUBA_GROUP_ID};
static const struct snuba_column release_column = {.kind = SNUBA_RELEASE};

static void group_sums(struct snuba_question *question, const struct snuba_column *column)
{
    question->query.groupby = column;
    question->query.groupby_count = 1;
    question->query.aggregations = snuba_sums;
    question->query.aggregation_count = SNUBA_SUMS;
}

/* Copies the rows, whose first cell is the value, or where `value` is given the group. */
static bool take_values(const struct snuba_rows *rows, int64_t group_id, const char *value_or_null,
                        struct arena *arena, struct group_tag_value **values, size_t *count,
                        struct error *error)
{
    *values = arena_array(arena, rows->count + 1, sizeof(**values), error);
    if (*values == NULL)
        return false;
    for (size_t i = 0; i < rows->count; i++) {
        const struct snuba_cell *row = snuba_row(rows, i);
        (*values)[i] =
            snuba_take_value(row, value_or_null == NULL ? group_id : row[0].number, value_or_null);
    }
    *count = rows->count;
    return true;
}

/* ---- one value ---- */

/* Grouped by the value although it is one: without events there is no row, rather than one of
   moments that mean nothing. */
static bool ask_value(struct tagstore *store, const struct tag_place *place,
                      struct group_tag_value *row, struct arena *arena, struct error *error)
{
    struct snuba_question question;
    struct snuba_rows rows;
    struct snuba_column column;
    struct snuba_scope scope = snuba_scope_of(place);
    if (!snuba_question_start(&question, store, "tagstore.get_group_tag_value", &scope, 2, arena,
                              error) ||
        !snuba_question_has_value(&question, place->key, place->value, &column, error))
        return false;
    group_sums(&question, &column);
    if (!snuba_question_all(&question, snuba_compare_texts, &rows, error))
        return false;
    if (rows.count == 0)
        return error_set(error, ERROR_NOT_FOUND, "the %s has no such tag value",
                         place->group_id == 0 ? "project" : "group");
    *row = snuba_take_value(snuba_row(&rows, 0), place->group_id, place->value);
    return true;
}

bool snuba_get_group_tag_value(struct tagstore *store, const struct tag_place *place,
                               struct group_tag_value *row, struct error *error)
{
    struct arena *arena = arena_new(ARENA_MAX);
    bool done = arena == NULL ? error_no_memory(error) : ask_value(store, place, row, arena, error);
    arena_free(arena);
    return done;
}

/* ---- one value in many groups ---- */

static bool ask_groups(struct tagstore *store, const struct tag_place *place,
                       const int64_t *group_ids, size_t group_count, struct arena *arena,
                       struct group_tag_value *rows, size_t *count, struct error *error)
{
    struct snuba_question question;
    struct snuba_rows found;
    struct snuba_column column;
    struct snuba_scope scope = snuba_scope_of(place);
    struct group_tag_value *values = NULL;
    size_t value_count = 0;
    scope.group_ids = group_ids;
    scope.group_count = group_count;
    if (!snuba_question_start(&question, store, "tagstore.get_group_list_tag_value", &scope, 2,
                              arena, error) ||
        !snuba_question_has_value(&question, place->key, place->value, &column, error))
        return false;
    group_sums(&question, &group_column);
    if (!snuba_question_all(&question, snuba_compare_numbers, &found, error) ||
        !take_values(&found, 0, place->value, arena, &values, &value_count, error))
        return false;
    for (size_t i = 0; i < value_count; i++)
        rows[(*count)++] = values[i];
    return true;
}

bool snuba_get_group_list_tag_value(struct tagstore *store, const struct tag_place *place,
                                    const int64_t *group_ids, size_t group_count,
                                    struct arena *arena, struct group_tag_value **rows,
                                    size_t *count, struct error *error)
{
    struct snuba_group_list groups;
    const int64_t *some = NULL;
    size_t some_count = 0;
    if (!snuba_group_list_start(&groups, group_ids, group_count, arena, error))
        return false;
    *rows = arena_array(arena, groups.count + 1, sizeof(**rows), error);
    if (*rows == NULL)
        return false;
    while (snuba_group_list_next(&groups, &some, &some_count)) {
        bool done = ask_groups(store, place, some, some_count, arena, *rows, count, error);
        if (!done && !snuba_group_list_retry(&groups, error))
            return false;
    }
    return true;
}

/* ---- top values ---- */

static int compare_top(const void *a, const void *b)
{
    const struct snuba_cell *x = a;
    const struct snuba_cell *y = b;
    int order = snuba_order_numbers(&y[1], &x[1]);
    if (order == 0)
        order = snuba_order_numbers(&y[3], &x[3]);
    return order != 0 ? order : snuba_order_texts(&x[0], &y[0]);
}

bool snuba_get_top_group_tag_values(struct tagstore *store, const struct tag_place *place,
                                    int64_t limit, struct arena *arena,
                                    struct group_tag_value **rows, size_t *count,
                                    struct error *error)
{
    struct snuba_question question;
    struct snuba_rows found;
    struct snuba_column column;
    struct snuba_scope scope = snuba_scope_of(place);
    if (!snuba_question_start(&question, store, "tagstore.get_top_group_tag_values", &scope, 2,
                              arena, error) ||
        !snuba_question_has_key(&question, place->key, &column, error))
        return false;
    const struct snuba_order orderby[] = {
        {.column = {.kind = SNUBA_ALIAS, .name = "count"}, .descending = true},
        {.column = {.kind = SNUBA_ALIAS, .name = "last_seen"}, .descending = true},
        {.column = column}};
    group_sums(&question, &column);
    question.query.orderby = orderby;
    question.query.orderby_count = ARRAY_LENGTH(orderby);
    return snuba_question_top(&question, compare_top, 1, limit, &found, error) &&
           take_values(&found, place->group_id, NULL, arena, rows, count, error);
}

/* ---- releases ---- */

/* The cells: the version, when it was seen. */
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

bool snuba_get_release(struct tagstore *store, int64_t project_id, int64_t group_id, bool last,
                       struct arena *arena, const char **version, struct error *error)
{
    const struct tag_place place = {.project_id = project_id, .group_id = group_id};
    const struct snuba_aggregation seen = {.function = last ? SNUBA_MAX : SNUBA_MIN,
                                           .column = {.kind = SNUBA_TIMESTAMP},
                                           .alias = "seen"};
    const struct snuba_order orderby[] = {
        {.column = {.kind = SNUBA_ALIAS, .name = "seen"}, .descending = last},
        {.column = release_column}};
    struct snuba_question question;
    struct snuba_rows found;
    struct snuba_scope scope = snuba_scope_of(&place);
    if (!snuba_question_start(&question, store,
                              last ? "tagstore.get_last_release" : "tagstore.get_first_release",
                              &scope, 1, arena, error) ||
        !snuba_question_text(&question, release_column, SNUBA_NOT_EQUAL, "", error))
        return false;
    question.query.groupby = &release_column;
    question.query.groupby_count = 1;
    question.query.aggregations = &seen;
    question.query.aggregation_count = 1;
    question.query.orderby = orderby;
    question.query.orderby_count = ARRAY_LENGTH(orderby);
    if (!snuba_question_top(&question, last ? compare_last : compare_first, 1, 1, &found, error))
        return false;
    if (found.count > 0)
        *version = snuba_row(&found, 0)[0].text;
    return true;
}

/* ---- release tags ---- */

static int compare_versions(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, each once; "" is no version. */
static bool sort_versions(const char *const *versions, size_t count, struct arena *arena,
                          const char ***sorted, size_t *sorted_count, struct error *error)
{
    size_t kept = 0;
    const char **list = arena_array(arena, count + 1, sizeof(*list), error);
    if (list == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        list[i] = versions[i];
    qsort(list, count, sizeof(*list), compare_versions);
    for (size_t i = 0; i < count; i++)
        if (list[i][0] != '\0' && (kept == 0 || !text_equal(list[i], list[kept - 1])))
            list[kept++] = list[i];
    *sorted = list;
    *sorted_count = kept;
    return true;
}

/* How many of the texts go into one request: one at least. */
static size_t at_once(const char *const *texts, size_t count)
{
    size_t bytes = 0;
    size_t some = 0;
    while (some < count && some < TEXTS_AT_ONCE && (some == 0 || bytes < TEXT_BYTES_AT_ONCE))
        bytes += strlen(texts[some++]);
    return some;
}

static bool ask_releases(struct tagstore *store, const struct snuba_scope *scope,
                         const char *const *versions, size_t version_count, struct arena *arena,
                         struct group_tag_value *rows, size_t *count, struct error *error)
{
    struct snuba_question question;
    struct snuba_rows found;
    if (!snuba_question_start(&question, store, "tagstore.get_release_tags", scope, 1, arena,
                              error) ||
        !snuba_question_texts(&question, release_column, versions, version_count, error))
        return false;
    group_sums(&question, &release_column);
    if (!snuba_question_all(&question, snuba_compare_texts, &found, error))
        return false;
    if (found.count > version_count)
        return error_set(error, ERROR_INTERNAL, "snuba's answer: more rows than were asked for");
    for (size_t i = 0; i < found.count; i++)
        rows[(*count)++] = snuba_take_value(snuba_row(&found, i), 0, NULL);
    return true;
}

bool snuba_get_release_tags(struct tagstore *store, const int64_t *project_ids,
                            size_t project_count, int64_t environment_id,
                            const char *const *versions, size_t version_count, struct arena *arena,
                            struct group_tag_value **rows, size_t *count, struct error *error)
{
    const struct snuba_scope scope = {.project_ids = project_ids,
                                      .project_count = project_count,
                                      .environment_id = environment_id};
    const char **sorted = NULL;
    size_t sorted_count = 0;
    size_t some = 0;
    if (!sort_versions(versions, version_count, arena, &sorted, &sorted_count, error))
        return false;
    *rows = arena_array(arena, sorted_count + 1, sizeof(**rows), error);
    if (*rows == NULL)
        return false;
    for (size_t i = 0; i < sorted_count; i += some) {
        some = at_once(&sorted[i], sorted_count - i);
        if (!ask_releases(store, &scope, &sorted[i], some, arena, *rows, count, error))
            return false;
    }
    return true;
}
