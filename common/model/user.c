/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of organization.h that finds users.
 *
 * Tested by tests/unit/model/rows_test.c.
 */
#include "base/text.h"
#include "model/organization.h"

/* Answers with at most one row: the id, and whether the user is a member of the organization. */
static bool query_by_id(struct pg *pg, int64_t organization_id, int64_t id,
                        struct pg_result **result, struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_int(&params, organization_id);
    pg_bind_int(&params, id);
    return pg_query(pg,
                    "SELECT id, EXISTS (SELECT FROM sentry_organizationmember AS member"
                    " WHERE member.organization_id = $1::bigint AND member.user_id = auth_user.id)"
                    " FROM auth_user WHERE id = $2::bigint",
                    &params, result, error);
}

/* Answers with at most one row: the id, and whether the user is a member of the organization. */
static bool query_by_email(struct pg *pg, int64_t organization_id, const char *email,
                           struct pg_result **result, struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_int(&params, organization_id);
    pg_bind_text(&params, email);
    return pg_query(pg,
                    "SELECT id, EXISTS (SELECT FROM sentry_organizationmember AS member"
                    " WHERE member.organization_id = $1::bigint AND member.user_id = auth_user.id)"
                    " AS is_member FROM auth_user WHERE lower(email) = lower($2::text)"
                    " ORDER BY is_member DESC, id LIMIT 1",
                    &params, result, error);
}

bool user_find_member(struct pg *pg, int64_t organization_id, const char *email_or_id, int64_t *id,
                      struct error *error)
{
    struct pg_result *result = NULL;
    int64_t number = 0;
    bool done = text_to_int64(email_or_id, 0, INT64_MAX, &number)
                    ? query_by_id(pg, organization_id, number, &result, error)
                    : query_by_email(pg, organization_id, email_or_id, &result, error);
    if (!done)
        return false;
    if (pg_rows(result) == 0)
        done = error_set(error, ERROR_NOT_FOUND, "there is no user \"%.100s\"", email_or_id);
    else if (!text_equal(pg_text(result, 0, 1), "t"))
        done = error_set(error, ERROR_NOT_FOUND, "user \"%.100s\" is no member of the organization",
                         email_or_id);
    else
        *id = pg_int(result, 0, 0);
    pg_result_free(result);
    return done;
}

bool user_find(struct pg *pg, const char *email_or_id, int64_t *id, struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    bool done = true;
    if (text_to_int64(email_or_id, 1, INT64_MAX, id))
        return true;
    pg_bind_text(&params, email_or_id);
    if (!pg_query(pg,
                  "SELECT id FROM auth_user WHERE lower(email) = lower($1::text) AND email <> ''"
                  " ORDER BY id LIMIT 2",
                  &params, &result, error))
        return false;
    if (pg_rows(result) == 0)
        done =
            error_set(error, ERROR_NOT_FOUND,
                      "there is no user \"%.100s\": one who is gone is named by id", email_or_id);
    else if (pg_rows(result) > 1)
        done = error_set(error, ERROR_CONFLICT,
                         "several users have the address \"%.100s\": name one by id", email_or_id);
    else
        *id = pg_int(result, 0, 0);
    pg_result_free(result);
    return done;
}

bool organization_check_user(struct pg *pg, int64_t organization_id, int64_t user_id,
                             struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_int(&params, organization_id);
    pg_bind_int(&params, user_id);
    if (!pg_query(pg,
                  "SELECT EXISTS (SELECT FROM sentry_organization WHERE id = $1::bigint),"
                  " EXISTS (SELECT FROM auth_user WHERE id = $2::bigint)",
                  &params, &result, error))
        return false;
    bool organization = text_equal(pg_text(result, 0, 0), "t");
    bool user = text_equal(pg_text(result, 0, 1), "t");
    pg_result_free(result);
    return (organization && user) || error_set(error, ERROR_NOT_FOUND, "the %s is gone",
                                               organization ? "user" : "organization");
}
