/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `exportd enqueue`: asks for an export.
 * Tested by tests/system/test_first_export.py and tests/system/test_cli_contract.py.
 */
#include "cli/cli.h"
#include "cli/order_words.h"

static bool print_created(const struct order_words *words, const struct created_export *created,
                          struct error *error)
{
    if (!words->json) {
        (void)printf("%" PRId64 "\n", created->id);
        return true;
    }
    json_t *line =
        json_pack("{s:I, s:b}", "id", (json_int_t)created->id, "created", (int)created->created);
    bool done = line != NULL ? json_print_line(line, error) : error_no_memory(error);
    json_decref(line);
    return done;
}

bool command_enqueue(const struct config *config, int argc, char **argv, struct error *error)
{
    struct order_words words = {.user_needed = true};
    struct created_export created;
    const struct caller caller = cli_operator();
    struct request_context context = {
        .caller = &caller, .queue_name = config->queue, .max_queued = config->max_queued};
    bool done = order_words_parse(argc, argv, &words, error) &&
                cli_connect_pg(config, &context.pg, error) &&
                request_create(&context, &words.order, &created, error) &&
                print_created(&words, &created, error);
    order_words_free(&words);
    pg_free(context.pg);
    return done;
}
