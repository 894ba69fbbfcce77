/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `exportd check` asks a Redis: its version, whether it keeps messages, every right, and
 * whether messages lie in it that no worker takes.
 * Tested by tests/system/test_check.py, tests/system/test_redis_trouble.py and
 * tests/system/test_grants.py.
 */
#include "base/clock.h"
#include "base/text.h"
#include "cli/check_parts.h"
#include "cli/cli.h"
#include "cli/redis_rights.h"
#include "worker/threads/intake.h"

#define GRANTS_ADVICE "give the user the rules that `exportd grants ROLE` prints"

/* A Redis to check: that of the queue, that of the upload locks, or one for both. */
struct server {
    struct findings *findings;
    struct redis *redis;
    int uses;           /* REDIS_OF_QUEUE, REDIS_OF_LOCKS or both */
    const char *advice; /* for a server that cannot be used */
    char version[32];
    bool is_replica; /* it refuses writes, so rights cannot be tried */
};

static bool is_of_queue(const struct server *server)
{
    return (server->uses & REDIS_OF_QUEUE) != 0;
}

/* ---- what INFO says ---- */

/* Copies the value of the line "name:value" in an answer of INFO, or "" if there is none. */
static void find_info(const char *info, const char *name, char *value, size_t size)
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
static void warn_of_loss(struct findings *findings, const char *info)
{
    char value[64];
    find_info(info, "role", value, sizeof(value));
    if (text_equal(value, "slave"))
        findings_add_warning(findings, "name the master in EXPORTD_REDIS_URL",
                             "this is a replica: messages can be taken from its master only");
    find_info(info, "aof_enabled", value, sizeof(value));
    if (text_equal(value, "0"))
        findings_add_warning(
            findings, "set `appendonly yes`",
            "appendonly is off: a crash of Redis loses messages that no worker has taken in");
    find_info(info, "maxmemory_policy", value, sizeof(value));
    if (value[0] != '\0' && !text_equal(value, "noeviction"))
        findings_add_warning(findings, "set `maxmemory-policy noeviction`",
                             "maxmemory-policy is not noeviction: Redis may drop messages");
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

/* Checks the version before the commands that an old one does not know are tried. If the user may
   not use INFO, nothing is checked here. */
static bool check_info(struct server *server, struct error *error)
{
    char role[16];
    struct redis_command command = {.count = 0};
    struct redis_reply *reply = NULL;
    redis_add_text(&command, "INFO");
    if (!redis_call(server->redis, &command, 0, &reply, error))
        return error->code == ERROR_DENIED;
    const char *info = redis_text(reply, NULL);
    find_info(info, "redis_version", server->version, sizeof(server->version));
    find_info(info, "role", role, sizeof(role));
    server->is_replica = text_equal(role, "slave");
    bool fine = !is_of_queue(server) || check_version(server->version, error);
    if (!fine)
        server->advice = "install a newer one";
    else if (is_of_queue(server))
        warn_of_loss(server->findings, info);
    redis_reply_free(reply);
    return fine;
}

/* ---- rights ---- */

static void add_missing(void *context, const struct error *error)
{
    findings_add_failure(context, GRANTS_ADVICE, error);
}

static bool check_rights(const struct server *server, struct error *error)
{
    const struct redis_missing missing = {add_missing, server->findings};
    return server->is_replica ||
           redis_rights_try(server->findings->config, server->uses, server->redis, &missing, error);
}

/* ---- messages ---- */

/* An intake takes messages within a quarter of a second, a hundred at a time. Where there are
   messages at each look and never fewer than before, there is none, or it is too slow. */
static bool check_taken(struct findings *findings, const struct intake_lists *lists,
                        struct redis *redis, struct error *error)
{
    enum { LOOKS = 3, PAUSE_MS = 1000 };
    int64_t before = 0;
    for (int look = 1; look <= LOOKS; look++) {
        struct intake_count count;
        if (!intake_count(lists, redis, &count, error))
            return false;
        int64_t messages = count.waiting + count.taken;
        if (messages == 0 || messages < before)
            return true;
        before = messages;
        if (look < LOOKS)
            clock_sleep_ms(PAUSE_MS);
    }
    findings_add_warning(findings, "start a worker, or see in its log what the intake waits for",
                         "%" PRId64 " message%s wait%s in Redis, and no worker takes %s in", before,
                         text_plural(before), before == 1 ? "s" : "", before == 1 ? "it" : "them");
    return true;
}

/* After a change of the priority steps, messages may be left in lists that no worker reads. Comes
   last: if the user may not look, the connection is dropped. */
static bool check_unread(struct findings *findings, const struct intake_lists *lists,
                         struct redis *redis, struct error *error)
{
    int64_t by_step[INTAKE_STEP_MAX + 1];
    if (!intake_count_unread(lists, redis, by_step, error)) {
        if (error->code != ERROR_DENIED)
            return false;
        findings_add_warning(findings, GRANTS_ADVICE,
                             "may not look whether messages of other priorities are left behind");
        return true;
    }
    for (int step = 0; step <= INTAKE_STEP_MAX; step++)
        if (by_step[step] > 0)
            findings_add_warning(findings, "name it there, or delete the list",
                                 "%" PRId64 " message%s of priority %d, which "
                                 "EXPORTD_PRIORITY_STEPS does not name: no worker reads that list",
                                 by_step[step], text_plural(by_step[step]), step);
    return true;
}

static bool check_messages(const struct server *server, struct error *error)
{
    if (!is_of_queue(server))
        return true;
    struct intake_lists *lists = intake_lists_of(server->findings->config);
    bool done = (lists != NULL || error_no_memory(error)) &&
                check_taken(server->findings, lists, server->redis, error) &&
                check_unread(server->findings, lists, server->redis, error);
    intake_lists_free(lists);
    return done;
}

/* ---- a server ---- */

/* With a right missing, the messages may not be readable, which is reported already. */
static void check_server(struct server *server, const char *url)
{
    struct error error;
    struct findings *findings = server->findings;
    server->redis = redis_new(url, "exportd");
    bool done = (server->redis != NULL || error_no_memory(&error)) &&
                redis_connect(server->redis, &error) && check_info(server, &error) &&
                check_rights(server, &error) &&
                (findings->failed > 0 || check_messages(server, &error));
    redis_free(server->redis);
    if (!done)
        findings_add_failure(findings, server->advice, &error);
    else if (findings->failed == 0)
        findings_add_ok(findings, "version %s", server->version);
}

static bool is_one_redis(const struct config *config)
{
    return text_equal(config->redis_url, config->lock_redis_url);
}

/* A server with both uses is checked once, as that of the queue. */
void check_queue_redis(struct findings *findings)
{
    const struct config *config = findings->config;
    struct server server = {
        .findings = findings,
        .uses = REDIS_OF_QUEUE | (is_one_redis(config) ? REDIS_OF_LOCKS : 0),
        .advice = "see that it runs and can be written, and that EXPORTD_REDIS_URL names it"};
    if (config_has_redis(config))
        check_server(&server, config->redis_url);
    else
        findings_add_ok(findings, "not used");
}

void check_lock_redis(struct findings *findings)
{
    const struct config *config = findings->config;
    struct server server = {
        .findings = findings,
        .uses = REDIS_OF_LOCKS,
        .advice = "see that it runs and can be written, and that EXPORTD_LOCK_REDIS_URL names it"};
    if (is_one_redis(config))
        return;
    if (config_has_lock_redis(config))
        check_server(&server, config->lock_redis_url);
    else
        findings_add_ok(findings, "not used: upload locks are in PostgreSQL");
}
