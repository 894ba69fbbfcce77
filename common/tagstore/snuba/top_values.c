#include "tagstore/snuba/top_values.h"

#include "base/text.h"

enum { KEYS_AT_ONCE = SNUBA_PAGE / TAGSTORE_TOP_VALUES };

/* ---- one request for all ---- */

/* The cells: the key, its value, the sums. */
static bool take_row(const struct snuba_cell *row, struct tag_key_summary *key, int64_t group_id,
                     struct arena *arena, struct error *error)
{
    if (key->top_values == NULL)
        key->top_values = arena_array(arena, TAGSTORE_TOP_VALUES, sizeof(*key->top_values), error);
    if (key->top_values == NULL)
        return false;
    if (key->top_count == TAGSTORE_TOP_VALUES)
        return error_set(error, ERROR_INTERNAL, "snuba's answer: more rows than were asked for");
    key->top_values[key->top_count++] = snuba_take_value(&row[1], group_id, NULL);
    return true;
}

static struct tag_key_summary *find_key(struct tag_key_summary *keys, size_t count,
                                        const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (text_equal(keys[i].key, name))
            return &keys[i];
    return NULL;
}

/* The rows of a key stand together, in their order. An event that arrived since the keys were
   listed can not add a key: these were asked for by name. */
static bool take_rows(const struct snuba_answer *answer, struct tag_key_summary *keys, size_t count,
                      int64_t group_id, struct arena *arena, struct error *error)
{
    struct tag_key_summary *key = NULL;
    for (size_t i = 0; i < answer->rows; i++) {
        const struct snuba_cell *row = snuba_cell(answer, i, 0);
        if (key == NULL || !text_equal(key->key, row->text))
            key = find_key(keys, count, row->text);
        if (key == NULL)
            return error_set(error, ERROR_INTERNAL, "snuba's answer: a key not asked for");
        if (!take_row(row, key, group_id, arena, error))
            return false;
    }
    return true;
}

static bool add_names(struct snuba_question *question, const struct tag_key_summary *keys,
                      size_t count, struct error *error)
{
    const char **names = arena_array(question->arena, count, sizeof(*names), error);
    if (names == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        names[i] = keys[i].key;
    return snuba_question_texts(question, (struct snuba_column){.kind = SNUBA_ALL_TAGS_KEY}, names,
                                count, error);
}

static bool read_together(struct tagstore *store, const struct tag_place *place,
                          struct tag_key_summary *keys, size_t count, struct arena *arena,
                          struct error *error)
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
    struct snuba_scope scope = snuba_scope_of(place);
    if (!snuba_question_start(&question, store, "tagstore.get_group_tag_keys_and_top_values",
                              &scope, 2, arena, error) ||
        !snuba_question_text(&question, groupby[1], SNUBA_NOT_EQUAL, "", error) ||
        !add_names(&question, keys, count, error))
        return false;
    question.query.groupby = groupby;
    question.query.groupby_count = ARRAY_LENGTH(groupby);
    question.query.aggregations = snuba_sums;
    question.query.aggregation_count = SNUBA_SUMS;
    question.query.orderby = orderby;
    question.query.orderby_count = ARRAY_LENGTH(orderby);
    question.query.limitby = TAGSTORE_TOP_VALUES;
    question.query.limitby_column = groupby[0];
    question.query.limit = (int64_t)count * TAGSTORE_TOP_VALUES;
    return snuba_ask(question.store->client, &question.query, arena, &answer, error) &&
           take_rows(&answer, keys, count, place->group_id, arena, error);
}

/* ---- one request for each ---- */

static bool read_each(struct tagstore *store, const struct tag_place *place,
                      struct tag_key_summary *keys, size_t count, struct arena *arena,
                      struct error *error)
{
    struct tag_place one = *place;
    for (size_t i = 0; i < count; i++) {
        one.key = keys[i].key;
        if (!snuba_get_top_group_tag_values(store, &one, TAGSTORE_TOP_VALUES, arena,
                                            &keys[i].top_values, &keys[i].top_count, error))
            return false;
    }
    return true;
}

bool snuba_read_top_values(struct tagstore *store, const struct tag_place *place,
                           struct tag_key_summary *keys, size_t count, struct arena *arena,
                           struct error *error)
{
    const struct snuba_tagstore *snuba = (const struct snuba_tagstore *)store;
    if (!snuba_client_dialect(snuba->client)->has_limitby)
        return read_each(store, place, keys, count, arena, error);
    for (size_t i = 0; i < count; i += KEYS_AT_ONCE)
        if (!read_together(store, place, &keys[i],
                           count - i < KEYS_AT_ONCE ? count - i : KEYS_AT_ONCE, arena, error))
            return false;
    return true;
}
