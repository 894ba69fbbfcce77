/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `exportd queue`: shows the queue, its workers and its dead messages, and operates it. The first
 * word names an action of the table `actions`; each action is a function that asks job/ and prints.
 * Tested by tests/system/test_queue.py and tests/system/test_queue_lists.py.
 */
#include "job/queue.h"

#include "base/text.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/queue_list.h"
#include "job/dead.h"
#include "schema/migration.h"
#include "worker/threads/intake.h"

enum { DEAD_AT_ONCE = 100 }; /* dead messages in one query */

/* What an action works with. */
struct session {
    const struct config *config;
    struct pg *pg;
    const char *entry; /* the ENTRY of retry and drop; NULL: not given */
    bool json, all;
};

typedef bool action_function(const struct session *session, struct error *error);

/* ---- stats ---- */

/* What waits is partly in Redis, as messages, and partly in PostgreSQL, as jobs. */
struct totals {
    bool redis; /* Redis was counted; false: there is none, or it is away */
    struct intake_count redis_count;
    struct queue_stats stats;
};

/* Counts the messages in Redis. Is called before PostgreSQL is counted: a message that the intake
   moves in between counts twice rather than not at all. False if there is no Redis or it cannot be
   asked; the numbers of PostgreSQL are printed all the same. */
static bool count_redis(const struct session *session, struct intake_count *count)
{
    struct error error;
    struct redis *redis = NULL;
    if (!config_has_redis(session->config))
        return false;
    struct intake_lists *lists = intake_lists_of(session->config);
    bool done = (lists != NULL || error_no_memory(&error)) &&
                cli_connect_redis(session->config, &redis, &error) &&
                intake_count(lists, redis, count, &error);
    if (!done)
        (void)fprintf(stderr, "messages in Redis are not counted: %s\n", error.message);
    redis_free(redis);
    intake_lists_free(lists);
    return done;
}

/* Adds the messages of each step to the waiting jobs of that priority. */
static bool add_by_step(struct totals *totals, struct error *error)
{
    json_t *by_priority = totals->stats.by_priority;
    for (int i = 0; totals->redis && i < totals->redis_count.step_count; i++) {
        char step[16];
        (void)snprintf(step, sizeof(step), "%d", totals->redis_count.steps[i]);
        int64_t waiting = json_integer_value(json_object_get(by_priority, step));
        if (!json_put_int(by_priority, step, waiting + totals->redis_count.by_step[i], error))
            return false;
    }
    return true;
}

/* All messages in Redis: those in the lists, and those that the intake has taken from them. */
static int64_t in_redis(const struct totals *totals)
{
    return totals->redis ? totals->redis_count.waiting + totals->redis_count.taken : 0;
}

static bool print_stats_json(const struct session *session, const struct totals *totals,
                             struct error *error)
{
    const struct queue_stats *stats = &totals->stats;
    json_t *object = json_object();
    bool done = json_put_text(object, "queue", session->config->queue, error) &&
                json_put_int(object, "waiting", stats->waiting + in_redis(totals), error) &&
                json_put(object, "by_step", json_incref(stats->by_priority), error) &&
                json_put_int(object, "processing", stats->running, error) &&
                json_put_int(object, "delayed", stats->delayed, error) &&
                json_put_int(object, "dead", stats->dead, error) &&
                json_put_int(object, "workers", stats->workers, error) &&
                json_put(object, "paused", json_boolean(stats->paused), error) &&
                (totals->redis ? json_put_int(object, "in_redis", in_redis(totals), error)
                               : json_put_null(object, "in_redis", error)) &&
                json_put_int(object, "pending", stats->pending, error) &&
                json_print_line(object, error);
    json_decref(object);
    return done;
}

/* Ends the line of what waits: "  (priority 0: 1, 3: 0)". */
static void print_by_step(const json_t *by_priority)
{
    const char *step = NULL;
    const json_t *count = NULL;
    const char *separator = "  (priority ";
    json_object_foreach((json_t *)(uintptr_t)by_priority, step, count)
    {
        (void)printf("%s%s: %" JSON_INTEGER_FORMAT, separator, step, json_integer_value(count));
        separator = ", ";
    }
    (void)puts(json_object_size(by_priority) > 0 ? ")" : "");
}

static void print_stats(const struct totals *totals)
{
    const struct queue_stats *stats = &totals->stats;
    (void)printf("waiting     %10" PRId64, stats->waiting + in_redis(totals));
    print_by_step(stats->by_priority);
    if (in_redis(totals) > 0)
        (void)printf("  in Redis  %10" PRId64 "\n", in_redis(totals));
    (void)printf("processing  %10" PRId64 "  by %" PRId64 " worker%s\n", stats->running,
                 stats->workers, text_plural(stats->workers));
    (void)printf("delayed     %10" PRId64 "\n", stats->delayed);
    (void)printf("dead        %10" PRId64 "%s\n", stats->dead,
                 stats->dead == 0 ? "" : "  see: exportd queue dead");
    (void)printf("taking      %10s%s\n", stats->paused ? "paused" : "on",
                 stats->paused ? "  go on with: exportd queue resume" : "");
}

static bool show_stats(const struct session *session, struct error *error)
{
    struct totals totals = {.redis = false};
    totals.redis = count_redis(session, &totals.redis_count);
    if (!queue_stats(session->pg, session->config->queue, session->config->lease_seconds,
                     &totals.stats, error))
        return false;
    bool done = add_by_step(&totals, error) &&
                (!session->json || print_stats_json(session, &totals, error));
    if (done && !session->json)
        print_stats(&totals);
    queue_stats_free(&totals.stats);
    return done;
}

/* ---- the dead list ---- */

static const char *text_of(const json_t *entry, const char *name)
{
    const char *text = json_string_value(json_object_get(entry, name));
    return text == NULL ? "-" : text;
}

/* Escapes the texts even when they go to a file: a message may hold line ends. */
static bool print_entry(const struct session *session, const json_t *entry, struct error *error)
{
    if (session->json)
        return json_print_line(entry, error);
    (void)printf("%s  %s  ", text_of(entry, "id"), text_of(entry, "date_added"));
    text_print_escaped(stdout, text_of(entry, "reason"));
    (void)fputs("\n    ", stdout);
    text_print_escaped(stdout, text_of(entry, "message"));
    (void)fputc('\n', stdout);
    return true;
}

/* Prints the list page by page: it may be long. */
static bool show_dead(const struct session *session, struct error *error)
{
    char after[64] = "";
    size_t count = 0;
    do {
        json_t *entries = NULL;
        const struct dead_page page = {
            .queue = session->config->queue, .after = after, .max = DEAD_AT_ONCE};
        if (!dead_list(session->pg, &page, &entries, error))
            return false;
        bool done = true;
        count = json_array_size(entries);
        for (size_t i = 0; done && i < count; i++)
            done = print_entry(session, json_array_get(entries, i), error);
        if (done && count > 0 &&
            !text_copy(after, sizeof(after), text_of(json_array_get(entries, count - 1), "id")))
            done = error_set(error, ERROR_INTERNAL, "the id of an entry is too long");
        json_decref(entries);
        if (!done)
            return false;
    } while (count == DEAD_AT_ONCE);
    return true;
}

/* ---- retry and drop ---- */

/* The last line of an action on one entry or on the queue: `sentence`, or JSON with `action`. */
static bool print_confirmation(const struct session *session, const char *action,
                               const char *sentence, struct error *error)
{
    if (!session->json) {
        if (session->entry != NULL)
            (void)printf("%s ", session->entry);
        (void)printf("%s\n", sentence);
        return true;
    }
    json_t *object = json_object();
    bool done = json_put_text(object, "action", action, error) &&
                json_put_text(object, "entry", session->entry, error) &&
                json_print_line(object, error);
    json_decref(object);
    return done;
}

static bool print_retried(const struct session *session, const struct dead_retried *retried,
                          struct error *error)
{
    if (!session->json) {
        (void)printf("%" PRId64 " in the queue again, %" PRId64 " left\n", retried->enqueued,
                     retried->left);
        return true;
    }
    json_t *object = json_object();
    bool done = json_put_text(object, "action", "retry", error) &&
                json_put_int(object, "enqueued", retried->enqueued, error) &&
                json_put_int(object, "left", retried->left, error) &&
                json_print_line(object, error);
    json_decref(object);
    return done;
}

/* An error if an entry could not be retried. */
static bool retry_all(const struct session *session, struct error *error)
{
    struct dead_retried retried;
    return dead_retry_all(session->pg, session->config->queue, &retried, error) &&
           print_retried(session, &retried, error) &&
           (retried.left == 0 ||
            error_set(error, ERROR_INVALID,
                      "%" PRId64 " could not be retried: `exportd queue dead` says why",
                      retried.left));
}

static bool retry_entry(const struct session *session, struct error *error)
{
    if (session->all)
        return retry_all(session, error);
    return dead_retry(session->pg, session->config->queue, session->entry, error) &&
           print_confirmation(session, "retry", "is in the queue again", error);
}

static bool drop_entry(const struct session *session, struct error *error)
{
    return dead_drop(session->pg, session->config->queue, session->entry, error) &&
           print_confirmation(session, "drop", "is dropped", error);
}

/* ---- workers, delayed ---- */

static bool show_workers(const struct session *session, struct error *error)
{
    return queue_show_workers(session->pg, session->config, session->json, error);
}

static bool show_delayed(const struct session *session, struct error *error)
{
    return queue_show_delayed(session->pg, session->config, session->json, error);
}

/* ---- pause ---- */

static bool pause_queue(const struct session *session, struct error *error)
{
    return queue_pause(session->pg, session->config->queue, true, error) &&
           print_confirmation(session, "pause", "workers take no more jobs; running ones go on",
                              error);
}

static bool resume_queue(const struct session *session, struct error *error)
{
    return queue_pause(session->pg, session->config->queue, false, error) &&
           print_confirmation(session, "resume", "workers take jobs again", error);
}

/* ---- the command ---- */

static const struct action {
    const char *name;
    int entries; /* 1: needs an ENTRY, or --all in its place; 0: takes none */
    action_function *run;
} actions[] = {
    {"stats", 0, show_stats},  {"workers", 0, show_workers}, {"delayed", 0, show_delayed},
    {"dead", 0, show_dead},    {"retry", 1, retry_entry},    {"drop", 1, drop_entry},
    {"pause", 0, pause_queue}, {"resume", 0, resume_queue},
};

/* `entries` is 1 if an ENTRY or --all was given. */
static bool find_action(const char *name, int entries, const struct action **action,
                        struct error *error)
{
    for (size_t i = 0; i < ARRAY_LENGTH(actions); i++) {
        if (!text_equal(actions[i].name, name))
            continue;
        *action = &actions[i];
        return actions[i].entries == entries ||
               error_set(error, ERROR_USAGE,
                         entries == 0 ? "%s needs the id of a dead entry" : "%s takes no ENTRY",
                         name);
    }
    return error_set(error, ERROR_USAGE,
                     "unknown word; one of stats, workers, delayed, dead, retry, drop, pause, "
                     "resume is needed");
}

bool command_queue(const struct config *config, int argc, char **argv, struct error *error)
{
    struct session session = {.config = config};
    const struct action *action = NULL;
    const char *words[2] = {"stats", NULL};
    struct positional positional = {.max = 2, .words = words};
    const struct option_spec specs[] = {
        {.name = "json", .type = OPTION_SWITCH, .value = &session.json},
        {.name = "all", .type = OPTION_SWITCH, .value = &session.all},
        {.name = NULL}};
    if (!options_parse(argc, argv, specs, &positional, error))
        return false;
    session.entry = words[1];
    if (session.all && (!text_equal(words[0], "retry") || session.entry != NULL))
        return error_set(error, ERROR_USAGE, "--all goes with retry alone");
    bool done =
        find_action(words[0], session.entry != NULL || session.all ? 1 : 0, &action, error) &&
        cli_connect_pg(config, &session.pg, error) && migration_check(session.pg, error) &&
        action->run(&session, error);
    pg_free(session.pg);
    return done;
}
