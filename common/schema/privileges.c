/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/privileges.h"

#include "base/text.h"

struct need {
    const char *table;
    const char *privileges; /* as has_table_privilege takes them, one by one */
};

static const struct need needs[] = {
    {"sentry_exporteddata", "SELECT INSERT UPDATE DELETE"},
    {"sentry_file", "SELECT INSERT DELETE"},
    {"sentry_fileblob", "SELECT INSERT UPDATE DELETE"},
    {"sentry_fileblobindex", "SELECT INSERT DELETE"},
    {"sentry_fileblobowner", "SELECT"},
    {"sentry_project", "SELECT"},
    {"sentry_organization", "SELECT"},
    {"sentry_organizationmember", "SELECT"},
    {"sentry_environment", "SELECT"},
    {"sentry_groupedmessage", "SELECT"},
    {"sentry_groupredirect", "SELECT"},
    {"sentry_eventuser", "SELECT"},
    {"auth_user", "SELECT"},
    {"exportd.export", "SELECT INSERT UPDATE DELETE"},
    {"exportd.attempt", "SELECT INSERT UPDATE DELETE"},
    {"exportd.outbox", "SELECT INSERT UPDATE DELETE"},
    {"exportd.object", "SELECT INSERT UPDATE DELETE"},
    {"exportd.audit", "SELECT INSERT DELETE"},
    {"exportd.flow", "SELECT INSERT UPDATE DELETE"},
    {"exportd.organization", "SELECT"},
    {"exportd.worker", "SELECT INSERT UPDATE DELETE"},
    {"exportd.queue", "SELECT INSERT UPDATE"},
    {"exportd.dead", "SELECT INSERT UPDATE DELETE"},
    {"exportd.intake_try", "SELECT INSERT UPDATE DELETE"},
    {"exportd.upload_lock", "SELECT INSERT UPDATE DELETE"},
    {"exportd.upload_lock_kind", "SELECT UPDATE"},
};

static const struct need needs_of_postgres[] = {
    {"tagstore_tagkey", "SELECT"},
    {"tagstore_tagvalue", "SELECT"},
    {"tagstore_grouptagkey", "SELECT"},
    {"tagstore_grouptagvalue", "SELECT"},
};

/* Which hashes a group has. */
static const struct need needs_of_snuba[] = {
    {"sentry_grouphash", "SELECT"},
};

static bool check_one(struct pg *pg, const char *table, const char *privilege, struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_text(&params, table);
    pg_bind_text(&params, privilege);
    if (!pg_query(pg,
                  "SELECT CASE WHEN to_regclass($1::text) IS NULL THEN 'missing'"
                  " WHEN has_table_privilege(to_regclass($1::text), $2::text) THEN 'fine'"
                  " ELSE 'denied' END",
                  &params, &result, error))
        return false;
    const char *answer = pg_text(result, 0, 0);
    bool missing = text_equal(answer, "missing");
    bool fine = text_equal(answer, "fine");
    pg_result_free(result);
    if (missing)
        return error_set(error, ERROR_NOT_FOUND, "there is no table %s", table);
    return fine || error_set(error, ERROR_DENIED, "the role lacks %s on %s", privilege, table);
}

static bool check_need(struct pg *pg, const struct need *need, struct error *error)
{
    const char *at = need->privileges;
    while (*at != '\0') {
        char privilege[16];
        size_t size = strcspn(at, " ");
        (void)snprintf(privilege, sizeof(privilege), "%.*s", (int)size, at);
        if (!check_one(pg, need->table, privilege, error))
            return false;
        at += size + (at[size] == ' ' ? 1 : 0);
    }
    return true;
}

static bool check_needs(struct pg *pg, const struct need *list, size_t count, struct error *error)
{
    for (size_t i = 0; i < count; i++)
        if (!check_need(pg, &list[i], error))
            return false;
    return true;
}

bool privileges_check(struct pg *pg, const char *tagstore, struct error *error)
{
    return check_needs(pg, needs, ARRAY_LENGTH(needs), error) &&
           (text_equal(tagstore, "postgres")
                ? check_needs(pg, needs_of_postgres, ARRAY_LENGTH(needs_of_postgres), error)
                : check_needs(pg, needs_of_snuba, ARRAY_LENGTH(needs_of_snuba), error));
}
