/* SPDX-License-Identifier: Apache-2.0 */
/* What `cancel`, `retry`, `delete` and `mail resend` share: several ids, one after the other. */
#ifndef CLI_EACH_EXPORT_H
#define CLI_EACH_EXPORT_H

#include "cli/cli.h"

/* Does with one export what the command is for. *result: the id of what has come of it. */
typedef bool export_action(void *with, int64_t id, int64_t *result, struct error *error);

struct each_export {
    const char *participle; /* "cancelled": in its lines, and as a member of JSON */
    const char *result;     /* the member of JSON for *result, which is also all that a line says;
                               NULL: none */
    export_action *act;
    void *with;
    bool takes_all; /* --all may stand for the ids: `all`, and the caller adds them */

    /* of each_export.c */
    int64_t *ids;
    size_t count, failed;
    bool json, all;
};

/* Reads ID... [--json], or --all. For each_export_free, also after an error. ERROR_USAGE. */
bool each_export_parse(struct each_export *each, int argc, char **argv,
                       struct error *error) MUST_CHECK;
void each_export_free(struct each_export *each);

/* One more. ERROR_AWAY without memory. */
bool each_export_add(struct each_export *each, int64_t id, struct error *error) MUST_CHECK;

/* Acts on all of them, and prints a line for each. One that is unknown or in the wrong state is
   told on standard error (with --json: in its line) and does not stop the others; in the end there
   is an ERROR_CONFLICT then. */
bool each_export_act(struct each_export *each, struct error *error) MUST_CHECK;

#endif
