/* SPDX-License-Identifier: Apache-2.0 */
/* An action on several exports, one after the other: what `cancel`, `retry`, `delete` and `mail
   resend` share. */
#ifndef CLI_EACH_EXPORT_H
#define CLI_EACH_EXPORT_H

#include "cli/cli.h"

/* The command's action on one export. *result: the id of the export that it results in. */
typedef bool export_action(void *with, int64_t id, int64_t *result, struct error *error);

struct each_export {
    const char *participle; /* "cancelled": in the printed lines, and the name of a JSON member */
    const char *result;     /* the name of the JSON member for *result, and then a line without
                               --json is only *result; NULL: *result is not printed */
    export_action *act;
    void *with;
    bool takes_all; /* --all may be given in place of ids; it sets `all`, and the caller adds ids */

    /* private to each_export.c, except `all` */
    int64_t *ids;
    size_t count, failed;
    size_t refused; /* of the failed ones: they are there */
    bool json, all;
};

/* Reads the words: ID... or --all, and --json. ERROR_USAGE; ERROR_AWAY without memory. Free with
   each_export_free, also after an error. */
bool each_export_parse(struct each_export *each, int argc, char **argv,
                       struct error *error) MUST_CHECK;
void each_export_free(struct each_export *each);

/* Adds an id. ERROR_AWAY without memory. */
bool each_export_add(struct each_export *each, int64_t id, struct error *error) MUST_CHECK;

/* Acts on each export and prints a line for it. After ERROR_NOT_FOUND, ERROR_CONFLICT or ERROR_BUSY
   of the action, the reason is printed on standard error (with --json: in the line), the next
   exports follow, and the result in the end is ERROR_NOT_FOUND if all that failed are not there,
   else ERROR_CONFLICT. Any other error stops at once. */
bool each_export_act(struct each_export *each, struct error *error) MUST_CHECK;

#endif
