/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/migration.h"

#include "base/digest.h"
#include "base/embedded.h"
#include "base/text.h"
#include "model/sentry_database.h"

enum {
    NAME_MAX_SIZE = 128,
    SCHEMA_MAX_SIZE = 160, /* 63 bytes, each perhaps a quote, and the quotes and the dot */
    SCRIPT_MAX_SIZE = 1 << 20,
};

/* What the files of standalone/ write before the name of each table and index; the schema may be
   another. */
#define STANDALONE_SCHEMA "public."

/* Any number will do, as long as every exportd takes the same. */
#define LOCK_MIGRATIONS "SELECT pg_advisory_xact_lock(2020032517)"

struct folder {
    const char *name;
    const struct embedded_file *files;
};

static const struct folder folders[] = {
    {"exportd", embedded_migrations_exportd},
    {"standalone", embedded_migrations_standalone},
};

/* A file's name in exportd.migration. */
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

/* ---- questions ---- */

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

/* Where the tables of a Sentry are, or are to be: where every other command looks for them. Quoted,
   with a dot behind it. Not within begin_locked, which has a search path of its own. */
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

/* Whatever the role or the database has set otherwise, a migration runs with these. Two migrations
   at once take turns; the second must see what the first has done: READ COMMITTED. */
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

/* Ends the transaction that `done` tells about. */
static bool end(struct pg *pg, bool done, struct error *error)
{
    if (done && pg_commit(pg, error))
        return true;
    pg_rollback(pg);
    return false;
}

/* A missing right is the operator's to grant: says which one. */
static bool explain_denial(struct pg *pg, const char *remedy, struct error *error)
{
    if (!text_equal(pg_sqlstate(pg), "42501"))
        return false;
    char reason[ERROR_MESSAGE_MAX];
    memcpy(reason, error->message, sizeof(reason));
    return error_set(error, ERROR_DENIED, "%.300s (%s, or migrate as the database's owner)", reason,
                     remedy);
}

/* ---- the schema, and what is recorded ---- */

/* Asks first: IF NOT EXISTS wants the right to create even where there is nothing to create. */
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

static bool prepare(struct pg *pg, struct error *error)
{
    bool done = begin_locked(pg, error) && create_table(pg, error) && check_all_recorded(pg, error);
    return end(pg, done, error) ||
           explain_denial(pg, "grant this role CREATE on the database", error);
}

/* ---- applying ---- */

static bool record(struct pg *pg, const char *name, const struct embedded_file *file,
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

/* What is to be applied, and where its tables go. */
struct step {
    const char *name; /* as it is recorded */
    const struct embedded_file *file;
    const char *schema; /* with its dot; NULL: the file is run as it is */
};

static bool put_schema(struct buffer *script, const char *text, const char *schema,
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
    bool done = put_schema(&script, step->file->text, step->schema, error) &&
                pg_script(pg, script.data, error);
    buffer_free(&script);
    return done;
}

/* Within the transaction; another exportd may have been quicker. */
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
    if (!run_script(pg, step, error) || !record(pg, step->name, step->file, error))
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
        done = end(pg, done, error);
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
    return prepare(pg, error) && apply_folder(pg, &folders[0], NULL, applied, error) &&
           (!standalone || apply_folder(pg, &folders[1], schema, applied, error));
}

/* ---- checking ---- */

/* Only what is missing: a newer database is served as long as it has what this exportd knows. */
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
