/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads events by their tags, and groups by the tags of their events.
 *
 * Tested by tests/system/test_snuba_tagstore.py and tests/system/test_tagstore_methods.py.
 */
#include "base/text.h"
#include "tagstore/snuba/question.h"

#define ARENA_MAX ((size_t)64 << 20)

/* ---- the condition on tags ---- */

static int compare_tags(const void *a, const void *b)
{
    const struct tag *x = a;
    const struct tag *y = b;
    int order = strcmp(x->key, y->key);
    return order != 0 ? order : strcmp(x->value, y->value);
}

/* Sorts the tags by key and value, and removes duplicates and the value "". */
static bool sort_tags(const struct tag_list *tags, struct arena *arena, struct tag_list *sorted,
                      struct error *error)
{
    struct tag *list = arena_array(arena, tags->count + 1, sizeof(*list), error);
    size_t kept = 0;
    if (list == NULL)
        return false;
    for (size_t i = 0; i < tags->count; i++)
        list[i] = tags->items[i];
    qsort(list, tags->count, sizeof(*list), compare_tags);
    for (size_t i = 0; i < tags->count; i++)
        if (list[i].value[0] != '\0' && (kept == 0 || compare_tags(&list[i], &list[kept - 1]) != 0))
            list[kept++] = list[i];
    *sorted = (struct tag_list){.items = list, .count = kept};
    return true;
}

/* The condition on the key of the first tag: one of the values that the tags give it. *taken is the
   number of these tags. */
static struct snuba_condition condition_of_key(const struct tag *tags, size_t count,
                                               const char **values, size_t *taken)
{
    size_t same = 0;
    while (same < count && text_equal(tags[same].key, tags[0].key)) {
        values[same] = tags[same].value;
        same++;
    }
    *taken = same;
    return (struct snuba_condition){
        .column = {.kind = SNUBA_TAG, .name = tags[0].key},
        .compare = same == 1 ? SNUBA_EQUAL : SNUBA_IN,
        .literal = {.kind = SNUBA_TEXT, .texts = values, .count = same}};
}

/* The event must have one of the tags: one condition per key, joined by OR. */
static bool add_tags(struct snuba_question *question, const struct tag_list *list,
                     struct error *error)
{
    const struct snuba_dialect *dialect = snuba_client_dialect(question->store->client);
    const struct tag *tags = list->items;
    size_t count = list->count;
    struct snuba_condition *conditions =
        arena_array(question->arena, count, sizeof(*conditions), error);
    const char **values = arena_array(question->arena, count, sizeof(*values), error);
    size_t keys = 0;
    size_t taken = 0;
    if (conditions == NULL || values == NULL)
        return false;
    for (size_t i = 0; i < count; i += taken)
        conditions[keys++] = condition_of_key(&tags[i], count - i, &values[i], &taken);
    if (keys == 1 && !snuba_dialect_has_tag_column(dialect, tags[0].key)) {
        conditions[0].column = (struct snuba_column){.kind = SNUBA_TAGS_VALUE};
        if (!snuba_question_text(question, (struct snuba_column){.kind = SNUBA_TAGS_KEY},
                                 SNUBA_EQUAL, tags[0].key, error))
            return false;
    }
    return snuba_question_any_of(question, conditions, keys, error);
}

/* ---- event ids ----

   The newest events come first, so pages are cut by time. The last second of a full page may be
   incomplete: the next page starts with this second again. */

struct event_pages {
    struct snuba_question question;
    struct arena *arena; /* of one page */
    const struct tagstore_listener *listener;
    struct error *error;
};

/* The cells are the id, the time, and the id again under an alias that the server can sort by. */
enum { EVENT_ID, EVENT_SEEN };

static const struct snuba_column event_column = {.kind = SNUBA_EVENT_ID};

static const struct snuba_aggregation event_sums[] = {
    {.function = SNUBA_MAX, .column = {.kind = SNUBA_TIMESTAMP}, .alias = "seen"},
    {.function = SNUBA_MIN, .column = {.kind = SNUBA_EVENT_ID}, .alias = "id"}};

static const struct snuba_order newest_first = {.column = {.kind = SNUBA_ALIAS, .name = "seen"},
                                                .descending = true};

static const struct snuba_order by_id = {.column = {.kind = SNUBA_ALIAS, .name = "id"}};

static int compare_events(const void *a, const void *b)
{
    const struct snuba_cell *x = a;
    const struct snuba_cell *y = b;
    int order = snuba_order_numbers(&y[EVENT_SEEN], &x[EVENT_SEEN]);
    return order != 0 ? order : snuba_order_texts(&x[EVENT_ID], &y[EVENT_ID]);
}

/* Sorts the first `count` events of a page and passes them to the listener. */
static bool pass_on_events(struct event_pages *pages, const struct snuba_answer *answer,
                           size_t count)
{
    if (count > 1)
        qsort(answer->cells, count, answer->columns * sizeof(*answer->cells), compare_events);
    for (size_t i = 0; i < count; i++)
        if (!pages->listener->tell(pages->listener->context, snuba_cell(answer, i, EVENT_ID)->text,
                                   pages->error))
            return false;
    return true;
}

/* Passes on all events of one second that does not fit into a page, page by page by id. */
static bool pass_on_second(struct event_pages *pages, int64_t second)
{
    struct snuba_question question = pages->question;
    struct snuba_condition behind = {.column = event_column, .compare = SNUBA_GREATER};
    struct snuba_answer answer;
    char last[64] = "";
    const char *text = last;
    behind.literal = (struct snuba_literal){.kind = SNUBA_TEXT, .texts = &text, .count = 1};
    question.query.from = second;
    question.query.to = second + USEC_PER_SECOND;
    question.query.orderby = &by_id;
    if (!snuba_question_any_of(&question, &behind, 1, pages->error))
        return false;
    do {
        arena_reset(pages->arena);
        if (!snuba_ask(question.store->client, &question.query, pages->arena, &answer,
                       pages->error) ||
            !pass_on_events(pages, &answer, answer.rows))
            return false;
        if (answer.rows > 0 &&
            !text_copy(last, sizeof(last), snuba_cell(&answer, answer.rows - 1, EVENT_ID)->text))
            return error_set(pages->error, ERROR_INTERNAL, "snuba's answer: a long event id");
    } while (answer.rows == SNUBA_PAGE);
    return true;
}

/* Passes on the complete part of a full page, and moves the end of the query's time range there. */
static bool pass_on_page(struct event_pages *pages, const struct snuba_answer *answer)
{
    int64_t last = snuba_cell(answer, answer->rows - 1, EVENT_SEEN)->number;
    size_t sure = answer->rows;
    while (sure > 0 && snuba_cell(answer, sure - 1, EVENT_SEEN)->number == last)
        sure--;
    if (sure == 0) {
        pages->question.query.to = last;
        return pass_on_second(pages, last);
    }
    pages->question.query.to = last + USEC_PER_SECOND;
    return pass_on_events(pages, answer, sure);
}

static bool pass_on_all(struct event_pages *pages)
{
    struct snuba_query *query = &pages->question.query;
    struct snuba_answer answer;
    query->groupby = &event_column;
    query->groupby_count = 1;
    query->aggregations = event_sums;
    query->aggregation_count = ARRAY_LENGTH(event_sums);
    query->orderby = &newest_first;
    query->orderby_count = 1;
    query->limit = SNUBA_PAGE;
    while (query->from < query->to) {
        arena_reset(pages->arena);
        if (!snuba_ask(pages->question.store->client, query, pages->arena, &answer, pages->error))
            return false;
        if (answer.rows < SNUBA_PAGE)
            return pass_on_events(pages, &answer, answer.rows);
        if (!pass_on_page(pages, &answer))
            return false;
    }
    return true;
}

/* `arena` lives as long as the question. */
static bool find_events(struct tagstore *store, const struct tag_place *place,
                        const struct tag_list *tags, struct event_pages *pages, struct arena *arena)
{
    struct tag_list sorted;
    const struct snuba_scope scope = snuba_scope_of(place, "tagstore.get_group_event_ids");
    if (!sort_tags(tags, arena, &sorted, pages->error))
        return false;
    return sorted.count == 0 ||
           (snuba_question_start(&pages->question, store, &scope, arena, pages->error) &&
            add_tags(&pages->question, &sorted, pages->error) && pass_on_all(pages));
}

bool snuba_get_group_event_ids(struct tagstore *store, const struct tag_place *place,
                               const struct tag_list *tags,
                               const struct tagstore_listener *listener, struct error *error)
{
    struct arena *arena = arena_new(ARENA_MAX);
    struct event_pages pages = {
        .arena = arena_new(ARENA_MAX), .listener = listener, .error = error};
    bool done = arena == NULL || pages.arena == NULL
                    ? error_no_memory(error)
                    : find_events(store, place, tags, &pages, arena);
    arena_free(pages.arena);
    arena_free(arena);
    return done;
}

/* ---- groups by the tags of their events ---- */

/* At most one key may have no column of its own: each such key would have to be found in the same
   tag of an event. */
static bool check_keys(const struct snuba_dialect *dialect,
                       const struct tag_condition_list *conditions, struct error *error)
{
    const char *odd = NULL;
    for (size_t i = 0; i < conditions->count; i++) {
        const char *key = conditions->items[i].key;
        if (snuba_dialect_has_tag_column(dialect, key))
            continue;
        if (odd != NULL && !text_equal(odd, key))
            return error_set(error, ERROR_QUERY,
                             "snuba can be asked for one tag key with other characters than "
                             "letters, digits and _.:- at a time (in 2020, os.rooted is such a "
                             "key)");
        odd = key;
    }
    return true;
}

/* TAG_ANY or TAG_IS. */
static bool add_condition(struct snuba_question *question, const struct tag_condition *condition,
                          struct error *error)
{
    struct snuba_column column;
    return condition->match == TAG_ANY
               ? snuba_question_has_key(question, condition->key, &column, error)
               : snuba_question_has_value(question, condition->key, condition->value, &column,
                                          error);
}

/* An event with the value "" does not have the key. */
static bool can_be_met(const struct tag_condition_list *conditions)
{
    for (size_t i = 0; i < conditions->count; i++)
        if (conditions->items[i].match == TAG_IS && conditions->items[i].value[0] == '\0')
            return false;
    return true;
}

bool snuba_get_group_ids_for_search_filter(struct tagstore *store, const struct tag_place *place,
                                           const struct tag_condition_list *conditions,
                                           struct tag_id_list *group_ids, struct error *error)
{
    static const struct snuba_column group = {.kind = SNUBA_GROUP_ID};
    const struct snuba_dialect *dialect =
        snuba_client_dialect(((const struct snuba_tagstore *)store)->client);
    struct snuba_question question;
    struct snuba_rows rows;
    struct snuba_scope scope = snuba_scope_of(place, "tagstore.get_group_ids_for_search_filter");
    scope.group_count = 0; /* the whole project */
    if (!can_be_met(conditions))
        return true;
    if (!check_keys(dialect, conditions, error) ||
        !snuba_question_start(&question, store, &scope, group_ids->arena, error))
        return false;
    for (size_t i = 0; i < conditions->count; i++)
        if (!add_condition(&question, &conditions->items[i], error))
            return false;
    question.query.groupby = &group;
    question.query.groupby_count = 1;
    question.query.aggregations = snuba_count;
    question.query.aggregation_count = 1;
    return snuba_question_all(&question, snuba_compare_numbers, &rows, error) &&
           snuba_take_groups(&rows, group_ids, error);
}
