/* SPDX-License-Identifier: Apache-2.0 */
/* The options of `enqueue` and `estimate`, which say what to export. */
#ifndef CLI_ORDER_WORDS_H
#define CLI_ORDER_WORDS_H

#include "request/create.h"

/* The caller sets enqueues, and all else to zero. */
struct order_words {
    bool enqueues; /* --user must be given; --wait and --force may be */
    bool json, wait, force;
    struct export_order order;

    /* private to order_words.c */
    const char *group, *type, *query_info;
    json_t *object; /* of query_info */
};

/* Reads the options into `order` and the switches. ERROR_USAGE; ERROR_AWAY without memory. */
bool order_words_parse(int argc, char **argv, struct order_words *words,
                       struct error *error) MUST_CHECK;

/* To be called after an error of order_words_parse, too. */
void order_words_free(struct order_words *words);

#endif
