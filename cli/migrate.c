/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `exportd migrate`: applies the migrations, and takes over the queue that exportd 0.1.0 had in
 * Redis.
 * Tested by tests/system/test_migrate.py and tests/system/test_upgrade.py.
 */
#include "base/json.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "job/takeover.h"
#include "schema/migration.h"
#include "worker/threads/intake.h"

struct migrate_words {
    bool standalone, json;
};

/* Makes sure that no worker of 0.1.0 is alive. */
static bool prepare_takeover(const struct config *config, struct takeover *takeover,
                             struct error *error)
{
    if (!config_has_redis(config))
        return true;
    if (!cli_connect_redis(config, &takeover->redis, error))
        return error_prefix(error, "0.1.0 may have left jobs in Redis");
    return takeover_check_workers(takeover, config->lease_seconds, error);
}

static bool print_takeover_json(const struct takeover_count *count, struct error *error)
{
    json_t *object = json_object();
    bool done = json_put_int(object, "dead", count->dead, error) &&
                json_put_int(object, "delayed", count->delayed, error) &&
                json_put_int(object, "in_work", count->in_work, error) &&
                json_put(object, "paused", json_boolean(count->paused), error) &&
                json_print_line(object, error);
    json_decref(object);
    return done;
}

static bool take_over_queue(const struct takeover *takeover, bool json, struct error *error)
{
    struct takeover_count count;
    if (!takeover_queue(takeover, &count, error))
        return false;
    if (count.dead + count.delayed + count.in_work == 0 && !count.paused)
        return true;
    if (json)
        return print_takeover_json(&count, error);
    (void)printf("took over from Redis: %" PRId64 " dead, %" PRId64 " delayed, %" PRId64
                 " message%s in work%s\n",
                 count.dead, count.delayed, count.in_work, text_plural(count.in_work),
                 count.paused ? ", the pause" : "");
    return true;
}

static bool print_applied(int applied, bool json, struct error *error)
{
    if (json) {
        json_t *object = json_object();
        bool done =
            json_put_int(object, "applied", applied, error) && json_print_line(object, error);
        json_decref(object);
        return done;
    }
    if (applied > 0)
        (void)printf("applied %d migration%s\n", applied, text_plural(applied));
    else
        (void)printf("nothing to apply\n");
    return true;
}

/* After a failure the migrations that were applied before it stay, and are reported too. */
static bool apply_migrations(struct pg *pg, const struct migrate_words *words, struct error *error)
{
    int applied = 0;
    struct error unprinted;
    bool done = migration_apply(pg, words->standalone, &applied, error);
    if (done || applied > 0)
        done = print_applied(applied, words->json, done ? error : &unprinted) && done;
    return done;
}

/* A new database has no queue of 0.1.0 to take over: it needs no Redis. */
static bool migrate_and_take_over(const struct config *config, struct takeover *takeover,
                                  const struct migrate_words *words, struct error *error)
{
    bool due = false;
    return takeover_is_due(takeover, &due, error) &&
           (!due || prepare_takeover(config, takeover, error)) &&
           apply_migrations(takeover->pg, words, error) &&
           (due ? take_over_queue(takeover, words->json, error) : takeover_end(takeover, error));
}

bool command_migrate(const struct config *config, int argc, char **argv, struct error *error)
{
    struct migrate_words words = {.json = false};
    const struct option_spec specs[] = {
        {"standalone", 0, false, OPTION_SWITCH, &words.standalone, 0, 0},
        {"json", 0, false, OPTION_SWITCH, &words.json, 0, 0},
        {.name = NULL},
    };
    struct pg *pg = NULL;
    if (!options_parse(argc, argv, specs, NULL, error) || !cli_connect_pg(config, &pg, error))
        return false;
    struct intake_lists *lists = intake_lists_of(config);
    struct takeover takeover = {.pg = pg, .queue = config->queue, .lists = lists};
    bool done = (lists != NULL || error_no_memory(error)) &&
                migrate_and_take_over(config, &takeover, &words, error);
    redis_free(takeover.redis);
    intake_lists_free(lists);
    pg_free(pg);
    return done;
}
