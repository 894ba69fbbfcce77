/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions about users. What an event says about its user is in its columns.
 *
 * Tested by tests/system/test_snuba_tagstore.py and tests/system/test_tagstore_methods.py.
 */
#include "base/text.h"
#include "tagstore/snuba/group_list.h"
#include "tagstore/snuba/question.h"

#include <arpa/inet.h>

#define ARENA_MAX ((size_t)64 << 20)

static const struct snuba_column group_column = {.kind = SNUBA_GROUP_ID};
static const struct snuba_column ident_column = {.kind = SNUBA_USER_ID};

/* ---- the condition on the users of a project ---- */

/* The attributes of a user, as indexes of their columns and lists. */
enum { IDENT, EMAIL, USERNAME, ADDRESS, ATTRIBUTES };

static const enum snuba_column_kind attribute_columns[ATTRIBUTES] = {[IDENT] = SNUBA_USER_ID,
                                                                     [EMAIL] = SNUBA_EMAIL,
                                                                     [USERNAME] = SNUBA_USERNAME,
                                                                     [ADDRESS] = SNUBA_IP_ADDRESS};

/* The texts that an attribute may have. */
struct attribute_list {
    const char **texts;
    size_t count;
};

/* Adds a text, unless it is no attribute. */
static void add_text(struct attribute_list *list, const char *text_or_null)
{
    if (text_or_null != NULL && text_or_null[0] != '\0')
        list->texts[list->count++] = text_or_null;
}

/* Snuba compares addresses as texts, in the form that Python writes: all of an IPv6 address in
   hexadecimal. Adds this form, and the given one if it is different. */
static bool add_address(struct attribute_list *list, const char *text_or_null, struct arena *arena,
                        struct error *error)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    char text[INET6_ADDRSTRLEN];
    const char *address = event_user_address(text_or_null);
    if (address == NULL)
        return true;
    int family = strchr(address, ':') == NULL ? AF_INET : AF_INET6;
    const char *form = address;
    if (inet_pton(family, address, bytes) == 1 &&
        inet_ntop(family, bytes, text, sizeof(text)) != NULL) {
        form = family == AF_INET6 && strchr(text, '.') != NULL
                   ? arena_printf(arena, error, "::%s%x:%x", bytes[10] == 0xff ? "ffff:" : "",
                                  (unsigned)(bytes[12] << 8 | bytes[13]),
                                  (unsigned)(bytes[14] << 8 | bytes[15]))
                   : arena_copy(arena, text, strlen(text), error);
        if (form == NULL)
            return false;
    }
    add_text(list, form);
    if (!text_equal(form, address))
        add_text(list, address);
    return true;
}

/* Collects the attributes of the project's users, per column. */
static bool collect_attributes(struct attribute_list lists[ATTRIBUTES],
                               const struct tagstore_user_query *query, int64_t project_id,
                               struct arena *arena, struct error *error)
{
    size_t count = query->user_count;
    for (int i = 0; i < ATTRIBUTES; i++) {
        lists[i] = (struct attribute_list){
            .texts = arena_array(arena, 2 * count + 1, sizeof(*lists[i].texts), error)};
        if (lists[i].texts == NULL)
            return false;
    }
    for (size_t i = 0; i < count; i++) {
        const struct event_user *user = &query->users[i].attributes;
        if (query->users[i].project_id != project_id)
            continue;
        add_text(&lists[IDENT], user->ident);
        add_text(&lists[EMAIL], user->email);
        add_text(&lists[USERNAME], user->username);
        if (!add_address(&lists[ADDRESS], user->ip_address, arena, error))
            return false;
    }
    return true;
}

/* Adds the condition that an event has one of these users, for the question's project. *asked is
   false if there is no attribute to look for. */
static bool add_users(struct snuba_question *question, const struct tagstore_user_query *query,
                      bool *asked, struct error *error)
{
    struct attribute_list lists[ATTRIBUTES];
    struct snuba_condition *conditions =
        arena_array(question->arena, ATTRIBUTES, sizeof(*conditions), error);
    size_t used = 0;
    if (conditions == NULL ||
        !collect_attributes(lists, query, question->query.project_ids[0], question->arena, error))
        return false;
    for (int i = 0; i < ATTRIBUTES; i++)
        if (lists[i].count > 0)
            conditions[used++] = (struct snuba_condition){
                .column = {.kind = attribute_columns[i]},
                .compare = SNUBA_IN,
                .literal = {.kind = SNUBA_TEXT, .texts = lists[i].texts, .count = lists[i].count}};
    *asked = used > 0;
    return used == 0 || snuba_question_any_of(question, conditions, used, error);
}

/* Each project is a question of its own, because the same ident in another project is another user.
   Returns true for the first user of a project. */
static bool is_first_of_project(const struct tagstore_user *users, size_t i)
{
    for (size_t before = 0; before < i; before++)
        if (users[before].project_id == users[i].project_id)
            return false;
    return true;
}

/* ---- groups of users ---- */

/* A group, and the time of its newest event of the users. */
struct found_group {
    int64_t id, seen;
};

struct found_groups {
    struct arena *arena;
    struct found_group *items;
    size_t count;
};

/* The newest first, then by id: the order of the answer. */
static int compare_found(const void *a, const void *b)
{
    const struct found_group *x = a;
    const struct found_group *y = b;
    int order = (y->seen > x->seen) - (y->seen < x->seen);
    return order != 0 ? order : (x->id > y->id) - (x->id < y->id);
}

/* The same order for Snuba's rows. The cells are the group and the time. */
static int compare_seen(const void *a, const void *b)
{
    const struct snuba_cell *x = a;
    const struct snuba_cell *y = b;
    int order = snuba_order_numbers(&y[1], &x[1]);
    return order != 0 ? order : snuba_order_numbers(&x[0], &y[0]);
}

/* Appends groups. */
static bool add_groups(struct found_groups *found, const struct snuba_rows *rows,
                       struct error *error)
{
    struct found_group *more =
        arena_array(found->arena, found->count + rows->count + 1, sizeof(*more), error);
    if (more == NULL)
        return false;
    for (size_t i = 0; i < found->count; i++)
        more[i] = found->items[i];
    for (size_t i = 0; i < rows->count; i++)
        more[found->count + i] = (struct found_group){.id = snuba_row(rows, i)[0].number,
                                                      .seen = snuba_row(rows, i)[1].number};
    found->items = more;
    found->count += rows->count;
    return true;
}

/* Finds the groups of a project's users. */
static bool find_groups(struct tagstore *store, const struct tagstore_user_query *query,
                        int64_t project_id, struct found_groups *found, struct error *error)
{
    static const struct snuba_aggregation seen = {
        .function = SNUBA_MAX, .column = {.kind = SNUBA_TIMESTAMP}, .alias = "seen"};
    static const struct snuba_order orderby[] = {
        {.column = {.kind = SNUBA_ALIAS, .name = "seen"}, .descending = true},
        {.column = {.kind = SNUBA_GROUP_ID}}};
    const struct snuba_top top = {.compare = compare_seen, .cell = 1, .limit = query->limit};
    const struct snuba_scope scope = {.referrer = "tagstore.get_group_ids_for_users",
                                      .project_ids = &project_id,
                                      .project_count = 1};
    struct snuba_question question;
    struct snuba_rows rows = {0};
    bool asked = false;
    if (!snuba_question_start(&question, store, &scope, found->arena, error) ||
        !add_users(&question, query, &asked, error))
        return false;
    question.query.groupby = &group_column;
    question.query.groupby_count = 1;
    question.query.aggregations = &seen;
    question.query.aggregation_count = 1;
    question.query.orderby = orderby;
    question.query.orderby_count = ARRAY_LENGTH(orderby);
    return !asked ||
           (snuba_question_top(&question, &top, &rows, error) && add_groups(found, &rows, error));
}

/* Sorts the groups of all projects and returns the first `limit` ids. */
static bool take_groups(struct found_groups *found, int64_t limit, struct tag_id_list *group_ids,
                        struct error *error)
{
    int64_t *ids = arena_array(group_ids->arena, found->count + 1, sizeof(*ids), error);
    if (ids == NULL)
        return false;
    if (found->count > 1)
        qsort(found->items, found->count, sizeof(*found->items), compare_found);
    group_ids->items = ids;
    group_ids->count = limit > 0 && found->count > (size_t)limit ? (size_t)limit : found->count;
    for (size_t i = 0; i < group_ids->count; i++)
        ids[i] = found->items[i].id;
    return true;
}

/* Asks once per project. Each project's first `limit` groups include those of the answer. */
bool snuba_get_group_ids_for_users(struct tagstore *store, const struct tagstore_user_query *query,
                                   struct tag_id_list *group_ids, struct error *error)
{
    struct found_groups found = {.arena = group_ids->arena};
    for (size_t i = 0; i < query->user_count; i++)
        if (is_first_of_project(query->users, i) &&
            !find_groups(store, query, query->users[i].project_id, &found, error))
            return false;
    return take_groups(&found, query->limit, group_ids, error);
}

/* ---- what was seen of users ---- */

/* Last seen first, then by ident. The cells are the ident and its sums. */
static int compare_last(const void *a, const void *b)
{
    const struct snuba_cell *x = a;
    const struct snuba_cell *y = b;
    int order = snuba_order_numbers(&y[3], &x[3]);
    return order != 0 ? order : snuba_order_texts(&x[0], &y[0]);
}

/* The order of the answer: last seen first, then by project and ident. */
static int compare_values(const void *a, const void *b)
{
    const struct user_tag_value *x = a;
    const struct user_tag_value *y = b;
    int order = (y->tag.last_seen > x->tag.last_seen) - (y->tag.last_seen < x->tag.last_seen);
    if (order == 0)
        order = (x->project_id > y->project_id) - (x->project_id < y->project_id);
    return order != 0 ? order : strcmp(x->tag.value, y->tag.value);
}

/* Appends what was seen of a project's idents. */
static bool add_idents(struct user_tag_value_list *list, const struct snuba_rows *rows,
                       int64_t project_id, struct error *error)
{
    struct user_tag_value *more =
        arena_array(list->arena, list->count + rows->count + 1, sizeof(*more), error);
    if (more == NULL)
        return false;
    for (size_t i = 0; i < list->count; i++)
        more[i] = list->items[i];
    for (size_t i = 0; i < rows->count; i++)
        more[list->count + i] = (struct user_tag_value){
            .project_id = project_id, .tag = snuba_take_value(snuba_row(rows, i), 0, NULL)};
    list->items = more;
    list->count += rows->count;
    return true;
}

/* Finds the idents of a project's users. */
static bool find_idents(struct tagstore *store, const struct tagstore_user_query *query,
                        int64_t project_id, struct user_tag_value_list *list, struct error *error)
{
    static const struct snuba_order orderby[] = {
        {.column = {.kind = SNUBA_ALIAS, .name = "last_seen"}, .descending = true},
        {.column = {.kind = SNUBA_USER_ID}}};
    const struct snuba_top top = {.compare = compare_last, .cell = 3, .limit = query->limit};
    const struct snuba_scope scope = {.referrer = "tagstore.get_group_tag_values_for_users",
                                      .project_ids = &project_id,
                                      .project_count = 1};
    struct snuba_question question;
    struct snuba_rows rows = {0};
    bool asked = false;
    if (!snuba_question_start(&question, store, &scope, list->arena, error) ||
        !add_users(&question, query, &asked, error) ||
        !snuba_question_text(&question, ident_column, SNUBA_NOT_EQUAL, "", error))
        return false;
    question.query.groupby = &ident_column;
    question.query.groupby_count = 1;
    question.query.aggregations = snuba_sums;
    question.query.aggregation_count = SNUBA_SUMS;
    question.query.orderby = orderby;
    question.query.orderby_count = ARRAY_LENGTH(orderby);
    return !asked || (snuba_question_top(&question, &top, &rows, error) &&
                      add_idents(list, &rows, project_id, error));
}

bool snuba_get_group_tag_values_for_users(struct tagstore *store,
                                          const struct tagstore_user_query *query,
                                          struct user_tag_value_list *rows, struct error *error)
{
    for (size_t i = 0; i < query->user_count; i++)
        if (is_first_of_project(query->users, i) &&
            !find_idents(store, query, query->users[i].project_id, rows, error))
            return false;
    if (rows->count > 1)
        qsort(rows->items, rows->count, sizeof(*rows->items), compare_values);
    if (query->limit > 0 && rows->count > (size_t)query->limit)
        rows->count = (size_t)query->limit;
    return true;
}

/* ---- counting users ---- */

/* Counts the distinct idents of each group. */
static bool ask_counts(struct tagstore *store, const struct snuba_scope *scope, struct arena *arena,
                       struct snuba_rows *rows, struct error *error)
{
    static const struct snuba_aggregation users = {
        .function = SNUBA_UNIQ, .column = {.kind = SNUBA_USER_ID}, .alias = "count"};
    struct snuba_question question;
    if (!snuba_question_start(&question, store, scope, arena, error) ||
        !snuba_question_text(&question, ident_column, SNUBA_NOT_EQUAL, "", error))
        return false;
    question.query.groupby = &group_column;
    question.query.groupby_count = 1;
    question.query.aggregations = &users;
    question.query.aggregation_count = 1;
    return snuba_question_all(&question, snuba_compare_numbers, rows, error);
}

/* Looks up a group in rows sorted by group; 0 if it is missing. */
static int64_t count_of(const struct snuba_rows *rows, int64_t group_id)
{
    const struct snuba_cell wanted = {.number = group_id};
    const struct snuba_cell *row =
        rows->count == 0 ? NULL
                         : bsearch(&wanted, rows->cells, rows->count,
                                   rows->columns * sizeof(*rows->cells), snuba_compare_numbers);
    return row == NULL ? 0 : row[1].number;
}

/* Asks about the groups in parts. A group that is given twice is asked about once, and each of its
   counts is set. */
bool snuba_get_groups_user_counts(struct tagstore *store, const struct tag_place *place,
                                  const struct tag_id_list *group_ids, int64_t *counts,
                                  struct error *error)
{
    struct snuba_group_list groups;
    struct tag_id_list some;
    struct snuba_rows rows;
    struct snuba_scope scope = snuba_scope_of(place, "tagstore.get_groups_user_counts");
    struct arena *arena = arena_new(ARENA_MAX);
    bool done = arena != NULL ? snuba_group_list_start(&groups, group_ids, arena, error)
                              : error_no_memory(error);
    while (done && snuba_group_list_next(&groups, &some)) {
        scope.group_ids = some.items;
        scope.group_count = some.count;
        if (!ask_counts(store, &scope, arena, &rows, error))
            done = snuba_group_list_retry(&groups, error);
        else
            for (size_t i = 0; i < group_ids->count; i++)
                counts[i] += count_of(&rows, group_ids->items[i]);
    }
    arena_free(arena);
    return done;
}
