/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/system/test_snuba_tagstore.py and tests/system/test_tagstore_methods.py. */
#include "tagstore/snuba/top_values.h"

#include "base/text.h"

enum { KEYS_AT_ONCE = SNUBA_PAGE / TAGSTORE_TOP_VALUES };

/* ---- one request for many keys ---- */

/* The cells are the key, its value and the sums. */
static bool take_row(const struct snuba_cell *row, struct group_tag_value_list *top,
                     int64_t group_id, struct error *error)
{
    if (top->items == NULL)
        top->items = arena_array(top->arena, TAGSTORE_TOP_VALUES, sizeof(*top->items), error);
    if (top->items == NULL)
        return false;
    if (top->count == TAGSTORE_TOP_VALUES)
        return error_set(error, ERROR_INTERNAL, "snuba's answer: more rows than were asked for");
    top->items[top->count++] = snuba_take_value(&row[1], group_id, NULL);
    return true;
}

static struct tag_key_summary *find_key(const struct tag_key_summary_list *keys, const char *name)
{
    for (size_t i = 0; i < keys->count; i++)
        if (text_equal(keys->items[i].key, name))
            return &keys->items[i];
    return NULL;
}

/* The rows of a key are neighbours, in their order. No other key can occur: the request names the
   keys. */
static bool take_rows(const struct snuba_answer *answer, const struct tag_key_summary_list *keys,
                      int64_t group_id, struct error *error)
{
    struct tag_key_summary *key = NULL;
    for (size_t i = 0; i < answer->rows; i++) {
        const struct snuba_cell *row = snuba_cell(answer, i, 0);
        if (key == NULL || !text_equal(key->key, row->text))
            key = find_key(keys, row->text);
        if (key == NULL)
            return error_set(error, ERROR_INTERNAL, "snuba's answer: a key not asked for");
        if (!take_row(row, &key->top_values, group_id, error))
            return false;
    }
    return true;
}

static bool add_names(struct snuba_question *question, const struct tag_key_summary_list *keys,
                      struct error *error)
{
    const char **names = arena_array(question->arena, keys->count, sizeof(*names), error);
    if (names == NULL)
        return false;
    for (size_t i = 0; i < keys->count; i++)
        names[i] = keys->items[i].key;
    return snuba_question_texts(question, (struct snuba_column){.kind = SNUBA_ALL_TAGS_KEY}, names,
                                keys->count, error);
}

static bool read_together(struct tagstore *store, const struct tag_place *place,
                          const struct tag_key_summary_list *keys, struct error *error)
{
    static const struct snuba_column groupby[] = {{.kind = SNUBA_ALL_TAGS_KEY},
                                                  {.kind = SNUBA_ALL_TAGS_VALUE}};
    static const struct snuba_order orderby[] = {
        {.column = {.kind = SNUBA_ALL_TAGS_KEY}},
        {.column = {.kind = SNUBA_ALIAS, .name = "count"}, .descending = true},
        {.column = {.kind = SNUBA_ALIAS, .name = "last_seen"}, .descending = true},
        {.column = {.kind = SNUBA_ALL_TAGS_VALUE}}};
    struct snuba_question question;
    struct snuba_answer answer;
    const struct snuba_scope scope =
        snuba_scope_of(place, "tagstore.get_group_tag_keys_and_top_values");
    if (!snuba_question_start(&question, store, &scope, keys->arena, error) ||
        !snuba_question_text(&question, groupby[1], SNUBA_NOT_EQUAL, "", error) ||
        !add_names(&question, keys, error))
        return false;
    question.query.groupby = groupby;
    question.query.groupby_count = ARRAY_LENGTH(groupby);
    question.query.aggregations = snuba_sums;
    question.query.aggregation_count = SNUBA_SUMS;
    question.query.orderby = orderby;
    question.query.orderby_count = ARRAY_LENGTH(orderby);
    question.query.limitby = TAGSTORE_TOP_VALUES;
    question.query.limitby_column = groupby[0];
    question.query.limit = (int64_t)keys->count * TAGSTORE_TOP_VALUES;
    return snuba_ask(question.store->client, &question.query, keys->arena, &answer, error) &&
           take_rows(&answer, keys, place->group_id, error);
}

/* ---- one request per key ---- */

static bool read_each(struct tagstore *store, const struct tag_place *place,
                      const struct tag_key_summary_list *keys, struct error *error)
{
    struct tag_place one = *place;
    for (size_t i = 0; i < keys->count; i++) {
        one.key = keys->items[i].key;
        if (!snuba_get_top_group_tag_values(store, &one, TAGSTORE_TOP_VALUES,
                                            &keys->items[i].top_values, error))
            return false;
    }
    return true;
}

bool snuba_read_top_values(struct tagstore *store, const struct tag_place *place,
                           struct tag_key_summary_list *keys, struct error *error)
{
    const struct snuba_tagstore *snuba = (const struct snuba_tagstore *)store;
    if (!snuba_client_dialect(snuba->client)->has_limitby)
        return read_each(store, place, keys, error);
    for (size_t i = 0; i < keys->count; i += KEYS_AT_ONCE) {
        size_t left = keys->count - i;
        const struct tag_key_summary_list some = {.arena = keys->arena,
                                                  .items = &keys->items[i],
                                                  .count =
                                                      left < KEYS_AT_ONCE ? left : KEYS_AT_ONCE};
        if (!read_together(store, place, &some, error))
            return false;
    }
    return true;
}
