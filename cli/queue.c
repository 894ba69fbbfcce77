/* SPDX-License-Identifier: Apache-2.0 */
/* `exportd queue`: what waits, runs, is delayed, is dead; and the switches. */
#include "job/queue.h"

#include "base/text.h"
#include "cli/cli.h"
#include "cli/options.h"

enum { DEAD_AT_ONCE = 100 };

struct session {
    const char *name; /* the queue's */
    struct queue *queue;
    struct redis *redis;
    const char *entry; /* of retry and drop */
    bool json;
};

typedef bool action_function(const struct session *session, struct error *error);

/* ---- stats ---- */

static bool print_stats_json(const struct session *session, const struct queue_stats *stats,
                             struct error *error)
{
    static const char *const steps[] = {"0", "3", "6", "9"};
    json_t *object = json_object();
    json_t *by_step = json_object();
    bool done = true;
    for (size_t i = 0; done && i < ARRAY_LENGTH(steps); i++)
        done = json_put_int(by_step, steps[i], stats->by_step[i], error);
    done = done && json_put_text(object, "queue", session->name, error) &&
           json_put_int(object, "waiting", stats->waiting, error) &&
           json_put(object, "by_step", json_incref(by_step), error) &&
           json_put_int(object, "processing", stats->processing, error) &&
           json_put_int(object, "delayed", stats->delayed, error) &&
           json_put_int(object, "dead", stats->dead, error) &&
           json_put_int(object, "workers", stats->workers, error) &&
           json_put(object, "paused", json_boolean(stats->paused), error) &&
           json_print_line(object, error);
    json_decref(by_step);
    json_decref(object);
    return done;
}

static bool show_stats(const struct session *session, struct error *error)
{
    struct queue_stats stats;
    if (!queue_stats(session->queue, session->redis, &stats, error))
        return false;
    if (session->json)
        return print_stats_json(session, &stats, error);
    (void)printf("waiting     %10" PRId64 "  (priority 0: %" PRId64 ", 3: %" PRId64 ", 6: %" PRId64
                 ", 9: %" PRId64 ")\n",
                 stats.waiting, stats.by_step[0], stats.by_step[1], stats.by_step[2],
                 stats.by_step[3]);
    (void)printf("processing  %10" PRId64 "  by %" PRId64 " worker%s\n", stats.processing,
                 stats.workers, text_plural(stats.workers));
    (void)printf("delayed     %10" PRId64 "\n", stats.delayed);
    (void)printf("dead        %10" PRId64 "%s\n", stats.dead,
                 stats.dead == 0 ? "" : "  see: exportd queue dead");
    (void)printf("taking      %10s%s\n", stats.paused ? "paused" : "on",
                 stats.paused ? "  go on with: exportd queue resume" : "");
    return true;
}

/* ---- the dead list ---- */

static const char *text_of(const json_t *entry, const char *name)
{
    const char *text = json_string_value(json_object_get(entry, name));
    return text == NULL ? "-" : text;
}

/* Escaped also in a file: a message may hold line ends. */
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

static bool show_dead(const struct session *session, struct error *error)
{
    char after[64] = "";
    size_t count = 0;
    do {
        json_t *entries = NULL;
        if (!queue_dead_list(session->queue, session->redis, after, DEAD_AT_ONCE, &entries, error))
            return false;
        bool done = true;
        count = json_array_size(entries);
        for (size_t i = 0; done && i < count; i++)
            done = print_entry(session, json_array_get(entries, i), error);
        if (done && count > 0 &&
            !text_copy(after, sizeof(after), text_of(json_array_get(entries, count - 1), "id")))
            done = error_set(error, ERROR_INTERNAL, "an entry with an endless id");
        json_decref(entries);
        if (!done)
            return false;
    } while (count == DEAD_AT_ONCE);
    return true;
}

/* What an action on one entry or on the queue says in the end. */
static bool confirm(const struct session *session, const char *action, const char *sentence,
                    struct error *error)
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

static bool retry_entry(const struct session *session, struct error *error)
{
    return queue_dead_retry(session->queue, session->redis, session->entry, error) &&
           confirm(session, "retry", "is in the queue again", error);
}

static bool drop_entry(const struct session *session, struct error *error)
{
    return queue_dead_drop(session->queue, session->redis, session->entry, error) &&
           confirm(session, "drop", "is dropped", error);
}

/* ---- pause ---- */

static bool pause_queue(const struct session *session, struct error *error)
{
    return queue_pause(session->queue, session->redis, error) &&
           confirm(session, "pause", "workers take no more jobs; running ones go on", error);
}

static bool resume_queue(const struct session *session, struct error *error)
{
    return queue_resume(session->queue, session->redis, error) &&
           confirm(session, "resume", "workers take jobs again", error);
}

/* ---- the command ---- */

static const struct action {
    const char *name;
    int entries; /* how many ENTRY arguments */
    action_function *run;
} actions[] = {
    {"stats", 0, show_stats}, {"dead", 0, show_dead},    {"retry", 1, retry_entry},
    {"drop", 1, drop_entry},  {"pause", 0, pause_queue}, {"resume", 0, resume_queue},
};

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
                     "unknown word; one of stats, dead, retry, drop, pause, "
                     "resume is needed");
}

static bool run(const struct config *config, const struct action *action, struct session *session,
                struct error *error)
{
    session->name = config->queue;
    session->queue = queue_new(config->queue, NULL);
    if (session->queue == NULL)
        return error_no_memory(error);
    bool done = cli_connect_redis(config, &session->redis, error) && action->run(session, error);
    redis_free(session->redis);
    queue_free(session->queue);
    return done;
}

bool command_queue(const struct config *config, int argc, char **argv, struct error *error)
{
    struct session session = {.json = false};
    const struct action *action = NULL;
    const char *words[2] = {"stats", NULL};
    struct positional positional = {.max = 2, .words = words};
    const struct option_spec specs[] = {
        {.name = "json", .type = OPTION_SWITCH, .value = &session.json}, {.name = NULL}};
    if (!options_parse(argc, argv, specs, &positional, error) ||
        !find_action(words[0], positional.count == 2 ? 1 : 0, &action, error))
        return false;
    session.entry = words[1];
    return run(config, action, &session, error);
}
