/* SPDX-License-Identifier: Apache-2.0 */
/* What one part of `exportd check` finds out: results, each a sentence, with what to do. */
#ifndef CLI_FINDINGS_H
#define CLI_FINDINGS_H

#include "config/config.h"

enum finding_result { FINDING_OK, FINDING_WARNING, FINDING_FAILED };

struct finding {
    struct finding *next;
    enum finding_result result;
    const char *part;   /* static, as is the advice */
    const char *advice; /* what to do; NULL: nothing, or the message says it */
    char message[ERROR_MESSAGE_MAX];
};

/* For one thread at a time. Starts with `config` and `part` set and the rest zero. */
struct findings {
    const struct config *config;
    const char *part; /* of the findings that are added next */
    struct finding *first, *last;
    int warnings; /* how many of them */
    int failed;
    int away;    /* how many of the failed ones are only a server that is away */
    bool is_cut; /* there was no memory for a finding, so some are missing */
};

/* Add a finding. */
void findings_add_ok(struct findings *findings, const char *format, ...) PRINTF_LIKE(2, 3);
void findings_add_warning(struct findings *findings, const char *advice, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* What is wrong with a server. ERROR_AWAY, ERROR_ANSWER and ERROR_TIMEOUT: it is away. */
void findings_add_failure(struct findings *findings, const char *advice, const struct error *error);

/* The same for a thing of this machine, such as a folder. */
void findings_add_local_failure(struct findings *findings, const char *advice,
                                const struct error *error);

/* Prints the findings on standard output, a line each; with `json` as objects {result, part,
   message, advice}. Errors as json_print_line. */
bool findings_print(const struct findings *findings, bool json, struct error *error) MUST_CHECK;

void findings_free(struct findings *findings);

#endif
