/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/options.h"
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

/* One line a server: "ok    name  detail". */
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
        fine = migration_check(pg, &error) && privileges_check(pg, config->tagstore, &error) &&
               upload_lock_kind_check(pg, config_has_lock_redis(config), config->lease_seconds,
                                      &error);
    }
    pg_free(pg);
    return report(fine, "postgresql", detail, &error);
}

/* The value of "name:value" in the answer of INFO. */
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

/* Messages need a Redis that keeps them until a worker has taken them in: a master, append-only
   file on, nothing evicted. */
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

/* LMOVE came with 6.2. A version that cannot be read is let through. */
static bool check_version(const char *version, struct error *error)
{
    char *dot = NULL;
    long major = strtol(version, &dot, 10);
    long minor = *dot == '.' ? strtol(dot + 1, NULL, 10) : 0;
    return major == 0 || major > 6 || (major == 6 && minor >= 2) ||
           error_set(error, ERROR_QUERY, "version %s is too old: Redis 6.2 is needed", version);
}

/* Whether the user of the URL may run scripts. */
static bool check_scripts(struct redis *redis, struct error *error)
{
    const struct redis_script script = {.text = "return 1", .keys = 0};
    const struct redis_command command = {.count = 0};
    struct redis_reply *reply = NULL;
    bool fine = redis_eval(redis, &script, &command, &reply, error);
    redis_reply_free(reply);
    return fine;
}

/* What lies in lists of priorities that the settings do not name. */
struct unread {
    bool refused; /* the user of the URL may not look */
    int64_t by_step[INTAKE_STEP_MAX + 1];
};

static bool count_unread(const struct intake_lists *lists, struct redis *redis,
                         struct unread *unread, struct error *error)
{
    bool done = intake_count_unread(lists, redis, unread->by_step, error);
    unread->refused = !done && error->code == ERROR_DENIED;
    return done || unread->refused;
}

/* Priority steps that were changed leave lists behind. */
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

/* Whether it may touch the queue's keys. */
static bool check_keys(const struct config *config, struct redis *redis, struct unread *unread,
                       struct error *error)
{
    struct intake_count count;
    struct intake_lists *lists = intake_lists_of(config);
    bool fine = (lists != NULL || error_no_memory(error)) &&
                intake_count(lists, redis, &count, error) &&
                count_unread(lists, redis, unread, error);
    intake_lists_free(lists);
    return fine;
}

static bool check_redis(const struct config *config, const char *name,
                        bool (*open)(const struct config *, struct redis **, struct error *),
                        bool is_queue)
{
    struct error error;
    struct redis *redis = NULL;
    struct redis_reply *reply = NULL;
    struct redis_command info = {.count = 0};
    struct unread unread;
    char version[32] = "";
    char detail[64] = "";
    redis_add_text(&info, "INFO");
    bool fine = open(config, &redis, &error) && redis_call(redis, &info, 0, &reply, &error);
    if (fine) {
        info_value(redis_text(reply, NULL), "redis_version", version, sizeof(version));
        (void)snprintf(detail, sizeof(detail), "version %s", version);
        fine = !is_queue || (check_version(version, &error) && check_scripts(redis, &error) &&
                             check_keys(config, redis, &unread, &error));
    }
    (void)report(fine, name, detail, &error);
    if (fine && is_queue) {
        warn_of_loss(name, redis_text(reply, NULL));
        warn_of_unread(name, &unread);
    }
    redis_reply_free(reply);
    redis_free(redis);
    return fine;
}

static bool check_queue(const struct config *config)
{
    if (config_has_redis(config))
        return check_redis(config, "redis", cli_connect_redis, true);
    return report(true, "redis", "not used", NULL);
}

static bool check_locks(const struct config *config)
{
    if (text_equal(config->redis_url, config->lock_redis_url))
        return true; /* that server is checked already */
    if (config_has_lock_redis(config))
        return check_redis(config, "lock-redis", cli_connect_lock_redis, false);
    return report(true, "lock-redis", "not used: upload locks are in PostgreSQL", NULL);
}

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

/* None when the database cannot be asked, which check_postgres says. In `arena`. */
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
    bool fine = mail_transport_open(config->mail_url, config->mail_from, &transport, &error) &&
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
