/* `exportd rescue`: exports that the original has forgotten, because its worker died with them. */
#include "base/text.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "export/names.h"
#include "job/forgotten.h"
#include "job/history.h"
#include "job/queue_find.h"

enum { ROWS_AT_ONCE = 1000 };

struct rescue {
    struct pg *pg;
    struct redis *redis;
    const char *queue_name;
    struct queue *queue;
    struct id_set *found; /* exports that some message leads to */
    bool force, json;
    int64_t count;
};

/* ---- one export ---- */

static const char *text_of(const json_t *row, const char *name)
{
    const char *text = json_string_value(json_object_get(row, name));
    return text == NULL ? "-" : text;
}

static bool print(const struct rescue *rescue, json_t *row, struct error *error)
{
    static const char *const shown[] = {"date_added", "organization", "user", "type"};
    if (rescue->json)
        return json_put(row, "queued", json_boolean(rescue->force), error) &&
               json_print_line(row, error);
    (void)printf("%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(row, "id")));
    for (size_t i = 0; i < ARRAY_LENGTH(shown); i++) {
        (void)fputs("  ", stdout);
        text_print(stdout, text_of(row, shown[i]));
    }
    (void)putchar('\n');
    return true;
}

/* As an enqueue: the row that exportd knows it by, then the message. */
static bool queue_again(const struct rescue *rescue, int64_t id, struct error *error)
{
    const struct history_request all = {.queue = rescue->queue_name};
    struct error ignored;
    if (!history_insert_waiting(rescue->pg, id, &all, error))
        return false;
    if (queue_push_export(rescue->queue, rescue->redis, id, 0, 0, error))
        return true;
    if (!history_forget_waiting(rescue->pg, id, &ignored))
        log_error(LOG_WARNING, "rescue.not-forgotten", &ignored);
    return error_prefix(error, "export %" PRId64 " is not queued", id);
}

/* ---- all ---- */

static bool treat(struct rescue *rescue, const json_t *rows, struct error *error)
{
    for (size_t i = 0; i < json_array_size(rows); i++) {
        json_t *row = json_array_get(rows, i);
        int64_t id = json_integer_value(json_object_get(row, "id"));
        if (id_set_has(rescue->found, id))
            continue;
        rescue->count++;
        if ((rescue->force && !queue_again(rescue, id, error)) || !print(rescue, row, error))
            return false;
    }
    return true;
}

/* All rows before any message is looked for: a message that comes in between is found. */
static bool list_rows(struct rescue *rescue, json_t *rows, struct error *error)
{
    int64_t after = 0;
    size_t count = ROWS_AT_ONCE;
    while (count == ROWS_AT_ONCE) {
        json_t *page = NULL;
        if (!forgotten_list(rescue->pg, after, ROWS_AT_ONCE, &page, error))
            return false;
        count = json_array_size(page);
        if (count > 0)
            after = json_integer_value(json_object_get(json_array_get(page, count - 1), "id"));
        bool done = export_names_put(page, error) &&
                    (json_array_extend(rows, page) == 0 || error_no_memory(error));
        json_decref(page);
        if (!done)
            return false;
    }
    return true;
}

static void say(const struct rescue *rescue)
{
    if (rescue->count == 0)
        (void)fputs("no export is without a message\n", stderr);
    else if (rescue->force)
        (void)fprintf(stderr,
                      "%" PRId64 " export%s queued again, with all rows of all environments: what "
                      "limit and environment they had is unknown\n",
                      rescue->count, text_plural(rescue->count));
    else
        (void)fprintf(stderr,
                      "%" PRId64 " export%s without a message; --force queues them again, with all "
                      "rows of all environments: what limit and environment they had is unknown\n",
                      rescue->count, text_plural(rescue->count));
}

static bool run(struct rescue *rescue, const struct config *config, struct error *error)
{
    json_t *rows = json_array();
    rescue->queue_name = config->queue;
    rescue->queue = queue_new(config->queue, NULL);
    bool done = (rows != NULL && rescue->queue != NULL) || error_no_memory(error);
    done = done && cli_connect_pg(config, &rescue->pg, error) &&
           cli_connect_redis(config, &rescue->redis, error) && list_rows(rescue, rows, error) &&
           queue_find_ids(rescue->queue, rescue->redis, true, &rescue->found, error) &&
           treat(rescue, rows, error);
    if (done)
        say(rescue);
    json_decref(rows);
    return done;
}

bool command_rescue(const struct config *config, int argc, char **argv, struct error *error)
{
    struct rescue rescue = {.count = 0};
    bool dry_run = false;
    int count = 0;
    const struct option_spec specs[] = {
        {.name = "dry-run", .type = OPTION_SWITCH, .value = &dry_run},
        {.name = "force", .type = OPTION_SWITCH, .value = &rescue.force},
        {.name = "json", .type = OPTION_SWITCH, .value = &rescue.json},
        {.name = NULL}};
    if (!options_parse(argc, argv, specs, 0, 0, NULL, &count, error))
        return false;
    if (dry_run && rescue.force)
        return error_set(error, ERROR_USAGE, "--dry-run and --force: one of them");
    bool done = run(&rescue, config, error);
    id_set_free(rescue.found);
    queue_free(rescue.queue);
    redis_free(rescue.redis);
    pg_free(rescue.pg);
    return done;
}
