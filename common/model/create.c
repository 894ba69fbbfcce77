/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of organization.h that creates rows: organizations, users and projects.
 *
 * Each function takes one advisory lock, then finds the row or inserts it: of two commands at once,
 * the second finds the row of the first.
 */
#include "base/text.h"
#include "model/organization.h"
#include "wire/clean_text.h"

enum { SLUG_LENGTH_MAX = 50, EMAIL_LENGTH_MAX = 75 }; /* characters: the widths of the columns */

/* ---- rules ---- */

/* The rule is in organization.h. */
static bool check_slug(const char *slug, struct error *error)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t length = strlen(slug);
    bool good = length >= 1 && length <= SLUG_LENGTH_MAX && strspn(slug, allowed) == length &&
                strspn(slug, "0123456789") < length;
    return good || error_set(error, ERROR_INVALID,
                             "a slug is 1 to %d of the characters a-z, 0-9, - and _,"
                             " and not digits alone",
                             SLUG_LENGTH_MAX);
}

static bool check_email(const char *email, struct error *error)
{
    size_t size = strlen(email);
    const char *at = strchr(email, '@');
    bool good = clean_text_is_clean(email, size) &&
                clean_text_cut(email, size, EMAIL_LENGTH_MAX) == size && !text_has_control(email) &&
                strchr(email, ' ') == NULL && at != NULL && at != email && at[1] != '\0' &&
                strchr(at + 1, '@') == NULL;
    return good || error_set(error, ERROR_INVALID,
                             "an e-mail address is name@host, of at most %d characters and without"
                             " spaces",
                             EMAIL_LENGTH_MAX);
}

/* ---- transactions ---- */

/* Begins a transaction in which no other exportd creates rows. It is READ COMMITTED, so that it
   sees the rows of the transaction that it waited for. */
static bool begin_creating(struct pg *pg, struct error *error)
{
    return pg_begin(pg, error) &&
           pg_execute(pg, "SET TRANSACTION ISOLATION LEVEL READ COMMITTED", NULL, NULL, error) &&
           pg_execute(pg, "SELECT pg_advisory_xact_lock(2020032518)", NULL, NULL, error);
}

/* Commits the transaction if all its statements were done, else rolls it back. */
static bool end_creating(struct pg *pg, bool done, struct error *error)
{
    if (done && pg_commit(pg, error))
        return true;
    pg_rollback(pg);
    return false;
}

/* ---- organizations ---- */

static bool insert_or_find_organization(struct pg *pg, const char *slug, int64_t *id,
                                        struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_text(&params, slug);
    if (!pg_query_int(pg,
                      "INSERT INTO sentry_organization"
                      " (name, slug, status, date_added, default_role, flags)"
                      " VALUES ($1::text, $1::text, 0, now(), 'member', 1)"
                      " ON CONFLICT (slug) DO NOTHING RETURNING id",
                      &params, id, error))
        return false;
    return *id != 0 || organization_find(pg, slug, id, error);
}

bool organization_create(struct pg *pg, const char *slug, int64_t *id, struct error *error)
{
    if (!check_slug(slug, error))
        return false;
    bool done = begin_creating(pg, error) && insert_or_find_organization(pg, slug, id, error);
    return end_creating(pg, done, error);
}

/* ---- users ---- */

/* Finds a user by address. If several share it, chooses as user_find_member does. */
static bool find_user(struct pg *pg, int64_t organization_id, const char *email, int64_t *id,
                      struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_int(&params, organization_id);
    pg_bind_text(&params, email);
    return pg_query_int(
        pg,
        "SELECT id FROM auth_user WHERE lower(email) = lower($2::text)"
        " ORDER BY EXISTS (SELECT FROM sentry_organizationmember AS member"
        " WHERE member.organization_id = $1::bigint AND member.user_id = auth_user.id)"
        " DESC, id LIMIT 1",
        &params, id, error);
}

/* "!" is Django's mark for a password that never matches. */
static bool insert_user(struct pg *pg, const char *email, int64_t *id, struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_text(&params, email);
    if (!pg_query_int(
            pg,
            "INSERT INTO auth_user (password, username, first_name, email, is_staff,"
            " is_active, is_superuser, is_managed, is_sentry_app, is_password_expired, flags,"
            " date_joined)"
            " VALUES ('!', $1::text, '', $1::text, false, true, false, false, false, false,"
            " 0, now()) ON CONFLICT (username) DO NOTHING RETURNING id",
            &params, id, error))
        return false;
    return *id != 0 || error_set(error, ERROR_CONFLICT,
                                 "\"%.75s\" is the name of a user who has another address", email);
}

static bool insert_member(struct pg *pg, int64_t organization_id, int64_t user_id,
                          struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_int(&params, organization_id);
    pg_bind_int(&params, user_id);
    return pg_execute(pg,
                      "INSERT INTO sentry_organizationmember (organization_id, user_id, role,"
                      " flags, date_added, has_global_access, invite_status, type)"
                      " VALUES ($1::bigint, $2::bigint, 'member', 0, now(), true, 0, 50)"
                      " ON CONFLICT (organization_id, user_id) DO NOTHING",
                      &params, NULL, error);
}

bool user_create(struct pg *pg, int64_t organization_id, const char *email, int64_t *id,
                 struct error *error)
{
    if (!check_email(email, error))
        return false;
    bool done = begin_creating(pg, error) && find_user(pg, organization_id, email, id, error) &&
                (*id != 0 || insert_user(pg, email, id, error)) &&
                insert_member(pg, organization_id, *id, error);
    return end_creating(pg, done, error);
}

/* ---- projects ---- */

static bool find_project(struct pg *pg, const struct new_project *project, int64_t *id,
                         struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_int(&params, project->organization_id);
    pg_bind_text(&params, project->slug);
    return pg_query_int(pg,
                        "SELECT id FROM sentry_project"
                        " WHERE organization_id = $1::bigint AND slug = $2::text",
                        &params, id, error);
}

static bool insert_project(struct pg *pg, const struct new_project *project, int64_t *id,
                           struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_int(&params, project->organization_id);
    pg_bind_text(&params, project->slug);
    return pg_query_int(pg,
                        "INSERT INTO sentry_project"
                        " (slug, name, organization_id, public, date_added, status, flags)"
                        " VALUES ($2::text, $2::text, $1::bigint, false, now(), 0, 0) RETURNING id",
                        &params, id, error);
}

/* *project has the id; ERROR_CONFLICT if another project has it already. */
static bool insert_project_with_id(struct pg *pg, const struct new_project *project,
                                   struct error *error)
{
    struct pg_params params = {.count = 0};
    int64_t inserted = 0;
    pg_bind_int(&params, project->organization_id);
    pg_bind_text(&params, project->slug);
    pg_bind_int(&params, project->id);
    if (!pg_query_int(pg,
                      "INSERT INTO sentry_project"
                      " (id, slug, name, organization_id, public, date_added, status, flags)"
                      " VALUES ($3::bigint, $2::text, $2::text, $1::bigint, false, now(), 0, 0)"
                      " ON CONFLICT (id) DO NOTHING RETURNING id",
                      &params, &inserted, error))
        return false;
    return inserted != 0 || error_set(error, ERROR_CONFLICT,
                                      "id %" PRId64 " is that of another project", project->id);
}

/* Calls nextval first, so that the sequence never goes back, even if others take ids from it. */
static bool move_sequence_past(struct pg *pg, int64_t id, struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_int(&params, id);
    return pg_execute(
        pg,
        "SELECT CASE WHEN nextval(name) < $1::bigint THEN setval(name, $1::bigint) END"
        " FROM (SELECT pg_get_serial_sequence('sentry_project', 'id')::regclass"
        " AS name) AS sequence",
        &params, NULL, error);
}

/* An existing project is found by its slug; if an id is asked for, it must have that id. */
static bool find_or_insert_project(struct pg *pg, const struct new_project *project, int64_t *id,
                                   struct error *error)
{
    if (!find_project(pg, project, id, error))
        return false;
    if (*id != 0)
        return project->id <= 0 || *id == project->id ||
               error_set(error, ERROR_CONFLICT, "project \"%s\" is there already, with id %" PRId64,
                         project->slug, *id);
    if (project->id <= 0)
        return insert_project(pg, project, id, error);
    *id = project->id;
    return insert_project_with_id(pg, project, error) && move_sequence_past(pg, project->id, error);
}

bool project_create(struct pg *pg, const struct new_project *project, int64_t *id,
                    struct error *error)
{
    if (!check_slug(project->slug, error))
        return false;
    bool done = begin_creating(pg, error) && find_or_insert_project(pg, project, id, error);
    return end_creating(pg, done, error);
}
