/* SPDX-License-Identifier: Apache-2.0 */
/*
 * migration_apply first checks what is recorded, then applies each file that is not, in the order
 * of their names. The files of standalone/ name the schema `public`; it is replaced by the schema
 * of this database before a file is run.
 */
#include "schema/migration.h"

#include "base/digest.h"
#include "base/embedded.h"
#include "base/text.h"
#include "model/sentry_database.h"

enum {
    NAME_MAX_SIZE = 128,
    SCHEMA_MAX_SIZE = 160, /* 63 bytes, each perhaps a doubled quote; outer quotes, dot and NUL */
    SCRIPT_MAX_SIZE = 1 << 20,
};

/* The files of standalone/ have this before the name of each table and index. */
#define STANDALONE_SCHEMA "public."

/* An arbitrary number, which is the same in every exportd. */
#define LOCK_MIGRATIONS "SELECT pg_advisory_xact_lock(2020032517)"

struct folder {
    const char *name;
    const struct embedded_file *files;
};

static const struct folder folders[] = {
    {"exportd", embedded_migrations_exportd},
    {"standalone", embedded_migrations_standalone},
};

/* The name of a file in exportd.migration. */
static const char *recorded_name(const struct folder *folder, const struct embedded_file *file,
                                 char name[NAME_MAX_SIZE])
{
    (void)snprintf(name, NAME_MAX_SIZE, "%s/%s", folder->name, file->name);
    return name;
}

static const struct embedded_file *find_file(const char *recorded)
{
    char name[NAME_MAX_SIZE];
    for (size_t i = 0; i < ARRAY_LENGTH(folders); i++)
        for (const struct embedded_file *file = folders[i].files; file->name != NULL; file++)
            if (text_equal(recorded, recorded_name(&folders[i], file, name)))
                return file;
    return NULL;
}

/* ---- reading ---- */

static bool query_bool(struct pg *pg, const char *sql, bool *answer, struct error *error)
{
    struct pg_result *result = NULL;
    if (!pg_query(pg, sql, NULL, &result, error))
        return false;
    *answer = text_equal(pg_text(result, 0, 0), "t");
    pg_result_free(result);
    return true;
}

static bool has_table(struct pg *pg, bool *has, struct error *error)
{
    return query_bool(pg, "SELECT to_regclass('exportd.migration') IS NOT NULL", has, error);
}

static bool query_recorded(struct pg *pg, struct pg_result **result, struct error *error)
{
    return pg_query(pg, "SELECT name, checksum FROM exportd.migration ORDER BY name", NULL, result,
                    error);
}

static bool is_recorded(const struct pg_result *recorded, const char *name)
{
    for (int row = 0; row < pg_rows(recorded); row++)
        if (text_equal(pg_text(recorded, row, 0), name))
            return true;
    return false;
}

/* Finds the schema that has the tables of a Sentry, or will have them; it is quoted and ends with a
   dot. Call it before begin_locked, which sets another search path. */
static bool find_schema(struct pg *pg, char schema[SCHEMA_MAX_SIZE], struct error *error)
{
    struct pg_result *result = NULL;
    if (!pg_query(
            pg,
            "SELECT quote_ident(coalesce("
            "(SELECT n.nspname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
            "  WHERE c.oid = to_regclass('sentry_project')),"
            "(SELECT name FROM unnest(current_schemas(false)) WITH ORDINALITY AS path (name, n)"
            "  WHERE name NOT IN ('exportd', 'pg_catalog') ORDER BY n LIMIT 1))) || '.'",
            NULL, &result, error))
        return false;
    const char *name = pg_text(result, 0, 0);
    bool found = name != NULL && text_copy(schema, SCHEMA_MAX_SIZE, name);
    pg_result_free(result);
    return found ||
           error_set(error, ERROR_QUERY,
                     "the search path of this role names no schema that is there and that it may "
                     "use: ALTER ROLE ... SET search_path");
}

static bool refuse_sentry(struct pg *pg, struct error *error)
{
    bool is_sentrys = false;
    if (!database_is_sentrys(pg, &is_sentrys, error))
        return false;
    return !is_sentrys ||
           error_set(error, ERROR_CONFLICT,
                     "this is the database of a Sentry (it has Django's table of migrations), which"
                     " --standalone would change: run migrate without it");
}

/* ---- transactions ---- */

/* These settings replace those of role and database. Of two migrations at once, the second waits
   for the lock; it is READ COMMITTED, so that it sees what the first has done. */
static bool begin_locked(struct pg *pg, struct error *error)
{
    return pg_begin(pg, error) &&
           pg_script(pg,
                     "SET TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE;"
                     "SET LOCAL search_path TO pg_catalog;"
                     "SET LOCAL statement_timeout TO 0;"
                     "SET LOCAL lock_timeout TO 0;",
                     error) &&
           pg_execute(pg, LOCK_MIGRATIONS, NULL, NULL, error);
}

/* Commits the transaction if all its statements were done, else rolls it back. */
static bool end_transaction(struct pg *pg, bool done, struct error *error)
{
    if (done && pg_commit(pg, error))
        return true;
    pg_rollback(pg);
    return false;
}

/* If a right is missing, adds the remedy to the error, for the operator. Always false. */
static bool explain_denial(struct pg *pg, const char *remedy, struct error *error)
{
    if (!text_equal(pg_sqlstate(pg), "42501"))
        return false;
    char reason[ERROR_MESSAGE_MAX];
    memcpy(reason, error->message, sizeof(reason));
    return error_set(error, ERROR_DENIED, "%.300s (%s, or migrate as the database's owner)", reason,
                     remedy);
}

/* ---- the recorded migrations ---- */

/* Checks existence itself: IF NOT EXISTS needs the right to create even if nothing is created. */
static bool create_table(struct pg *pg, struct error *error)
{
    bool has_schema = false;
    bool has = false;
    if (!query_bool(pg, "SELECT to_regnamespace('exportd') IS NOT NULL", &has_schema, error) ||
        (!has_schema && !pg_execute(pg, "CREATE SCHEMA exportd", NULL, NULL, error)) ||
        !has_table(pg, &has, error))
        return false;
    return has || pg_execute(pg,
                             "CREATE TABLE exportd.migration (name text PRIMARY KEY,"
                             " checksum varchar(40) NOT NULL, applied_at timestamptz NOT NULL)",
                             NULL, NULL, error);
}

static bool check_recorded(const char *name, const char *checksum, struct error *error)
{
    char here[SHA1_HEX_SIZE];
    const struct embedded_file *file = find_file(name);
    if (file == NULL)
        return error_set(error, ERROR_CONFLICT,
                         "the database has had migration %.100s, which this exportd does not know:"
                         " it is older than the database",
                         name);
    sha1_hex(file->text, file->size, here);
    return text_equal(here, checksum) ||
           error_set(error, ERROR_CONFLICT,
                     "migration %.100s was applied with another text than this exportd has:"
                     " applied migrations must not be changed",
                     name);
}

static bool check_all_recorded(struct pg *pg, struct error *error)
{
    struct pg_result *recorded = NULL;
    if (!query_recorded(pg, &recorded, error))
        return false;
    bool done = true;
    for (int row = 0; done && row < pg_rows(recorded); row++)
        done = check_recorded(pg_text(recorded, row, 0), pg_text(recorded, row, 1), error);
    pg_result_free(recorded);
    return done;
}

/* Makes exportd.migration if it is missing, and checks its rows. */
static bool prepare_table(struct pg *pg, struct error *error)
{
    bool done = begin_locked(pg, error) && create_table(pg, error) && check_all_recorded(pg, error);
    return end_transaction(pg, done, error) ||
           explain_denial(pg, "grant this role CREATE on the database", error);
}

/* ---- applying ---- */

static bool record_file(struct pg *pg, const char *name, const struct embedded_file *file,
                        struct error *error)
{
    char checksum[SHA1_HEX_SIZE];
    struct pg_params params = {.count = 0};
    sha1_hex(file->text, file->size, checksum);
    pg_bind_text(&params, name);
    pg_bind_text(&params, checksum);
    return pg_execute(pg,
                      "INSERT INTO exportd.migration (name, checksum, applied_at)"
                      " VALUES ($1::text, $2::text, now())",
                      &params, NULL, error);
}

/* A file to apply, and the schema of its tables. */
struct step {
    const char *name; /* the recorded name */
    const struct embedded_file *file;
    const char *schema; /* with its dot; NULL: the file is run unchanged */
};

/* Appends the text with STANDALONE_SCHEMA replaced by `schema`. */
static bool append_with_schema(struct buffer *script, const char *text, const char *schema,
                               struct error *error)
{
    bool done = true;
    for (const char *next = strstr(text, STANDALONE_SCHEMA); done && next != NULL;
         next = strstr(text, STANDALONE_SCHEMA)) {
        done = buffer_append(script, text, (size_t)(next - text), error) &&
               buffer_append_text(script, schema, error);
        text = next + strlen(STANDALONE_SCHEMA);
    }
    return done && buffer_append_text(script, text, error);
}

static bool run_script(struct pg *pg, const struct step *step, struct error *error)
{
    struct buffer script;
    if (step->schema == NULL)
        return pg_script(pg, step->file->text, error);
    buffer_init(&script, SCRIPT_MAX_SIZE);
    bool done = append_with_schema(&script, step->file->text, step->schema, error) &&
                pg_script(pg, script.data, error);
    buffer_free(&script);
    return done;
}

/* Checks again within the transaction: another exportd may have applied the file meanwhile. */
static bool apply_if_missing(struct pg *pg, const struct step *step, int *applied,
                             struct error *error)
{
    struct pg_result *recorded = NULL;
    if (!query_recorded(pg, &recorded, error))
        return false;
    bool missing = !is_recorded(recorded, step->name);
    pg_result_free(recorded);
    if (!missing)
        return true;
    if (!run_script(pg, step, error) || !record_file(pg, step->name, step->file, error))
        return error_prefix(error, "migration %s", step->name);
    *applied += 1;
    return true;
}

static bool apply_folder(struct pg *pg, const struct folder *folder, const char *schema,
                         int *applied, struct error *error)
{
    char name[NAME_MAX_SIZE];
    bool done = true;
    for (const struct embedded_file *file = folder->files; done && file->name != NULL; file++) {
        int applied_before = *applied;
        const struct step step = {recorded_name(folder, file, name), file, schema};
        done = begin_locked(pg, error) && apply_if_missing(pg, &step, applied, error);
        done = end_transaction(pg, done, error);
        if (!done)
            *applied = applied_before;
    }
    return done || explain_denial(pg, "grant this role CREATE on the schema", error);
}

bool migration_apply(struct pg *pg, bool standalone, int *applied, struct error *error)
{
    char schema[SCHEMA_MAX_SIZE];
    *applied = 0;
    if (standalone && (!refuse_sentry(pg, error) || !find_schema(pg, schema, error)))
        return false;
    return prepare_table(pg, error) && apply_folder(pg, &folders[0], NULL, applied, error) &&
           (!standalone || apply_folder(pg, &folders[1], schema, applied, error));
}

/* ---- checking ---- */

/* Only looks for missing migrations: a newer database is accepted if it has all that this exportd
   knows. */
bool migration_check(struct pg *pg, struct error *error)
{
    char name[NAME_MAX_SIZE];
    struct pg_result *recorded = NULL;
    bool has = false;
    if (!has_table(pg, &has, error))
        return false;
    if (!has)
        return error_set(error, ERROR_QUERY,
                         "the database has no tables of exportd: run `exportd migrate`");
    if (!query_recorded(pg, &recorded, error))
        return false;
    bool done = true;
    for (const struct embedded_file *file = folders[0].files; done && file->name != NULL; file++)
        done = is_recorded(recorded, recorded_name(&folders[0], file, name)) ||
               error_set(error, ERROR_QUERY,
                         "the database lacks migration %s: run `exportd migrate`", name);
    pg_result_free(recorded);
    return done;
}
