/* Reading by users: what each event says about its user is in its columns. */
#include "base/text.h"
#include "tagstore/snuba/group_list.h"
#include "tagstore/snuba/question.h"

#include <arpa/inet.h>

#define ARENA_MAX ((size_t)64 << 20)

static const struct snuba_column group_column = {.kind = SNUBA_GROUP_ID};
static const struct snuba_column ident_column = {.kind = SNUBA_USER_ID};

/* ---- the alternatives of a project's users ---- */

enum { IDENT, EMAIL, USERNAME, ADDRESS, ATTRIBUTES };

static const enum snuba_column_kind attribute_columns[ATTRIBUTES] = {[IDENT] = SNUBA_USER_ID,
                                                                     [EMAIL] = SNUBA_EMAIL,
                                                                     [USERNAME] = SNUBA_USERNAME,
                                                                     [ADDRESS] = SNUBA_IP_ADDRESS};

struct attribute_list {
    const char **texts;
    size_t count;
};

static void add_text(struct attribute_list *list, const char *text_or_null)
{
    if (text_or_null != NULL && text_or_null[0] != '\0')
        list->texts[list->count++] = text_or_null;
}

/* Snuba compares texts and keeps addresses in the form that Python writes, which writes all of an
   IPv6 address in hexadecimal. */
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

static bool collect(struct attribute_list lists[ATTRIBUTES], const struct tagstore_user *users,
                    size_t count, int64_t project_id, struct arena *arena, struct error *error)
{
    for (int i = 0; i < ATTRIBUTES; i++) {
        lists[i] = (struct attribute_list){
            .texts = arena_array(arena, 2 * count + 1, sizeof(*lists[i].texts), error)};
        if (lists[i].texts == NULL)
            return false;
    }
    for (size_t i = 0; i < count; i++) {
        const struct event_user *user = &users[i].attributes;
        if (users[i].project_id != project_id)
            continue;
        add_text(&lists[IDENT], user->ident);
        add_text(&lists[EMAIL], user->email);
        add_text(&lists[USERNAME], user->username);
        if (!add_address(&lists[ADDRESS], user->ip_address, arena, error))
            return false;
    }
    return true;
}

/* *asked: whether any attribute is left to be looked for. */
static bool add_users(struct snuba_question *question, const struct tagstore_user *users,
                      size_t count, int64_t project_id, bool *asked, struct error *error)
{
    struct attribute_list lists[ATTRIBUTES];
    struct snuba_condition *conditions =
        arena_array(question->arena, ATTRIBUTES, sizeof(*conditions), error);
    size_t used = 0;
    if (conditions == NULL || !collect(lists, users, count, project_id, question->arena, error))
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

/* A project's users are asked for in a question of their own: the same ident elsewhere is somebody
   else. True for the first of its users. */
static bool is_first_of_project(const struct tagstore_user *users, size_t i)
{
    for (size_t before = 0; before < i; before++)
        if (users[before].project_id == users[i].project_id)
            return false;
    return true;
}

/* ---- groups of users ---- */

struct found_group {
    int64_t id, seen;
};

static int compare_found(const void *a, const void *b)
{
    const struct found_group *x = a;
    const struct found_group *y = b;
    int order = (y->seen > x->seen) - (y->seen < x->seen);
    return order != 0 ? order : (x->id > y->id) - (x->id < y->id);
}

static int compare_seen(const void *a, const void *b)
{
    const struct snuba_cell *x = a;
    const struct snuba_cell *y = b;
    int order = snuba_order_numbers(&y[1], &x[1]);
    return order != 0 ? order : snuba_order_numbers(&x[0], &y[0]);
}

static bool ask_groups(struct tagstore *store, const struct tagstore_user *users, size_t user_count,
                       int64_t project_id, int64_t limit, struct arena *arena,
                       struct snuba_rows *rows, struct error *error)
{
    static const struct snuba_aggregation seen = {
        .function = SNUBA_MAX, .column = {.kind = SNUBA_TIMESTAMP}, .alias = "seen"};
    static const struct snuba_order orderby[] = {
        {.column = {.kind = SNUBA_ALIAS, .name = "seen"}, .descending = true},
        {.column = {.kind = SNUBA_GROUP_ID}}};
    struct snuba_question question;
    bool asked = false;
    const struct snuba_scope scope = {.project_ids = &project_id, .project_count = 1};
    *rows = (struct snuba_rows){0};
    if (!snuba_question_start(&question, store, "tagstore.get_group_ids_for_users", &scope, 1,
                              arena, error) ||
        !add_users(&question, users, user_count, project_id, &asked, error))
        return false;
    question.query.groupby = &group_column;
    question.query.groupby_count = 1;
    question.query.aggregations = &seen;
    question.query.aggregation_count = 1;
    question.query.orderby = orderby;
    question.query.orderby_count = ARRAY_LENGTH(orderby);
    return !asked || snuba_question_top(&question, compare_seen, 1, limit, rows, error);
}

/* Puts more groups behind those that were found. */
static bool add_groups(struct found_group **found, size_t *count, const struct snuba_rows *rows,
                       struct arena *arena, struct error *error)
{
    struct found_group *more = arena_array(arena, *count + rows->count + 1, sizeof(*more), error);
    if (more == NULL)
        return false;
    for (size_t i = 0; i < *count; i++)
        more[i] = (*found)[i];
    for (size_t i = 0; i < rows->count; i++)
        more[*count + i] = (struct found_group){.id = snuba_row(rows, i)[0].number,
                                                .seen = snuba_row(rows, i)[1].number};
    *found = more;
    *count += rows->count;
    return true;
}

bool snuba_get_group_ids_for_users(struct tagstore *store, const struct tagstore_user *users,
                                   size_t user_count, int64_t limit, struct arena *arena,
                                   int64_t **group_ids, size_t *count, struct error *error)
{
    struct found_group *found = NULL;
    struct snuba_rows rows;
    size_t found_count = 0;
    for (size_t i = 0; i < user_count; i++)
        if (is_first_of_project(users, i) &&
            (!ask_groups(store, users, user_count, users[i].project_id, limit, arena, &rows,
                         error) ||
             !add_groups(&found, &found_count, &rows, arena, error)))
            return false;
    *group_ids = arena_array(arena, found_count + 1, sizeof(**group_ids), error);
    if (*group_ids == NULL)
        return false;
    if (found_count > 1)
        qsort(found, found_count, sizeof(*found), compare_found);
    *count = limit > 0 && found_count > (size_t)limit ? (size_t)limit : found_count;
    for (size_t i = 0; i < *count; i++)
        (*group_ids)[i] = found[i].id;
    return true;
}

/* ---- what was seen of users ---- */

static int compare_last(const void *a, const void *b)
{
    const struct snuba_cell *x = a;
    const struct snuba_cell *y = b;
    int order = snuba_order_numbers(&y[3], &x[3]);
    return order != 0 ? order : snuba_order_texts(&x[0], &y[0]);
}

static bool ask_idents(struct tagstore *store, const struct tagstore_user *users, size_t user_count,
                       int64_t project_id, int64_t limit, struct arena *arena,
                       struct snuba_rows *rows, struct error *error)
{
    static const struct snuba_order orderby[] = {
        {.column = {.kind = SNUBA_ALIAS, .name = "last_seen"}, .descending = true},
        {.column = {.kind = SNUBA_USER_ID}}};
    struct snuba_question question;
    bool asked = false;
    const struct snuba_scope scope = {.project_ids = &project_id, .project_count = 1};
    *rows = (struct snuba_rows){0};
    if (!snuba_question_start(&question, store, "tagstore.get_group_tag_values_for_users", &scope,
                              2, arena, error) ||
        !add_users(&question, users, user_count, project_id, &asked, error) ||
        !snuba_question_text(&question, ident_column, SNUBA_NOT_EQUAL, "", error))
        return false;
    question.query.groupby = &ident_column;
    question.query.groupby_count = 1;
    question.query.aggregations = snuba_sums;
    question.query.aggregation_count = SNUBA_SUMS;
    question.query.orderby = orderby;
    question.query.orderby_count = ARRAY_LENGTH(orderby);
    return !asked || snuba_question_top(&question, compare_last, 3, limit, rows, error);
}

static int compare_values(const void *a, const void *b)
{
    const struct user_tag_value *x = a;
    const struct user_tag_value *y = b;
    int order = (y->tag.last_seen > x->tag.last_seen) - (y->tag.last_seen < x->tag.last_seen);
    if (order == 0)
        order = (x->project_id > y->project_id) - (x->project_id < y->project_id);
    return order != 0 ? order : strcmp(x->tag.value, y->tag.value);
}

static bool add_idents(struct user_tag_value **values, size_t *count, const struct snuba_rows *rows,
                       int64_t project_id, struct arena *arena, struct error *error)
{
    struct user_tag_value *more =
        arena_array(arena, *count + rows->count + 1, sizeof(*more), error);
    if (more == NULL)
        return false;
    for (size_t i = 0; i < *count; i++)
        more[i] = (*values)[i];
    for (size_t i = 0; i < rows->count; i++)
        more[*count + i] = (struct user_tag_value){
            .project_id = project_id, .tag = snuba_take_value(snuba_row(rows, i), 0, NULL)};
    *values = more;
    *count += rows->count;
    return true;
}

bool snuba_get_group_tag_values_for_users(struct tagstore *store, const struct tagstore_user *users,
                                          size_t user_count, int64_t limit, struct arena *arena,
                                          struct user_tag_value **rows, size_t *count,
                                          struct error *error)
{
    struct snuba_rows found;
    for (size_t i = 0; i < user_count; i++)
        if (is_first_of_project(users, i) &&
            (!ask_idents(store, users, user_count, users[i].project_id, limit, arena, &found,
                         error) ||
             !add_idents(rows, count, &found, users[i].project_id, arena, error)))
            return false;
    if (*count > 1)
        qsort(*rows, *count, sizeof(**rows), compare_values);
    if (limit > 0 && *count > (size_t)limit)
        *count = (size_t)limit;
    return true;
}

/* ---- counting users ---- */

static bool ask_counts(struct tagstore *store, const struct snuba_scope *scope, struct arena *arena,
                       struct snuba_rows *rows, struct error *error)
{
    static const struct snuba_aggregation users = {
        .function = SNUBA_UNIQ, .column = {.kind = SNUBA_USER_ID}, .alias = "count"};
    struct snuba_question question;
    if (!snuba_question_start(&question, store, "tagstore.get_groups_user_counts", scope, 1, arena,
                              error) ||
        !snuba_question_text(&question, ident_column, SNUBA_NOT_EQUAL, "", error))
        return false;
    question.query.groupby = &group_column;
    question.query.groupby_count = 1;
    question.query.aggregations = &users;
    question.query.aggregation_count = 1;
    return snuba_question_all(&question, snuba_compare_numbers, rows, error);
}

static int64_t count_of(const struct snuba_rows *rows, int64_t group_id)
{
    const struct snuba_cell wanted = {.number = group_id};
    const struct snuba_cell *row =
        rows->count == 0 ? NULL
                         : bsearch(&wanted, rows->cells, rows->count,
                                   rows->columns * sizeof(*rows->cells), snuba_compare_numbers);
    return row == NULL ? 0 : row[1].number;
}

static bool count_users(struct tagstore *store, struct snuba_scope *scope, const int64_t *group_ids,
                        size_t group_count, int64_t *counts, struct arena *arena,
                        struct error *error)
{
    struct snuba_group_list groups;
    struct snuba_rows rows;
    if (!snuba_group_list_start(&groups, group_ids, group_count, arena, error))
        return false;
    while (snuba_group_list_next(&groups, &scope->group_ids, &scope->group_count)) {
        bool done = ask_counts(store, scope, arena, &rows, error);
        if (!done && !snuba_group_list_retry(&groups, error))
            return false;
        for (size_t i = 0; done && i < group_count; i++)
            counts[i] += count_of(&rows, group_ids[i]);
    }
    return true;
}

bool snuba_get_groups_user_counts(struct tagstore *store, int64_t project_id,
                                  const int64_t *group_ids, size_t group_count,
                                  int64_t environment_id, int64_t *counts, struct error *error)
{
    struct snuba_scope scope = {
        .project_ids = &project_id, .project_count = 1, .environment_id = environment_id};
    struct arena *arena = arena_new(ARENA_MAX);
    bool done = arena == NULL
                    ? error_no_memory(error)
                    : count_users(store, &scope, group_ids, group_count, counts, arena, error);
    arena_free(arena);
    return done;
}
