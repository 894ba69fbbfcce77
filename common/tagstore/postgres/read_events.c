/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds events by their tags. The tags of an event refer to the keys and values of the event's own
 * environment. So a question about all environments is about the rows of each environment.
 *
 * Tested by tests/system/test_tagstore_methods.py and tests/system/test_tagstore_plans.py.
 */
#include "base/embedded.h"
#include "tagstore/postgres/operations.h"
#include "tagstore/postgres/question.h"
#include "tagstore/postgres/read_sql.h"

enum { EVENTS_A_PAGE = 10000 }; /* also in fetch_page */

/* The keys k and values v of numbered pairs w: $1 project, $2 environment or 0, $3 keys, $4 values.
   No row v has a value of NULL. LATERAL with OFFSET or LIMIT is one index lookup per pair, even if
   the statistics of the tables are out of date. A plain join may read the whole table. */
#define PAIRS                                                                                      \
    " unnest($3::text[], $4::text[]) WITH ORDINALITY AS w (key, value, n)"                         \
    " CROSS JOIN LATERAL (SELECT k.id FROM tagstore_tagkey k WHERE k.project_id = $1::bigint"      \
    "  AND k.status = 0 AND k.key = w.key"                                                         \
    "  AND ($2::bigint = 0 OR k.environment_id = $2::bigint) OFFSET 0) k"                          \
    " LEFT JOIN LATERAL (SELECT v.id, v.times_seen FROM tagstore_tagvalue v"                       \
    "  WHERE v.project_id = $1::bigint AND v.key_id = k.id AND v.value = w.value"                  \
    "  AND v.value <> '' LIMIT 1) v ON true"

/* ---- the events of a group ---- */

/* A cursor of the server, so that the ids of all events need not fit into memory. */
static const char declare_event_ids[] =
    "DECLARE group_event_ids NO SCROLL CURSOR FOR"
    " SELECT m.message_id FROM (SELECT DISTINCT t.event_id FROM" PAIRS
    "  CROSS JOIN LATERAL (SELECT t.event_id FROM tagstore_eventtag t"
    "   WHERE t.group_id = $5::bigint AND t.key_id = k.id AND t.value_id = v.id"
    "   AND t.project_id = $1::bigint OFFSET 0) t) e"
    " CROSS JOIN LATERAL (SELECT m.message_id, m.datetime FROM sentry_message m"
    "  WHERE m.id = e.event_id OFFSET 0) m"
    " WHERE m.message_id IS NOT NULL ORDER BY m.datetime DESC, m.message_id COLLATE \"C\"";

static const char *key_of_tag(const void *list, size_t i)
{
    return ((const struct tag *)list)[i].key;
}

static const char *value_of_tag(const void *list, size_t i)
{
    return ((const struct tag *)list)[i].value;
}

/* Opens the cursor for the events that have one of the tags. */
static bool declare_cursor(struct tagstore *store, const struct tag_place *place,
                           const struct tag_list *tags, struct error *error)
{
    struct question question;
    struct pg_result *result = NULL;
    question_init(&question);
    question_add_int(&question, place->project_id);
    question_add_int(&question, place->environment_id);
    question_add_list(&question, tags->items, tags->count, key_of_tag);
    question_add_list(&question, tags->items, tags->count, value_of_tag);
    question_add_int(&question, place->group_id);
    bool done = question_ask(&question, store, declare_event_ids, &result, error);
    pg_result_free(result);
    question_free(&question);
    return done;
}

/* Passes one page to the listener. *count is the number of its ids. */
static bool fetch_page(struct pg *pg, const struct tagstore_listener *listener, int *count,
                       struct error *error)
{
    struct pg_result *result = NULL;
    if (!pg_query(pg, "FETCH 10000 FROM group_event_ids", NULL, &result, error))
        return false;
    bool done = true;
    *count = pg_rows(result);
    for (int i = 0; done && i < *count; i++)
        done = listener->tell(listener->context, pg_text(result, i, 0), error);
    pg_result_free(result);
    return done;
}

/* A cursor lives in a transaction. A page that is not full is the last one. */
bool postgres_get_group_event_ids(struct tagstore *store, const struct tag_place *place,
                                  const struct tag_list *tags,
                                  const struct tagstore_listener *listener, struct error *error)
{
    struct pg *pg = ((struct postgres_tagstore *)store)->pg;
    int count = EVENTS_A_PAGE;
    bool done = pg_begin(pg, error) && declare_cursor(store, place, tags, error);
    while (done && count == EVENTS_A_PAGE)
        done = fetch_page(pg, listener, &count, error);
    done = done && pg_commit(pg, error);
    if (!done)
        pg_rollback(pg);
    return done;
}

/* ---- groups of events that meet one condition ----

   The sums of the groups answer this: no event is read. */

/* The groups that have the value. */
static const char groups_with_value[] =
    "SELECT g.group_id FROM tagstore_tagkey k"
    " JOIN tagstore_tagvalue v ON v.project_id = k.project_id AND v.key_id = k.id"
    "  AND v.value = $4::text AND v.value <> ''"
    " JOIN tagstore_grouptagvalue g ON g.value_id = v.id AND g.times_seen > 0"
    " WHERE" ONE_KEY " ORDER BY g.group_id";

/* The groups that have a seen value of the key other than the empty one. */
static const char groups_with_key[] =
    "SELECT gk.group_id FROM tagstore_tagkey k"
    " JOIN tagstore_grouptagkey gk ON gk.key_id = k.id AND gk.project_id = k.project_id"
    " CROSS JOIN LATERAL (SELECT FROM tagstore_grouptagvalue g"
    "  WHERE g.project_id = k.project_id AND g.group_id = gk.group_id AND g.key_id = k.id"
    "   AND g.times_seen > 0 AND g.value_id IS DISTINCT FROM" EMPTY_VALUE " LIMIT 1) one"
    " WHERE" ONE_KEY " ORDER BY gk.group_id";

/* Finds the groups for TAG_IS or TAG_ANY. */
static bool query_one_condition(struct tagstore *store, const struct tag_place *asked,
                                const struct tag_condition *condition, struct pg_result **result,
                                struct error *error)
{
    struct tag_place place = *asked;
    struct question question;
    question_init(&question);
    place.key = condition->key;
    question_add_key(&question, &place);
    if (condition->match == TAG_IS)
        question_add_text(&question, condition->value);
    bool done = question_ask(&question, store,
                             condition->match == TAG_IS ? groups_with_value : groups_with_key,
                             result, error);
    question_free(&question);
    return done;
}

/* ---- groups of events that meet several conditions ---- */

/* The key and value to which an event must refer in order to meet a condition. There is one per
   environment. */
struct meeting {
    int64_t condition;
    int64_t key_id;
    int64_t value_id; /* 0: any value except the empty one */
    int64_t empty_id; /* 0: there is no empty value */
};

struct filter {
    struct arena *arena;
    struct meeting *meetings; /* by condition, the rarest condition first */
    size_t count;
    size_t first; /* how many belong to the rarest condition */
    int64_t conditions_met;
};

/* The sums tell how rare a value is. A condition that any value meets counts as the least rare. */
static const char find_meetings[] =
    "WITH met AS ("
    " SELECT w.n, k.id AS key_id, coalesce(v.id, 0) AS value_id,"
    "  (SELECT e.id FROM tagstore_tagvalue e WHERE e.project_id = $1::bigint"
    "   AND e.key_id = k.id AND e.value = '') AS empty_id,"
    "  CASE WHEN w.value IS NULL THEN 9223372036854775807 ELSE v.times_seen END AS times_seen"
    " FROM" PAIRS " WHERE w.value IS NULL OR v.id IS NOT NULL)"
    " SELECT n, key_id, value_id, empty_id FROM met"
    " ORDER BY sum(times_seen) OVER (PARTITION BY n), n, key_id";

static const char *key_of_condition(const void *list, size_t i)
{
    return ((const struct tag_condition *)list)[i].key;
}

static const char *value_of_condition(const void *list, size_t i)
{
    const struct tag_condition *condition = &((const struct tag_condition *)list)[i];
    return condition->match == TAG_IS ? condition->value : NULL;
}

/* Reads the meetings, and counts how many conditions have one. */
static bool read_meetings(const struct pg_result *result, struct filter *filter,
                          struct error *error)
{
    filter->count = (size_t)pg_rows(result);
    filter->meetings = arena_array(filter->arena, filter->count, sizeof(*filter->meetings), error);
    if (filter->meetings == NULL)
        return false;
    for (size_t i = 0; i < filter->count; i++) {
        struct meeting *meeting = &filter->meetings[i];
        *meeting = (struct meeting){.condition = pg_int(result, (int)i, 0),
                                    .key_id = pg_int(result, (int)i, 1),
                                    .value_id = pg_int(result, (int)i, 2),
                                    .empty_id = pg_int(result, (int)i, 3)};
        filter->conditions_met += i == 0 || meeting->condition != meeting[-1].condition;
        filter->first += filter->conditions_met == 1;
    }
    return true;
}

/* Finds the keys and values of the project that meet the conditions. */
static bool query_meetings(struct tagstore *store, const struct tag_place *place,
                           const struct tag_condition_list *conditions, struct filter *filter,
                           struct error *error)
{
    struct question question;
    struct pg_result *result = NULL;
    question_init(&question);
    question_add_int(&question, place->project_id);
    question_add_int(&question, place->environment_id);
    question_add_list(&question, conditions->items, conditions->count, key_of_condition);
    question_add_list(&question, conditions->items, conditions->count, value_of_condition);
    bool done = question_ask(&question, store, find_meetings, &result, error) &&
                read_meetings(result, filter, error);
    question_free(&question);
    pg_result_free(result);
    return done;
}

/* Adds the meetings as arrays, $2 to $5. */
static bool add_meetings(struct question *question, const struct filter *filter,
                         struct error *error)
{
    enum { COLUMNS = 4 };
    int64_t *numbers = arena_array(filter->arena, filter->count, COLUMNS * sizeof(*numbers), error);
    if (numbers == NULL)
        return false;
    for (size_t i = 0; i < filter->count; i++) {
        const struct meeting *meeting = &filter->meetings[i];
        numbers[i] = meeting->condition;
        numbers[filter->count + i] = meeting->key_id;
        numbers[2 * filter->count + i] = meeting->value_id;
        numbers[3 * filter->count + i] = meeting->empty_id;
    }
    for (size_t column = 0; column < COLUMNS; column++)
        question_add_ints(question, numbers + column * filter->count, filter->count);
    return true;
}

/* Finds the groups by the rarest condition; filter->meetings begins with it. */
static bool query_conditions(struct tagstore *store, int64_t project_id,
                             const struct filter *filter, struct pg_result **result,
                             struct error *error)
{
    const struct meeting *rarest = &filter->meetings[0];
    const char *name = rarest->value_id != 0 ? "groups_by_value.sql" : "groups_by_key.sql";
    struct question question;
    question_init(&question);
    question_add_int(&question, project_id);
    bool done = add_meetings(&question, filter, error);
    question_add_int(&question, rarest->condition);
    question_add_int(&question, filter->conditions_met - 1);
    done = done && question_ask(&question, store, embedded_text(embedded_tagstore_statements, name),
                                result, error);
    question_free(&question);
    return done;
}

/* If no key or value of the project meets a condition, no event does. */
bool postgres_get_group_ids_for_search_filter(struct tagstore *store, const struct tag_place *place,
                                              const struct tag_condition_list *conditions,
                                              struct tag_id_list *group_ids, struct error *error)
{
    struct filter filter = {.arena = group_ids->arena};
    struct pg_result *result = NULL;
    bool done = true;
    if (conditions->count == 1)
        done = query_one_condition(store, place, &conditions->items[0], &result, error);
    else if (!query_meetings(store, place, conditions, &filter, error))
        done = false;
    else if (filter.conditions_met == (int64_t)conditions->count)
        done = query_conditions(store, place->project_id, &filter, &result, error);
    done = done && (result == NULL || question_take_ids(result, group_ids, error));
    pg_result_free(result);
    return done;
}
