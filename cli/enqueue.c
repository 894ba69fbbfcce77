/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `exportd enqueue`: asks for an export, and follows it if told so.
 * Tested by tests/system/test_enqueue.py and tests/system/test_cli_contract.py.
 */
#include "base/text.h"
#include "cli/cli.h"
#include "cli/order_words.h"
#include "cli/status_watch.h"
#include "export/query_type.h"
#include "request/estimate.h"
#include "tagstore/choose.h"

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

static void print_unknown(const struct error *unknown)
{
    if (unknown->code == ERROR_NONE)
        return;
    (void)fputs("not checked whether project, issue and key exist: ", stderr);
    text_print(stderr, unknown->message);
    (void)fputc('\n', stderr);
}

static bool check_subject(const struct config *config, const struct request_context *context,
                          const struct order_words *words, struct error *unknown,
                          struct error *error)
{
    struct pg *tag_pg = NULL;
    struct tagstore *tagstore = NULL;
    *unknown = (struct error){.code = ERROR_NONE};
    bool done =
        words->force || (cli_connect_pg(config, &tag_pg, error) &&
                         tagstore_new(config, config->tagstore, tag_pg, &tagstore, error) &&
                         request_check_subject(context, &words->order, tagstore, unknown, error));
    tagstore_free(tagstore);
    pg_free(tag_pg);
    return done;
}

/* Progress goes to standard error: the result is the id. */
static bool wait_for_end(const struct request_context *context, int64_t id, struct error *error)
{
    (void)fflush(stdout);
    return status_watch(context, id, false, stderr, error);
}

static bool create_and_count(const struct config *config, const struct request_context *context,
                             const struct export_order *order, struct created_export *created,
                             struct error *error)
{
    bool done = request_create(context, order, created, error);
    const char *name = done && created->created                ? "dataexport.enqueue"
                       : !done && error->code == ERROR_INVALID ? "dataexport.invalid"
                                                               : NULL;
    if (name != NULL)
        cli_count(config, name, query_type_name(order->query_type));
    return done;
}

bool command_enqueue(const struct config *config, int argc, char **argv, struct error *error)
{
    struct order_words words = {.enqueues = true};
    struct created_export created;
    struct error unknown;
    const struct caller caller = cli_operator();
    struct request_context context = {.caller = &caller,
                                      .queue_name = config->queue,
                                      .max_queued = config->max_queued,
                                      .max_running = config->max_running,
                                      .lease_seconds = config->lease_seconds};
    bool done = order_words_parse(argc, argv, &words, error) &&
                cli_connect_pg(config, &context.pg, error) &&
                check_subject(config, &context, &words, &unknown, error) &&
                create_and_count(config, &context, &words.order, &created, error) &&
                print_created(&words, &created, error);
    if (done)
        print_unknown(&unknown);
    done = done && (!words.wait || wait_for_end(&context, created.id, error));
    order_words_free(&words);
    pg_free(context.pg);
    return done;
}
