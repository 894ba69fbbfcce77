/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions about users. exportd.event_user_attributes has what each event says about its user.
 *
 * Tested by tests/system/test_tagstore_methods.py and tests/system/test_tagstore_plans.py.
 */
#include "tagstore/postgres/operations.h"
#include "tagstore/postgres/question.h"
#include "tagstore/postgres/read_sql.h"

/* ---- events of users ---- */

static const char *ident_of(const void *list, size_t i)
{
    return ((const struct tagstore_user *)list)[i].attributes.ident;
}

static const char *email_of(const void *list, size_t i)
{
    return ((const struct tagstore_user *)list)[i].attributes.email;
}

static const char *username_of(const void *list, size_t i)
{
    return ((const struct tagstore_user *)list)[i].attributes.username;
}

/* Text that is no address is the address of no event. */
static const char *address_of(const void *list, size_t i)
{
    return event_user_address(((const struct tagstore_user *)list)[i].attributes.ip_address);
}

/* $1 projects, $2 idents, $3 emails, $4 usernames, $5 addresses, $6 limit. */
static void add_users(struct question *question, const struct tagstore_user_query *query,
                      const int64_t *projects)
{
    const struct tagstore_user *users = query->users;
    question_add_ints(question, projects, query->user_count);
    question_add_list(question, users, query->user_count, ident_of);
    question_add_list(question, users, query->user_count, email_of);
    question_add_list(question, users, query->user_count, username_of);
    question_add_list(question, users, query->user_count, address_of);
    question_add_limit(question, query->limit);
}

static bool ask_about_users(struct tagstore *store, const struct tagstore_user_query *query,
                            const char *sql, struct pg_result **result, struct error *error)
{
    struct question question;
    int64_t *projects = memory_zeroed(query->user_count, sizeof(*projects));
    if (projects == NULL)
        return error_no_memory(error);
    for (size_t i = 0; i < query->user_count; i++)
        projects[i] = query->users[i].project_id;
    question_init(&question);
    add_users(&question, query, projects);
    bool done = question_ask(&question, store, sql, result, error);
    question_free(&question);
    free(projects);
    return done;
}

/* One index lookup per attribute; OFFSET 0 keeps it so whatever the statistics are. UNION removes
   the events that are found by several attributes. */
#define FOUND(attribute)                                                                           \
    " SELECT a.* FROM asked w CROSS JOIN LATERAL ("                                                \
    "  SELECT a.event_id, a.project_id, a.group_id, a.ident, a.seen"                               \
    "  FROM exportd.event_user_attributes a WHERE a.project_id = w.project_id"                     \
    "  AND a." attribute " = w." attribute " AND a." attribute " IS NOT NULL OFFSET 0) a"
#define EVENTS_OF_USERS                                                                            \
    "WITH asked AS (SELECT project_id, ident, email, username, ip_address::inet"                   \
    "  FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[])"                  \
    "   AS w (project_id, ident, email, username, ip_address)),"                                   \
    " events AS (" FOUND("ident") " UNION" FOUND("email") " UNION" FOUND(                          \
        "username") " UNION" FOUND("ip_address") ")"

static const char group_ids_for_users[] =
    EVENTS_OF_USERS " SELECT group_id FROM events GROUP BY group_id"
                    " ORDER BY max(seen) DESC, group_id LIMIT $6::bigint";

bool postgres_get_group_ids_for_users(struct tagstore *store,
                                      const struct tagstore_user_query *query,
                                      struct tag_id_list *group_ids, struct error *error)
{
    struct pg_result *result = NULL;
    bool done = ask_about_users(store, query, group_ids_for_users, &result, error) &&
                question_take_ids(result, group_ids, error);
    pg_result_free(result);
    return done;
}

static const char values_for_users[] = EVENTS_OF_USERS
    " SELECT " VALUE_COLUMNS ", v.project_id FROM"
    " (SELECT project_id, ident AS value, count(*) AS times_seen, min(seen) AS first_seen,"
    "   max(seen) AS last_seen FROM events WHERE ident IS NOT NULL GROUP BY project_id, ident) v"
    " ORDER BY v.last_seen DESC, v.project_id, v.value COLLATE \"C\" LIMIT $6::bigint";

bool postgres_get_group_tag_values_for_users(struct tagstore *store,
                                             const struct tagstore_user_query *query,
                                             struct user_tag_value_list *rows, struct error *error)
{
    struct pg_result *result = NULL;
    bool done = ask_about_users(store, query, values_for_users, &result, error);
    if (done) {
        rows->count = (size_t)pg_rows(result);
        rows->items = arena_array(rows->arena, rows->count, sizeof(*rows->items), error);
        done = rows->items != NULL;
    }
    for (size_t i = 0; done && i < rows->count; i++) {
        rows->items[i].project_id = pg_int(result, (int)i, 4);
        done = question_take_value(result, (int)i, rows->arena, &rows->items[i].tag, error);
    }
    pg_result_free(result);
    return done;
}

/* ---- users of groups ---- */

static const char user_counts[] =
    "SELECT w.n, c.users FROM unnest($2::bigint[]) WITH ORDINALITY AS w (group_id, n)"
    " CROSS JOIN LATERAL (SELECT count(*) AS users FROM (SELECT DISTINCT a.ident"
    "  FROM exportd.event_user_attributes a WHERE a.project_id = $1::bigint"
    "   AND a.group_id = w.group_id AND a.ident IS NOT NULL"
    "   AND ($3::bigint = 0 OR a.environment_id = $3::bigint)) d) c";

bool postgres_get_groups_user_counts(struct tagstore *store, const struct tag_place *place,
                                     const struct tag_id_list *group_ids, int64_t *counts,
                                     struct error *error)
{
    struct question question;
    struct pg_result *result = NULL;
    question_init(&question);
    question_add_int(&question, place->project_id);
    question_add_ints(&question, group_ids->items, group_ids->count);
    question_add_int(&question, place->environment_id);
    bool done = question_ask(&question, store, user_counts, &result, error);
    for (int i = 0; done && i < pg_rows(result); i++)
        counts[pg_int(result, i, 0) - 1] = pg_int(result, i, 1);
    question_free(&question);
    pg_result_free(result);
    return done;
}
