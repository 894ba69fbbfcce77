/* SPDX-License-Identifier: Apache-2.0 */
#include "model/event_user.h"

#include "base/digest.h"
#include "base/text.h"

enum { HASH_ARRAY_MAX = 4 * 1024 * 1024 }; /* bytes: a page has at most 10,000 values */

/* ---- tag values ---- */

struct attribute {
    const char *keyword, *value;
};

bool event_user_tag_value(const struct event_user *user, struct arena *arena, const char **value,
                          struct error *error)
{
    const struct attribute attributes[] = {
        {"id", user->ident},
        {"username", user->username},
        {"email", user->email},
        {"ip", user->ip_address},
    };
    *value = NULL;
    for (size_t i = 0; i < ARRAY_LENGTH(attributes); i++) {
        const struct attribute *attribute = &attributes[i];
        if (attribute->value == NULL || attribute->value[0] == '\0')
            continue;
        *value = arena_printf(arena, error, "%s:%s", attribute->keyword, attribute->value);
        return *value != NULL;
    }
    return true;
}

/* A user is found by the hash of the text after the first colon of the tag value. */
static void hash_of_tag_value(const char *value, char hash[MD5_HEX_SIZE])
{
    const char *colon = strchr(value, ':');
    const char *rest = colon == NULL ? value : colon + 1;
    md5_hex(rest, strlen(rest), hash);
}

/* ---- for_tags ---- */

struct row {
    const struct pg_result *result;
    int number;
    struct arena *arena;
};

static bool copy_nullable(const struct row *row, int column, const char **copy, struct error *error)
{
    const char *text = pg_text(row->result, row->number, column);
    *copy = text == NULL ? NULL : arena_copy(row->arena, text, strlen(text), error);
    return text == NULL || *copy != NULL;
}

/* Takes the row's user for the value whose hash found it, if the user has that very tag value. */
static bool take_row(const struct row *row, const struct tag_users *page, struct error *error)
{
    size_t i = (size_t)pg_int(row->result, row->number, 0) - 1;
    struct event_user user = {NULL, NULL, NULL, NULL};
    const char *own = NULL;
    if (!copy_nullable(row, 1, &user.ident, error) || !copy_nullable(row, 2, &user.email, error) ||
        !copy_nullable(row, 3, &user.username, error) ||
        !copy_nullable(row, 4, &user.ip_address, error) ||
        !event_user_tag_value(&user, row->arena, &own, error))
        return false;
    if (own != NULL && text_equal(own, page->values[i]))
        page->users[i] = user;
    return true;
}

/* Answers with rows (n, ident, email, username, ip_address); n is the place of the hash, from 1. */
static bool query_users(struct pg *pg, int64_t project_id, const char *hashes,
                        struct pg_result **result, struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_int(&params, project_id);
    pg_bind_text(&params, hashes);
    return pg_query(pg,
                    "SELECT asked.n, ident, email, username, host(ip_address)"
                    " FROM unnest($2::text[]) WITH ORDINALITY AS asked (hash, n)"
                    " JOIN sentry_eventuser AS known"
                    " ON known.project_id = $1::bigint AND known.hash = asked.hash",
                    &params, result, error);
}

/* Hashes are computed here, because PostgreSQL would refuse a value that is not UTF-8. */
static bool print_hashes(const char *const *values, size_t count, struct pg_array *array,
                         const char **text, struct error *error)
{
    char hash[MD5_HEX_SIZE];
    for (size_t i = 0; i < count; i++) {
        hash_of_tag_value(values[i], hash);
        if (!pg_array_add_text(array, hash, error))
            return false;
    }
    return pg_array_text(array, text, error);
}

bool event_user_for_tags(struct pg *pg, int64_t project_id, const struct tag_users *page,
                         struct arena *arena, struct error *error)
{
    struct pg_array array;
    struct pg_result *result = NULL;
    const char *hashes = NULL;
    for (size_t i = 0; i < page->count; i++)
        page->users[i] = (struct event_user){NULL, NULL, NULL, NULL};
    pg_array_init(&array, HASH_ARRAY_MAX);
    bool done = print_hashes(page->values, page->count, &array, &hashes, error) &&
                query_users(pg, project_id, hashes, &result, error);
    for (int i = 0; done && i < pg_rows(result); i++)
        done = take_row(&(struct row){.result = result, .number = i, .arena = arena}, page, error);
    pg_array_free(&array);
    pg_result_free(result);
    return done;
}
