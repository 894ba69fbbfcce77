/* SPDX-License-Identifier: Apache-2.0 */
/* exportd.audit: a row for each thing that was done with an export. Rows never change; cleanup
   deletes old ones. */
#ifndef MODEL_AUDIT_H
#define MODEL_AUDIT_H

#include "base/json.h"
#include "client/pg.h"

enum audit_action {
    AUDIT_CREATE,
    AUDIT_DOWNLOAD,
    AUDIT_CANCEL,
    AUDIT_RETRY,
    AUDIT_DELETE,
    AUDIT_EXPIRY, /* the export expired, and its file was removed */
    AUDIT_PURGE,
    AUDIT_RESEND, /* its mail was sent again */
};

/* Whether this is the name of an action in the database, such as "create". */
bool audit_is_action(const char *name);

struct audit_entry {
    enum audit_action action;
    int64_t data_export_id, organization_id;
    int64_t user_id;    /* the user of the export; 0: not known */
    const char *actor;  /* the user or command that did it: "cli:root", "user:12", "cleanup" */
    const char *detail; /* NULL: none; never a mail address */
};

/* Adds a row, in the transaction that does the action. */
bool audit_add(struct pg *pg, const struct audit_entry *entry, struct error *error) MUST_CHECK;

/* Which rows to list. 0 and NULL: any. */
struct audit_filter {
    int64_t organization_id, user_id, data_export_id;
    const char *action; /* by its name */
    int64_t before;     /* ids below it */
    int64_t max;
};

/* Lists the rows that pass the filter, newest first, at most `max`. *entries is a JSON array, which
   the caller frees, of {id, at, action, data_export_id, organization_id, organization (slug),
   user_id, user (mail address), actor, detail}. Slug and address are the present ones; null if the
   row is gone. *total counts all rows that pass. */
bool audit_list(struct pg *pg, const struct audit_filter *filter, json_t **entries, int64_t *total,
                struct error *error) MUST_CHECK;

/* Deletes the rows that are older than `days` times 24 hours. *count: how many. With dry_run it
   only counts them. */
bool audit_delete_old(struct pg *pg, int64_t days, bool dry_run, int64_t *count,
                      struct error *error) MUST_CHECK;

#endif
