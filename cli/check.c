/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `exportd check`: tries every server of the settings. There is one function per server, which
 * prints its lines ("ok", "warn" or "FAIL") and returns whether the server can be used; the others
 * are tried after a failure, too.
 * Tested by tests/system/test_cli_contract.py and tests/system/test_grants.py.
 */
#include "base/arena.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/redis_rights.h"
#include "mail/transport.h"
#include "model/file.h"
#include "schema/migration.h"
#include "schema/privileges.h"
#include "snuba/trial.h"
#include "storage/blob_store.h"
#include "storage/upload_lock.h"
#include "worker/threads/claimer.h"
#include "worker/threads/intake.h"

enum { NEWEST_OBJECTS = 20, ARENA_MAX = 1024 * 1024 };

/* ---- lines ---- */

/* Prints a line: "ok    name  detail". */
static void say(const char *verdict, const char *name, const char *detail)
{
    (void)printf("%-5s %-12s ", verdict, name);
    text_print(stdout, detail);
    (void)putchar('\n');
}

static bool report(bool fine, const char *name, const char *detail, const struct error *error)
{
    say(fine ? "ok" : "FAIL", name, fine ? detail : error->message);
    return fine;
}

/* ---- PostgreSQL ---- */

/* Prints a line for each right that is missing. */
static bool check_privileges(const struct config *config, struct pg *pg, struct error *error)
{
    struct pg_result *rows = NULL;
    int missing = 0;
    if (!privileges_query(pg, config->tagstore, &rows, error))
        return false;
    for (int row = 0; row < pg_rows(rows); row++) {
        const struct privilege privilege = privilege_read(rows, row);
        if (!privilege_check(&privilege, error))
            missing += report(false, "postgresql", NULL, error) ? 0 : 1;
    }
    pg_result_free(rows);
    return missing == 0 || error_set(error, ERROR_DENIED, "`exportd grants ROLE` prints them all");
}

/* If the migrations cannot be read for want of a right, check_privileges says which one. */
static bool check_tables(const struct config *config, struct pg *pg, struct error *error)
{
    return (migration_check(pg, error) || error->code == ERROR_DENIED) &&
           check_privileges(config, pg, error) &&
           upload_lock_kind_check(pg, config_has_lock_redis(config), config->lease_seconds, error);
}

static bool check_postgres(const struct config *config)
{
    struct error error;
    struct pg *pg = NULL;
    char detail[128] = "";
    bool fine = cli_connect_pg(config, &pg, &error);
    if (fine) {
        int version = pg_server_version(pg);
        (void)snprintf(detail, sizeof(detail), "version %d.%d, tables and grants are there",
                       version / 10000, version % 10000);
        fine = check_tables(config, pg, &error);
    }
    pg_free(pg);
    return report(fine, "postgresql", detail, &error);
}

/* ---- Redis ---- */

/* Copies the value of the line "name:value" in an answer of INFO, or "" if there is none. */
static void info_value(const char *info, const char *name, char *value, size_t size)
{
    const char *line = info;
    size_t length = strlen(name);
    value[0] = '\0';
    while (line != NULL) {
        if (strncmp(line, name, length) == 0 && line[length] == ':') {
            (void)snprintf(value, size, "%.*s", (int)strcspn(line + length + 1, "\r\n"),
                           line + length + 1);
            return;
        }
        line = strchr(line, '\n');
        line = line == NULL ? NULL : line + 1;
    }
}

/* Messages need a Redis that keeps them until a worker has taken them in. So it must be a master,
   with an append-only file, and evict nothing. */
static void warn_of_loss(const char *name, const char *info)
{
    char value[64];
    info_value(info, "role", value, sizeof(value));
    if (text_equal(value, "slave"))
        say("warn", name, "this is a replica: messages can be taken from its master only");
    info_value(info, "aof_enabled", value, sizeof(value));
    if (text_equal(value, "0"))
        say("warn", name,
            "appendonly is off: a crash of Redis loses messages that no worker has taken in");
    info_value(info, "maxmemory_policy", value, sizeof(value));
    if (value[0] != '\0' && !text_equal(value, "noeviction"))
        say("warn", name, "maxmemory-policy is not noeviction: Redis may drop messages");
}

/* LMOVE came with 6.2. A version that cannot be read is accepted. */
static bool check_version(const char *version, struct error *error)
{
    char *dot = NULL;
    long major = strtol(version, &dot, 10);
    long minor = *dot == '.' ? strtol(dot + 1, NULL, 10) : 0;
    return major == 0 || major > 6 || (major == 6 && minor >= 2) ||
           error_set(error, ERROR_QUERY, "version %s is too old: Redis 6.2 is needed", version);
}

/* A Redis to check: that of the queue, that of the upload locks, or one for both. */
struct redis_server {
    const char *name;
    int uses; /* REDIS_OF_QUEUE, REDIS_OF_LOCKS or both */
    bool (*open)(const struct config *, struct redis **, struct error *);
    int missing;  /* the number of missing rights */
    bool replica; /* it refuses writes, so rights cannot be tried */
};

static void tell_missing(void *context, const struct error *error)
{
    struct redis_server *server = context;
    server->missing += report(false, server->name, NULL, error) ? 0 : 1;
}

/* Checks the version before the commands that an old one does not know are tried. If the user may
   not use INFO, nothing is checked here. */
static bool check_server(struct redis *redis, struct redis_server *server, char version[32],
                         struct error *error)
{
    char role[16];
    struct redis_command info = {.count = 0};
    struct redis_reply *reply = NULL;
    redis_add_text(&info, "INFO");
    if (!redis_call(redis, &info, 0, &reply, error))
        return error->code == ERROR_DENIED;
    bool is_queue = (server->uses & REDIS_OF_QUEUE) != 0;
    info_value(redis_text(reply, NULL), "redis_version", version, 32);
    bool fine = !is_queue || check_version(version, error);
    if (fine && is_queue)
        warn_of_loss(server->name, redis_text(reply, NULL));
    info_value(redis_text(reply, NULL), "role", role, sizeof(role));
    server->replica = text_equal(role, "slave");
    redis_reply_free(reply);
    return fine;
}

/* Messages in lists of priorities that the settings do not name. */
struct unread {
    bool refused; /* the user of the URL may not read those lists */
    int64_t by_step[INTAKE_STEP_MAX + 1];
};

static bool count_unread(const struct config *config, struct redis *redis, struct unread *unread,
                         struct error *error)
{
    struct intake_lists *lists = intake_lists_of(config);
    bool done = (lists != NULL || error_no_memory(error)) &&
                intake_count_unread(lists, redis, unread->by_step, error);
    unread->refused = !done && error->code == ERROR_DENIED;
    intake_lists_free(lists);
    return done || unread->refused;
}

/* After a change of the priority steps, messages may be left in lists that no worker reads. */
static void warn_of_unread(const char *name, const struct unread *unread)
{
    char text[128];
    if (unread->refused)
        say("warn", name, "may not look whether messages of other priorities are left behind");
    for (int step = 0; !unread->refused && step <= INTAKE_STEP_MAX; step++) {
        int64_t count = unread->by_step[step];
        (void)snprintf(text, sizeof(text),
                       "%" PRId64 " message%s of priority %d, which EXPORTD_PRIORITY_STEPS does "
                       "not name: no worker reads that list",
                       count, text_plural(count), step);
        if (count > 0)
            say("warn", name, text);
    }
}

static bool check_unread(const struct config *config, const struct redis_server *server,
                         struct redis *redis, struct error *error)
{
    struct unread unread;
    if ((server->uses & REDIS_OF_QUEUE) == 0)
        return true;
    if (!count_unread(config, redis, &unread, error))
        return false;
    warn_of_unread(server->name, &unread);
    return true;
}

/* Missing rights make the check fail, after all of them are printed. */
static bool check_redis(const struct config *config, struct redis_server *server)
{
    struct error error;
    struct redis *redis = NULL;
    const struct redis_missing missing = {tell_missing, server};
    char version[32] = "";
    char detail[64] = "";
    bool fine =
        server->open(config, &redis, &error) && check_server(redis, server, version, &error) &&
        (server->replica || redis_rights_try(config, server->uses, redis, &missing, &error)) &&
        (server->missing == 0 ||
         error_set(&error, ERROR_DENIED, "`exportd grants USER` prints the rules")) &&
        check_unread(config, server, redis, &error);
    (void)snprintf(detail, sizeof(detail), "version %s", version);
    redis_free(redis);
    return report(fine, server->name, detail, &error);
}

/* A server with both uses is checked once, as that of the queue. */
static bool check_queue(const struct config *config)
{
    bool both = text_equal(config->redis_url, config->lock_redis_url);
    struct redis_server server = {"redis", REDIS_OF_QUEUE | (both ? REDIS_OF_LOCKS : 0),
                                  cli_connect_redis, 0, false};
    return config_has_redis(config) ? check_redis(config, &server)
                                    : report(true, "redis", "not used", NULL);
}

static bool check_locks(const struct config *config)
{
    struct redis_server server = {"lock-redis", REDIS_OF_LOCKS, cli_connect_lock_redis, 0, false};
    if (text_equal(config->redis_url, config->lock_redis_url))
        return true;
    return config_has_lock_redis(config)
               ? check_redis(config, &server)
               : report(true, "lock-redis", "not used: upload locks are in PostgreSQL", NULL);
}

/* ---- Snuba, the file store, mail, temporary files ---- */

static bool check_snuba(const struct config *config)
{
    struct error error;
    char detail[64];
    (void)snprintf(detail, sizeof(detail), "answers, dialect %s", config->snuba_dialect);
    bool fine = snuba_trial(config->snuba_url, snuba_dialect_find(config->snuba_dialect), &error);
    return report(fine, "snuba", detail, &error);
}

static void warn_of_storage(const char *sentence)
{
    say("warn", "storage", sentence);
}

/* The paths of the newest objects, in `arena`. Empty if the database cannot be asked: then
   check_postgres has reported that. */
static struct blob_paths newest_objects(const struct config *config, struct arena *arena)
{
    struct error error;
    struct pg *pg = NULL;
    struct file_blobs blobs = {.count = 0};
    bool known = cli_connect_pg(config, &pg, &error) &&
                 file_blobs_newest(pg, NEWEST_OBJECTS, arena, &blobs, &error);
    const char **paths = known ? arena_array(arena, blobs.count, sizeof(*paths), &error) : NULL;
    for (size_t i = 0; paths != NULL && i < blobs.count; i++)
        paths[i] = blobs.items[i].path;
    pg_free(pg);
    return (struct blob_paths){.items = paths, .count = paths == NULL ? 0 : blobs.count};
}

/* The store must take a new object, and have at least one of the newest known ones. */
static bool check_storage(const struct config *config)
{
    struct error error;
    struct blob_store *store = NULL;
    struct arena *arena = arena_new(ARENA_MAX);
    bool fine = arena != NULL || error_no_memory(&error);
    fine = fine && blob_store_open(config->storage_url, config->storage_mode, &store, &error);
    if (fine) {
        const struct blob_paths known = newest_objects(config, arena);
        fine = blob_store_check(store, &known, warn_of_storage, &error);
    }
    blob_store_free(store);
    arena_free(arena);
    return report(fine, "storage", "can be written", &error);
}

static bool check_mail(const struct config *config)
{
    struct error error;
    struct mail_transport *transport = NULL;
    const struct mail_settings settings = {
        .url = config->mail_url, .sender = config->mail_from, .hello = config->mail_helo};
    bool fine = mail_transport_open(&settings, &transport, &error) &&
                mail_transport_check(transport, &error);
    mail_transport_free(transport);
    return report(fine, "mail", "accepts mail", &error);
}

static bool check_tmpdir(const struct config *config)
{
    struct error error;
    bool fine = claimer_check_tmpdir(config->tmpdir, &error);
    return report(fine, "tmpdir", "has room", &error);
}

bool command_check(const struct config *config, int argc, char **argv, struct error *error)
{
    static const struct option_spec specs[] = {{.name = NULL}};
    if (!options_parse(argc, argv, specs, NULL, error))
        return false;
    int failed = 0;
    failed += check_postgres(config) ? 0 : 1;
    failed += check_queue(config) ? 0 : 1;
    failed += check_locks(config) ? 0 : 1;
    if (text_equal(config->tagstore, "snuba"))
        failed += check_snuba(config) ? 0 : 1;
    failed += check_storage(config) ? 0 : 1;
    failed += check_mail(config) ? 0 : 1;
    failed += check_tmpdir(config) ? 0 : 1;
    return failed == 0 || error_set(error, ERROR_INTERNAL, "%d of the checks failed", failed);
}
