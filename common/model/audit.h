/* SPDX-License-Identifier: Apache-2.0 */
/* exportd.audit: who did what with which export. Rows are only added; cleanup deletes old ones. */
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
    AUDIT_EXPIRY, /* its file was removed because it had expired */
    AUDIT_PURGE,
    AUDIT_RESEND, /* its mail */
};

/* Whether this is the name of an action: "create", ...: as in the database. */
bool audit_is_action(const char *name);

struct audit_entry {
    enum audit_action action;
    int64_t data_export_id, organization_id;
    int64_t user_id;    /* whose export it is; 0: not known */
    const char *actor;  /* who did it: "cli:root", "user:12", "cleanup" */
    const char *detail; /* NULL: none; never an address */
};

/* Adds a row, within the transaction that does what it says. */
bool audit_add(struct pg *pg, const struct audit_entry *entry, struct error *error) MUST_CHECK;

/* Which rows to list. 0 and NULL: any. */
struct audit_filter {
    int64_t organization_id, user_id, data_export_id;
    const char *action; /* by its name */
    int64_t before;     /* ids below it */
    int64_t max;
};

/* The rows that pass the filter, newest first, at most `max`: a JSON array of objects {id, at,
   action, data_export_id, organization_id, organization (slug), user_id, user (address), actor,
   detail}; slug and address are those of today, null when the row is gone. *total counts the rows
   that pass, whatever `max`. */
bool audit_list(struct pg *pg, const struct audit_filter *filter, json_t **entries, int64_t *total,
                struct error *error) MUST_CHECK;

/* Deletes the rows that are older than `days`, or only counts them: *count. */
bool audit_delete_old(struct pg *pg, int64_t days, bool dry_run, int64_t *count,
                      struct error *error) MUST_CHECK;

#endif
