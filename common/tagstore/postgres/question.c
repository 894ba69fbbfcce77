/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/system/test_tagstore_methods.py. */
#include "tagstore/postgres/question.h"

#include "tagstore/postgres/operations.h"

enum { ARRAY_BYTES_MAX = 256 * 1024 * 1024 };

void question_init(struct question *question)
{
    *question = (struct question){.array_count = 0};
}

void question_free(struct question *question)
{
    for (int i = 0; i < question->array_count; i++)
        pg_array_free(&question->arrays[i]);
}

void question_add_int(struct question *question, int64_t number)
{
    pg_bind_int(&question->params, number);
}

void question_add_text(struct question *question, const char *text_or_null)
{
    pg_bind_text(&question->params, text_or_null);
}

void question_add_limit(struct question *question, int64_t limit)
{
    pg_bind_int(&question->params, limit == 0 ? INT64_MAX : limit);
}

/* Keeps the first failure. */
static void remember_failure(struct question *question, bool done, const struct error *error)
{
    if (!done && !question->failed)
        question->error = *error;
    question->failed |= !done;
}

static struct pg_array *new_array(struct question *question)
{
    struct pg_array *array = &question->arrays[question->array_count++];
    pg_array_init(array, ARRAY_BYTES_MAX);
    return array;
}

static void bind_array(struct question *question, struct pg_array *array)
{
    struct error error;
    const char *text = NULL;
    remember_failure(question, pg_array_text(array, &text, &error), &error);
    pg_bind_text(&question->params, text);
}

void question_add_ints(struct question *question, const int64_t *numbers, size_t count)
{
    struct error error;
    struct pg_array *array = new_array(question);
    for (size_t i = 0; i < count; i++)
        remember_failure(question, pg_array_add_int(array, numbers[i], &error), &error);
    bind_array(question, array);
}

void question_add_list(struct question *question, const void *list, size_t count,
                       question_text_function *text_of)
{
    struct error error;
    struct pg_array *array = new_array(question);
    for (size_t i = 0; i < count; i++)
        remember_failure(question, pg_array_add_text(array, text_of(list, i), &error), &error);
    bind_array(question, array);
}

static const char *text_itself(const void *list, size_t i)
{
    return ((const char *const *)list)[i];
}

void question_add_texts(struct question *question, const char *const *texts, size_t count)
{
    question_add_list(question, texts, count, text_itself);
}

void question_add_key(struct question *question, const struct tag_place *place)
{
    question_add_int(question, place->project_id);
    question_add_int(question, place->environment_id);
    question_add_text(question, place->key);
}

bool question_ask(struct question *question, struct tagstore *store, const char *sql,
                  struct pg_result **result, struct error *error)
{
    *result = NULL;
    if (question->failed) {
        *error = question->error;
        return false;
    }
    return pg_query(((struct postgres_tagstore *)store)->pg, sql, &question->params, result, error);
}

/* ---- answers ---- */

void question_take_sums(const struct pg_result *result, int row, struct group_tag_value *value)
{
    *value = (struct group_tag_value){.times_seen = pg_int(result, row, 1),
                                      .first_seen = pg_time(result, row, 2),
                                      .last_seen = pg_time(result, row, 3)};
}

bool question_take_value(const struct pg_result *result, int row, struct arena *arena,
                         struct group_tag_value *value, struct error *error)
{
    const char *text = pg_text(result, row, 0);
    question_take_sums(result, row, value);
    value->value_size = strlen(text);
    value->value = arena_copy(arena, text, value->value_size, error);
    return value->value != NULL;
}

bool question_take_values(const struct pg_result *result, struct group_tag_value_list *rows,
                          struct error *error)
{
    rows->count = (size_t)pg_rows(result);
    rows->items = arena_array(rows->arena, rows->count, sizeof(*rows->items), error);
    if (rows->items == NULL)
        return false;
    for (int i = 0; i < pg_rows(result); i++) {
        if (!question_take_value(result, i, rows->arena, &rows->items[i], error))
            return false;
        rows->items[i].group_id = pg_int(result, i, 4);
    }
    return true;
}

bool question_take_ids(const struct pg_result *result, struct tag_id_list *ids, struct error *error)
{
    size_t count = (size_t)pg_rows(result);
    int64_t *items = arena_array(ids->arena, count, sizeof(*items), error);
    for (size_t i = 0; items != NULL && i < count; i++)
        items[i] = pg_int(result, (int)i, 0);
    ids->items = items;
    ids->count = items == NULL ? 0 : count;
    return items != NULL;
}
