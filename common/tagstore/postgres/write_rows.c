/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes single rows. What a row needs is created before it, class by class for all rows of a call,
 * so that locks are taken in the order of recording: the project, keys, values, values of groups,
 * tags of events, then the counters of groups' keys and of keys. The project stays locked until the
 * COMMIT, so that a key to which a new row refers is not deleted (write_delete.c).
 */
#include "model/project.h"
#include "tagstore/postgres/operations.h"
#include "tagstore/postgres/record_sql.h"

#define ARENA_MAX ((size_t)16 * 1024 * 1024)

/* A row to write. */
struct item {
    struct tag_place place;
    int64_t key_id, value_id;
    struct tag_row row;        /* the row that was read last */
    bool created[TAG_CLASSES]; /* whether this call has created the row of the class */
};

/* ---- statements ---- */

#define OF_KEY(join)                                                                               \
    " FROM tagstore_tagkey k" join " WHERE k.project_id = $1::bigint"                              \
    " AND k.environment_id = $2::bigint AND k.key = $3::text"

#define JOIN_VALUE                                                                                 \
    " JOIN tagstore_tagvalue v ON v.project_id = k.project_id AND v.key_id = k.id"                 \
    "   AND v.value = $4::text"

#define VALUE_SEEN(t) "0, " t ".times_seen, " PG_USEC(t ".first_seen") ", " PG_USEC(t ".last_seen")

/* Per class, the statement that finds a row, with the columns id, values_seen, times_seen,
   first_seen, last_seen; and the statement that inserts it, if the rows that it needs exist. $1
   project, $2 environment, $3 key; for values $4 value; for groups the last parameter is the
   group. */
static const struct {
    const char *find, *insert;
} statements[TAG_CLASSES] = {
    [TAG_KEY] =
        {"SELECT k.id, k.values_seen, 0, NULL, NULL" OF_KEY(""),
         "INSERT INTO tagstore_tagkey (project_id, environment_id, key, values_seen, status)"
         " VALUES ($1::bigint, $2::bigint, $3::text, 0, 0)"
         " ON CONFLICT (project_id, environment_id, key) DO NOTHING"},
    [TAG_VALUE] = {"SELECT v.id, " VALUE_SEEN("v") OF_KEY(JOIN_VALUE),
                   "INSERT INTO tagstore_tagvalue"
                   " (project_id, key_id, value, data, times_seen, last_seen, first_seen)"
                   " SELECT k.project_id, k.id, $4::text, NULL, 0, NULL, NULL" OF_KEY(
                       "") " ON CONFLICT (project_id, key_id, value) DO NOTHING"},
    [GROUP_TAG_VALUE] =
        {"SELECT g.id, " VALUE_SEEN("g") OF_KEY(
             JOIN_VALUE " JOIN tagstore_grouptagvalue g ON g.project_id = k.project_id"
                        "   AND g.group_id = $5::bigint AND g.key_id = k.id AND g.value_id = v.id"),
         "INSERT INTO tagstore_grouptagvalue"
         " (project_id, group_id, key_id, value_id, times_seen, last_seen, first_seen)"
         " SELECT k.project_id, $5::bigint, k.id, v.id, 0, NULL, NULL" OF_KEY(
             JOIN_VALUE) " ON CONFLICT (project_id, group_id, key_id, value_id) DO NOTHING"},
    [GROUP_TAG_KEY] =
        {"SELECT g.id, g.values_seen, 0, NULL, NULL" OF_KEY(
             " JOIN tagstore_grouptagkey g ON g.project_id = k.project_id"
             "   AND g.group_id = $4::bigint AND g.key_id = k.id"),
         "INSERT INTO tagstore_grouptagkey (project_id, group_id, key_id, values_seen)"
         " SELECT k.project_id, $4::bigint, k.id, 0" OF_KEY(
             "") " ON CONFLICT (project_id, group_id, key_id) DO NOTHING"},
};

/* Binds the parameters that the statements of the class have. */
static void bind_place(struct pg_params *params, enum tag_class class,
                       const struct tag_place *place)
{
    pg_bind_int(params, place->project_id);
    pg_bind_int(params, place->environment_id);
    pg_bind_text(params, place->key);
    if (class == TAG_VALUE || class == GROUP_TAG_VALUE)
        pg_bind_text(params, place->value);
    if (class == GROUP_TAG_KEY || class == GROUP_TAG_VALUE)
        pg_bind_int(params, place->group_id);
}

/* Reads the row of the class; *found is false if there is none. */
static bool find_row(struct pg *pg, enum tag_class class, struct item *item, bool *found,
                     struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    bind_place(&params, class, &item->place);
    if (!pg_query(pg, statements[class].find, &params, &result, error))
        return false;
    *found = pg_rows(result) > 0;
    if (*found)
        item->row = (struct tag_row){.id = pg_int(result, 0, 0),
                                     .values_seen = pg_int(result, 0, 1),
                                     .times_seen = pg_int(result, 0, 2),
                                     .first_seen = pg_time(result, 0, 3),
                                     .last_seen = pg_time(result, 0, 4)};
    pg_result_free(result);
    return true;
}

/* Inserts the row, unless another transaction has done so. */
static bool insert_row(struct pg *pg, enum tag_class class, struct item *item, struct error *error)
{
    struct pg_params params = {.count = 0};
    int64_t affected = 0;
    bind_place(&params, class, &item->place);
    bool done = pg_execute(pg, statements[class].insert, &params, &affected, error);
    item->created[class] = affected == 1;
    return done;
}

/* A new value counts in its key. */
static bool count_new_value(struct pg *pg, const struct item *item, struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_int(&params, item->key_id);
    return pg_execute(pg,
                      "UPDATE tagstore_tagkey"
                      " SET values_seen = least(2147483647, values_seen::bigint + 1)::integer"
                      " WHERE id = $1::bigint",
                      &params, NULL, error);
}

/* A new value of a group counts in the group's key. */
static bool count_new_group_value(struct pg *pg, const struct item *item, struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_int(&params, item->place.project_id);
    pg_bind_int(&params, item->place.group_id);
    pg_bind_int(&params, item->key_id);
    return pg_execute(pg,
                      "INSERT INTO tagstore_grouptagkey AS t"
                      " (project_id, group_id, key_id, values_seen)"
                      " VALUES ($1::bigint, $2::bigint, $3::bigint, 1)"
                      " ON CONFLICT (project_id, group_id, key_id) DO UPDATE SET values_seen ="
                      "   least(2147483647, t.values_seen::bigint + 1)::integer",
                      &params, NULL, error);
}

/* ---- making rows ---- */

/* Keeps the keys of the project from being deleted until the COMMIT. */
static bool hold_project(struct pg *pg, int64_t project_id, struct error *error)
{
    int64_t organization_id = 0;
    return project_lock(pg, &project_id, 1, &organization_id, error);
}

/* Reads first: usually the row exists, and reading takes no lock. */
static bool ensure_row(struct pg *pg, enum tag_class class, struct item *item, struct error *error)
{
    bool found = false;
    if (!find_row(pg, class, item, &found, error))
        return false;
    if (!found &&
        (!insert_row(pg, class, item, error) || !find_row(pg, class, item, &found, error)))
        return false;
    if (class == TAG_KEY)
        item->key_id = item->row.id;
    if (class == TAG_VALUE)
        item->value_id = item->row.id;
    return found ||
           error_set(error, ERROR_CONFLICT, "a new row of the tagstore was deleted at once");
}

static bool ensure_rows(struct pg *pg, enum tag_class class, struct item *items, size_t count,
                        struct error *error)
{
    for (size_t i = 0; i < count; i++)
        if (!ensure_row(pg, class, &items[i], error))
            return false;
    return true;
}

/* The order in which keys of one project are locked. */
static int compare_keys(const void *a, const void *b)
{
    const struct tag_place *left = &((const struct item *)a)->place;
    const struct tag_place *right = &((const struct item *)b)->place;
    if (left->environment_id != right->environment_id)
        return left->environment_id < right->environment_id ? -1 : 1;
    return strcmp(left->key, right->key);
}

/* The order in which values of one project are locked. */
static int compare_values(const void *a, const void *b)
{
    const struct item *left = a;
    const struct item *right = b;
    if (left->key_id != right->key_id)
        return left->key_id < right->key_id ? -1 : 1;
    return strcmp(left->place.value, right->place.value);
}

/* Creates values of one project, and then those of groups in the same order. */
static bool ensure_values(struct pg *pg, struct item *items, size_t count, bool of_group,
                          struct error *error)
{
    qsort(items, count, sizeof(*items), compare_keys);
    if (!ensure_rows(pg, TAG_KEY, items, count, error))
        return false;
    qsort(items, count, sizeof(*items), compare_values);
    return ensure_rows(pg, TAG_VALUE, items, count, error) &&
           (!of_group || ensure_rows(pg, GROUP_TAG_VALUE, items, count, error));
}

/* Counts the values that this call has created. The counters are locked last. */
static bool count_new_values(struct pg *pg, const struct item *items, size_t count,
                             struct error *error)
{
    for (size_t i = 0; i < count; i++)
        if (items[i].created[GROUP_TAG_VALUE] && !count_new_group_value(pg, &items[i], error))
            return false;
    for (size_t i = 0; i < count; i++)
        if (items[i].created[TAG_VALUE] && !count_new_value(pg, &items[i], error))
            return false;
    return true;
}

/* Creates the row, and the rows that it needs. */
static bool create_row(struct pg *pg, enum tag_class class, struct item *item, struct error *error)
{
    if (class == TAG_VALUE || class == GROUP_TAG_VALUE)
        return ensure_values(pg, item, 1, class == GROUP_TAG_VALUE, error) &&
               count_new_values(pg, item, 1, error);
    return ensure_row(pg, TAG_KEY, item, error) &&
           (class == TAG_KEY || ensure_row(pg, GROUP_TAG_KEY, item, error));
}

bool postgres_get_or_create(struct tagstore *store, enum tag_class class,
                            const struct tag_place *place, struct tag_row *row, struct error *error)
{
    struct pg *pg = ((struct postgres_tagstore *)store)->pg;
    struct item item = {.place = *place};
    bool done = hold_project(pg, place->project_id, error) && create_row(pg, class, &item, error);
    *row = item.row;
    row->created = item.created[class];
    return done;
}

/* ---- counting ---- */

/* A row that was never seen takes a missing bound from the other one. */
#define INCREMENT                                                                                  \
    " SET times_seen = least(2147483647, t.times_seen + $1::bigint)::integer,"                     \
    " first_seen = coalesce(least(t.first_seen, $2::timestamptz), $3::timestamptz),"               \
    " last_seen = coalesce(greatest(t.last_seen, $3::timestamptz), $2::timestamptz)"               \
    " WHERE t.id = $4::bigint"

/* Adds sightings to one row. */
static bool increment_row(struct pg *pg, enum tag_class class, int64_t id,
                          const struct tag_increment *increment, struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_int(&params, increment->count < INT32_MAX ? increment->count : INT32_MAX);
    pg_bind_time(&params, increment->first_seen);
    pg_bind_time(&params, increment->last_seen);
    pg_bind_int(&params, id);
    return pg_execute(pg,
                      class == TAG_VALUE ? "UPDATE tagstore_tagvalue t" INCREMENT
                                         : "UPDATE tagstore_grouptagvalue t" INCREMENT,
                      &params, NULL, error);
}

/* Counts in the row of all environments and in that of the place's environment. */
bool postgres_incr_times_seen(struct tagstore *store, enum tag_class class,
                              const struct tag_place *place, const struct tag_increment *increment,
                              struct error *error)
{
    struct pg *pg = ((struct postgres_tagstore *)store)->pg;
    struct item items[2] = {{.place = *place}, {.place = *place}};
    size_t count = place->environment_id == 0 ? 1 : 2;
    items[0].place.environment_id = 0;
    if (increment->count <= 0)
        return error_set(error, ERROR_INVALID, "a tag value must be seen at least once");
    if (!hold_project(pg, place->project_id, error) ||
        !ensure_values(pg, items, count, class == GROUP_TAG_VALUE, error))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!increment_row(pg, class, items[i].row.id, increment, error))
            return false;
    return count_new_values(pg, items, count, error);
}

/* ---- the tags of an event ---- */

/* Creates the rows that the tags refer to, then the tags. */
static bool insert_event_tags(struct pg *pg, struct item *items, struct event_tag_row *rows,
                              size_t count, struct error *error)
{
    if (!ensure_values(pg, items, count, false, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        rows[i].key_id = items[i].key_id;
        rows[i].value_id = items[i].value_id;
    }
    return record_event_tags(pg, rows, count, error) && count_new_values(pg, items, count, error);
}

/* Stores the tags of one event; the tags may have any order. */
static bool save_event_tags(struct pg *pg, const struct tag_observation *event,
                            const struct tag_list *tags, struct arena *arena, struct error *error)
{
    struct item *items = arena_array(arena, tags->count, sizeof(*items), error);
    struct event_tag_row *rows = arena_array(arena, tags->count, sizeof(*rows), error);
    if (items == NULL || rows == NULL)
        return false;
    for (size_t i = 0; i < tags->count; i++) {
        items[i].place = (struct tag_place){.project_id = event->project_id,
                                            .environment_id = event->environment_id,
                                            .key = tags->items[i].key,
                                            .value = tags->items[i].value};
        rows[i] = (struct event_tag_row){.project_id = event->project_id,
                                         .group_id = event->group_id,
                                         .event_id = event->event_id,
                                         .date_added = event->seen};
    }
    return hold_project(pg, event->project_id, error) &&
           insert_event_tags(pg, items, rows, tags->count, error);
}

bool postgres_create_event_tags(struct tagstore *store, const struct tag_observation *event,
                                const struct tag_list *tags, struct error *error)
{
    if (event->environment_id <= 0)
        return error_set(error, ERROR_INVALID, "an event's tags need its environment");
    struct arena *arena = arena_new(ARENA_MAX);
    if (arena == NULL)
        return error_no_memory(error);
    bool done = tags->count == 0 ||
                save_event_tags(((struct postgres_tagstore *)store)->pg, event, tags, arena, error);
    arena_free(arena);
    return done;
}
