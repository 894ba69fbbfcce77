/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `exportd estimate`: how large an export would be.
 * Tested by tests/system/test_estimate.py.
 */
#include "request/estimate.h"

#include "base/text.h"
#include "cli/cli.h"
#include "cli/order_words.h"
#include "tagstore/choose.h"

/* Together with the ping that follows it, the patience takes TAGSTORE_ESTIMATE_MS at most. */
enum { PATIENCE_MS = TAGSTORE_ESTIMATE_MS - 1000 * PG_PING_SECONDS };

static bool print_json(const struct export_estimate *estimate, struct error *error)
{
    json_t *line = estimate->known ? json_pack("{s:I, s:I}", "rows", (json_int_t)estimate->rows,
                                               "bytes", (json_int_t)estimate->bytes)
                                   : json_pack("{s:n, s:n}", "rows", "bytes");
    bool done = line != NULL ? json_print_line(line, error) : error_no_memory(error);
    json_decref(line);
    return done;
}

static bool print_estimate(const struct order_words *words, const struct export_estimate *estimate,
                           struct error *error)
{
    char size[TEXT_SIZE_MAX];
    if (words->json)
        return print_json(estimate, error);
    if (estimate->known)
        (void)printf("about %" PRId64 " row%s, %s\n", estimate->rows, text_plural(estimate->rows),
                     text_size(estimate->bytes, size));
    else
        (void)printf("unknown\n");
    return true;
}

/* The user waits for the estimate: PostgreSQL gets no more time than the tagstore. */
static bool connect_pg(const struct config *config, struct pg **pg, struct error *error)
{
    bool done = cli_connect_pg(config, pg, error);
    if (done)
        (void)pg_set_patience(*pg, PATIENCE_MS);
    return done;
}

bool command_estimate(const struct config *config, int argc, char **argv, struct error *error)
{
    struct order_words words = {.enqueues = false};
    struct request_context context = {.caller = &caller_operator};
    struct pg *tag_pg = NULL;
    struct tagstore *tagstore = NULL;
    struct export_estimate estimate;
    bool done = order_words_parse(argc, argv, &words, error) &&
                connect_pg(config, &context.pg, error) && connect_pg(config, &tag_pg, error) &&
                tagstore_new(config, config->tagstore, tag_pg, &tagstore, error) &&
                request_estimate(&context, &words.order, tagstore, &estimate, error) &&
                print_estimate(&words, &estimate, error);
    order_words_free(&words);
    tagstore_free(tagstore);
    pg_free(tag_pg);
    pg_free(context.pg);
    return done;
}
