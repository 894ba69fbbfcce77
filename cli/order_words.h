/* SPDX-License-Identifier: Apache-2.0 */
/* The words that say what is to be exported: of `enqueue`, and of `estimate`. */
#ifndef CLI_ORDER_WORDS_H
#define CLI_ORDER_WORDS_H

#include "request/create.h"

/* Starts as {.user_needed = ...}. */
struct order_words {
    bool user_needed; /* --user must be there */
    bool json;
    struct export_order order;

    /* of order_words.c */
    const char *project, *group, *type, *query_info;
    json_t *object; /* of query_info */
};

/* ERROR_USAGE. */
bool order_words_parse(int argc, char **argv, struct order_words *words,
                       struct error *error) MUST_CHECK;

/* Also after an error. */
void order_words_free(struct order_words *words);

#endif
