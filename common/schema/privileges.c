/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/system/test_grants.py. */
#include "schema/privileges.h"

#include "base/embedded.h"
#include "base/text.h"

enum tagstore { ANY, POSTGRES, SNUBA };

struct need {
    const char *table;
    const char *privileges;
    enum tagstore tagstore; /* the tagstore that needs it */
    bool optional;          /* needed only if the table exists */
};

static const struct need needs[] = {
    {"sentry_exporteddata", "SELECT INSERT UPDATE DELETE", ANY, false},
    {"sentry_exporteddatablob", "SELECT DELETE", ANY, true},
    {"sentry_file", "SELECT INSERT DELETE", ANY, false},
    {"sentry_fileblob", "SELECT INSERT UPDATE DELETE", ANY, false},
    {"sentry_fileblobindex", "SELECT INSERT DELETE", ANY, false},
    {"sentry_fileblobowner", "SELECT", ANY, false},
    {"sentry_project", "SELECT", ANY, false},
    {"sentry_organization", "SELECT", ANY, false},
    {"sentry_organizationmember", "SELECT", ANY, false},
    {"sentry_environment", "SELECT", ANY, false},
    {"sentry_groupedmessage", "SELECT", ANY, false},
    {"sentry_groupredirect", "SELECT", ANY, false},
    {"sentry_eventuser", "SELECT", ANY, false},
    {"sentry_sentryapp", "SELECT", ANY, true},
    {"sentry_sentryappinstallation", "SELECT", ANY, true},
    {"auth_user", "SELECT", ANY, false},
    {"exportd.migration", "SELECT", ANY, false},
    {"exportd.export", "SELECT INSERT UPDATE DELETE", ANY, false},
    {"exportd.attempt", "SELECT INSERT UPDATE DELETE", ANY, false},
    {"exportd.outbox", "SELECT INSERT UPDATE DELETE", ANY, false},
    {"exportd.object", "SELECT INSERT UPDATE DELETE", ANY, false},
    {"exportd.audit", "SELECT INSERT DELETE", ANY, false},
    {"exportd.flow", "SELECT INSERT UPDATE DELETE", ANY, false},
    {"exportd.organization", "SELECT INSERT UPDATE", ANY, false},
    {"exportd.worker", "SELECT INSERT UPDATE DELETE", ANY, false},
    {"exportd.queue", "SELECT INSERT UPDATE", ANY, false},
    {"exportd.dead", "SELECT INSERT UPDATE DELETE", ANY, false},
    {"exportd.intake_try", "SELECT INSERT UPDATE DELETE", ANY, false},
    {"exportd.upload_lock", "SELECT INSERT UPDATE DELETE", ANY, false},
    {"exportd.upload_lock_kind", "SELECT UPDATE", ANY, false},
    {"tagstore_tagkey", "SELECT", POSTGRES, false},
    {"tagstore_tagvalue", "SELECT", POSTGRES, false},
    {"tagstore_grouptagkey", "SELECT", POSTGRES, false},
    {"tagstore_grouptagvalue", "SELECT", POSTGRES, false},
    {"sentry_grouphash", "SELECT", SNUBA, false}, /* translates groups to hashes */
};

enum { ARRAY_MAX = 16 * 1024 };

struct arrays {
    struct pg_array tables, privileges, optional;
};

/* Lists the tables that this tagstore needs. */
static bool fill_arrays(struct arrays *arrays, enum tagstore tagstore, struct error *error)
{
    for (size_t i = 0; i < ARRAY_LENGTH(needs); i++) {
        const struct need *need = &needs[i];
        if (need->tagstore != ANY && need->tagstore != tagstore)
            continue;
        if (!pg_array_add_text(&arrays->tables, need->table, error) ||
            !pg_array_add_text(&arrays->privileges, need->privileges, error) ||
            !pg_array_add_text(&arrays->optional, need->optional ? "t" : "f", error))
            return false;
    }
    return true;
}

static bool bind_array(struct pg_params *params, struct pg_array *array, struct error *error)
{
    const char *text = NULL;
    if (!pg_array_text(array, &text, error))
        return false;
    pg_bind_text(params, text);
    return true;
}

bool privileges_query(struct pg *pg, const char *tagstore, struct pg_result **rows,
                      struct error *error)
{
    struct arrays arrays;
    struct pg_params params = {.count = 0};
    pg_array_init(&arrays.tables, ARRAY_MAX);
    pg_array_init(&arrays.privileges, ARRAY_MAX);
    pg_array_init(&arrays.optional, ARRAY_MAX);
    bool done =
        fill_arrays(&arrays, text_equal(tagstore, "postgres") ? POSTGRES : SNUBA, error) &&
        bind_array(&params, &arrays.tables, error) &&
        bind_array(&params, &arrays.privileges, error) &&
        bind_array(&params, &arrays.optional, error) &&
        pg_query(pg, embedded_text(embedded_schema_statements, "rights.sql"), &params, rows, error);
    pg_array_free(&arrays.tables);
    pg_array_free(&arrays.privileges);
    pg_array_free(&arrays.optional);
    return done;
}

struct privilege privilege_read(const struct pg_result *rows, int row)
{
    return (struct privilege){.object = pg_text(rows, row, 0),
                              .rights = pg_text(rows, row, 1),
                              .missing = pg_text(rows, row, 2)};
}

bool privileges_names(struct pg *pg, const char *role, struct grant_names *names,
                      struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_text(&params, role);
    if (!pg_query(pg,
                  "SELECT quote_ident(rolname), quote_ident(current_database())"
                  " FROM pg_roles WHERE rolname = $1::text",
                  &params, &result, error))
        return false;
    bool found = pg_rows(result) == 1 &&
                 text_copy(names->role, sizeof(names->role), pg_text(result, 0, 0)) &&
                 text_copy(names->database, sizeof(names->database), pg_text(result, 0, 1));
    pg_result_free(result);
    return found || error_set(error, ERROR_NOT_FOUND,
                              "there is no role '%.100s': CREATE ROLE ... LOGIN first", role);
}

bool privilege_check(const struct privilege *privilege, struct error *error)
{
    if (privilege->rights == NULL)
        return error_set(error, ERROR_QUERY, "there is no table %s", privilege->object);
    return privilege->missing == NULL || error_set(error, ERROR_DENIED, "the role lacks %s on %s",
                                                   privilege->missing, privilege->object);
}
