/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `exportd rescue`: finds exports that Sentry has lost, because its worker died with their jobs.
 * Tested by tests/system/test_rescue.py.
 */
#include "request/rescue.h"

#include "base/text.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "worker/threads/intake.h"

struct rescue {
    struct request_context context;
    bool force, json;
};

static const char *text_of(const json_t *row, const char *name)
{
    const char *text = json_string_value(json_object_get(row, name));
    return text == NULL ? "-" : text;
}

static bool print_export(const struct rescue *rescue, json_t *row, struct error *error)
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

/* With --force each export is queued before its line is printed. */
static bool queue_and_print(const struct rescue *rescue, const json_t *exports, struct error *error)
{
    for (size_t i = 0; i < json_array_size(exports); i++) {
        json_t *row = json_array_get(exports, i);
        int64_t id = json_integer_value(json_object_get(row, "id"));
        if ((rescue->force && !request_queue_again(&rescue->context, id, error)) ||
            !print_export(rescue, row, error))
            return false;
    }
    return true;
}

static void print_summary(bool force, int64_t count)
{
    if (count == 0)
        (void)fputs("no export is without a message\n", stderr);
    else if (force)
        (void)fprintf(stderr,
                      "%" PRId64 " export%s queued again, with all rows of all environments: what "
                      "limit and environment they had is unknown\n",
                      count, text_plural(count));
    else
        (void)fprintf(stderr,
                      "%" PRId64 " export%s without a message; --force queues them again, with all "
                      "rows of all environments: what limit and environment they had is unknown\n",
                      count, text_plural(count));
}

/* Without a Redis *lists stays NULL. */
static bool open_lists(struct rescue *rescue, const struct config *config,
                       struct intake_lists **lists, struct error *error)
{
    if (!config_has_redis(config))
        return true;
    *lists = intake_lists_of(config);
    return (*lists != NULL || error_no_memory(error)) &&
           cli_connect_redis(config, &rescue->context.redis, error);
}

static bool rescue_exports(struct rescue *rescue, const struct config *config, struct error *error)
{
    struct intake_lists *lists = NULL;
    json_t *exports = NULL;
    bool done = cli_connect_pg(config, &rescue->context.pg, error) &&
                open_lists(rescue, config, &lists, error) &&
                request_list_forgotten(&rescue->context, lists, &exports, error) &&
                queue_and_print(rescue, exports, error);
    if (done)
        print_summary(rescue->force, (int64_t)json_array_size(exports));
    json_decref(exports);
    intake_lists_free(lists);
    redis_free(rescue->context.redis);
    pg_free(rescue->context.pg);
    return done;
}

bool command_rescue(const struct config *config, int argc, char **argv, struct error *error)
{
    struct rescue rescue = {.context = {.caller = &caller_operator, .queue_name = config->queue}};
    bool dry_run = false;
    const struct option_spec specs[] = {
        {.name = "dry-run", .type = OPTION_SWITCH, .value = &dry_run},
        {.name = "force", .type = OPTION_SWITCH, .value = &rescue.force},
        {.name = "json", .type = OPTION_SWITCH, .value = &rescue.json},
        {.name = NULL}};
    if (!options_parse(argc, argv, specs, NULL, error))
        return false;
    if (dry_run && rescue.force)
        return error_set(error, ERROR_USAGE, "--dry-run and --force exclude each other");
    return rescue_exports(&rescue, config, error);
}
