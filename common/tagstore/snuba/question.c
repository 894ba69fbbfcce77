/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/system/test_snuba_tagstore.py and tests/system/test_tagstore_methods.py. */
#include "tagstore/snuba/question.h"

enum { CONDITIONS = 4 }; /* of a usual question */

const struct snuba_aggregation snuba_sums[SNUBA_SUMS] = {
    {.function = SNUBA_COUNT, .alias = "count"},
    {.function = SNUBA_MIN, .column = {.kind = SNUBA_TIMESTAMP}, .alias = "first_seen"},
    {.function = SNUBA_MAX, .column = {.kind = SNUBA_TIMESTAMP}, .alias = "last_seen"},
};

const struct snuba_aggregation snuba_count[1] = {{.function = SNUBA_COUNT, .alias = "count"}};

/* ---- the question ---- */

struct snuba_scope snuba_scope_of(const struct tag_place *place, const char *referrer)
{
    return (struct snuba_scope){.referrer = referrer,
                                .project_ids = &place->project_id,
                                .project_count = 1,
                                .group_ids = &place->group_id,
                                .group_count = place->group_id != 0,
                                .environment_id = place->environment_id};
}

bool snuba_question_start(struct snuba_question *question, struct tagstore *store,
                          const struct snuba_scope *scope, struct arena *arena, struct error *error)
{
    struct snuba_tagstore *snuba = (struct snuba_tagstore *)store;
    *question = (struct snuba_question){.store = snuba, .arena = arena, .query = {.limit = -1}};
    return snuba_translate(&snuba->translator, scope, arena, &question->query, error);
}

/* ---- conditions ---- */

static bool make_room(struct snuba_question *question, struct error *error)
{
    size_t count = question->query.condition_count;
    size_t room = question->room == 0 ? CONDITIONS : 2 * question->room;
    struct snuba_any_of *conditions =
        arena_array(question->arena, room, sizeof(*conditions), error);
    if (conditions == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        conditions[i] = question->conditions[i];
    question->conditions = conditions;
    question->query.conditions = conditions;
    question->room = room;
    return true;
}

bool snuba_question_any_of(struct snuba_question *question,
                           const struct snuba_condition *conditions, size_t count,
                           struct error *error)
{
    if (question->query.condition_count == question->room && !make_room(question, error))
        return false;
    question->conditions[question->query.condition_count++] =
        (struct snuba_any_of){.conditions = conditions, .count = count};
    return true;
}

/* Adds a copy of the condition, which must hold. */
static bool add_condition(struct snuba_question *question, const struct snuba_condition *condition,
                          struct error *error)
{
    struct snuba_condition *copy = arena_array(question->arena, 1, sizeof(*copy), error);
    if (copy == NULL)
        return false;
    *copy = *condition;
    return snuba_question_any_of(question, copy, 1, error);
}

bool snuba_question_text(struct snuba_question *question, struct snuba_column column,
                         enum snuba_operator compare, const char *text, struct error *error)
{
    const char **texts = arena_array(question->arena, 1, sizeof(*texts), error);
    const struct snuba_condition condition = {
        .column = column,
        .compare = compare,
        .literal = {.kind = SNUBA_TEXT, .texts = texts, .count = 1}};
    if (texts == NULL)
        return false;
    texts[0] = text;
    return add_condition(question, &condition, error);
}

bool snuba_question_texts(struct snuba_question *question, struct snuba_column column,
                          const char *const *texts, size_t count, struct error *error)
{
    const struct snuba_condition condition = {
        .column = column,
        .compare = SNUBA_IN,
        .literal = {.kind = SNUBA_TEXT, .texts = texts, .count = count}};
    return add_condition(question, &condition, error);
}

/* A key that has no column of its own is found among the tags of the event. */
static bool add_key(struct snuba_question *question, const char *key, struct snuba_column *value,
                    struct error *error)
{
    *value = (struct snuba_column){.kind = SNUBA_TAG, .name = key};
    if (snuba_dialect_has_tag_column(snuba_client_dialect(question->store->client), key))
        return true;
    value->kind = SNUBA_TAGS_VALUE;
    return snuba_question_text(question, (struct snuba_column){.kind = SNUBA_TAGS_KEY}, SNUBA_EQUAL,
                               key, error);
}

bool snuba_question_has_key(struct snuba_question *question, const char *key,
                            struct snuba_column *value, struct error *error)
{
    return add_key(question, key, value, error) &&
           snuba_question_text(question, *value, SNUBA_NOT_EQUAL, "", error);
}

bool snuba_question_has_value(struct snuba_question *question, const char *key, const char *value,
                              struct snuba_column *column, struct error *error)
{
    return add_key(question, key, column, error) &&
           snuba_question_text(question, *column, SNUBA_EQUAL, value, error);
}

/* ---- cells ---- */

struct group_tag_value snuba_take_value(const struct snuba_cell *cells, int64_t group_id,
                                        const char *value_or_null)
{
    const char *value = value_or_null == NULL ? cells[0].text : value_or_null;
    return (struct group_tag_value){.group_id = group_id,
                                    .value = value,
                                    .value_size = strlen(value),
                                    .times_seen = cells[1].number,
                                    .first_seen = cells[2].number,
                                    .last_seen = cells[3].number};
}

bool snuba_take_groups(const struct snuba_rows *rows, struct tag_id_list *group_ids,
                       struct error *error)
{
    int64_t *ids = arena_array(group_ids->arena, rows->count + 1, sizeof(*ids), error);
    for (size_t i = 0; ids != NULL && i < rows->count; i++)
        ids[i] = snuba_row(rows, i)[0].number;
    group_ids->items = ids;
    group_ids->count = ids == NULL ? 0 : rows->count;
    return ids != NULL;
}

int snuba_order_texts(const struct snuba_cell *a, const struct snuba_cell *b)
{
    return strcmp(a->text, b->text);
}

int snuba_order_numbers(const struct snuba_cell *a, const struct snuba_cell *b)
{
    return (a->number > b->number) - (a->number < b->number);
}

int snuba_compare_texts(const void *a, const void *b)
{
    return snuba_order_texts(a, b);
}

int snuba_compare_numbers(const void *a, const void *b)
{
    return snuba_order_numbers(a, b);
}
