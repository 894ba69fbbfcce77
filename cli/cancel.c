/* SPDX-License-Identifier: Apache-2.0 */
/* `exportd cancel`: exports that are not wanted any more. */
#include "request/cancel.h"

#include "base/json.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "schema/migration.h"

struct cancellation {
    struct request_context context;
    int64_t *ids;
    size_t count, failed;
    bool json;
};

static void print_text(int64_t id, const char *reason)
{
    if (reason == NULL)
        (void)printf("cancelled %" PRId64 "\n", id);
    else
        (void)fprintf(stderr, "not cancelled: %s\n", reason);
}

static bool print_json(int64_t id, const char *reason, struct error *error)
{
    json_t *object = json_object();
    bool done = json_put_int(object, "id", id, error) &&
                json_put(object, "cancelled", json_boolean(reason == NULL), error) &&
                json_put_text(object, "error", reason, error) && json_print_line(object, error);
    json_decref(object);
    return done;
}

/* `reason`: why the export is not cancelled; NULL: it is. */
static bool print(bool json, int64_t id, const char *reason, struct error *error)
{
    if (!json)
        print_text(id, reason);
    return !json || print_json(id, reason, error);
}

/* One that is unknown or finished does not stop the others. */
static bool cancel_all(struct cancellation *cancellation, struct error *error)
{
    if (!migration_check(cancellation->context.pg, error))
        return false;
    for (size_t i = 0; i < cancellation->count; i++) {
        struct error reason;
        bool done = request_cancel(&cancellation->context, cancellation->ids[i], &reason);
        if (!done && reason.code != ERROR_NOT_FOUND && reason.code != ERROR_CONFLICT) {
            *error = reason;
            return false;
        }
        cancellation->failed += done ? 0 : 1;
        if (!print(cancellation->json, cancellation->ids[i], done ? NULL : reason.message, error))
            return false;
        (void)fflush(stdout);
    }
    return cancellation->failed == 0 ||
           error_set(error, ERROR_CONFLICT, "%zu of %zu could not be cancelled",
                     cancellation->failed, cancellation->count);
}

static bool read_ids(const struct positional *words, struct cancellation *cancellation,
                     struct error *error)
{
    for (int i = 0; i < words->count; i++)
        if (!text_to_int64(words->words[i], 1, INT64_MAX,
                           &cancellation->ids[cancellation->count++]))
            return error_set(error, ERROR_USAGE, "'%.60s' is not the id of an export",
                             words->words[i]);
    return true;
}

bool command_cancel(const struct config *config, int argc, char **argv, struct error *error)
{
    const struct caller caller = cli_operator();
    struct cancellation cancellation = {.context = {.caller = &caller}};
    const char **texts = memory_zeroed((size_t)argc, sizeof(*texts));
    struct positional words = {.min = 1, .max = argc, .words = texts};
    const struct option_spec specs[] = {
        {.name = "json", .type = OPTION_SWITCH, .value = &cancellation.json}, {.name = NULL}};
    cancellation.ids = memory_zeroed((size_t)argc, sizeof(*cancellation.ids));
    bool done = texts == NULL || cancellation.ids == NULL
                    ? error_no_memory(error)
                    : options_parse(argc, argv, specs, &words, error) &&
                          read_ids(&words, &cancellation, error) &&
                          cli_connect_pg(config, &cancellation.context.pg, error) &&
                          cancel_all(&cancellation, error);
    pg_free(cancellation.context.pg);
    free(cancellation.ids);
    free(texts);
    return done;
}
