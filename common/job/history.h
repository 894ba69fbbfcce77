/* SPDX-License-Identifier: Apache-2.0 */
/* exportd.export as a history: what `exportd status` shows. */
#ifndef JOB_HISTORY_H
#define JOB_HISTORY_H

#include "base/arena.h"
#include "base/json.h"
#include "client/pg.h"
#include "job/state.h"

/* What exportd knows of an export. */
struct history_entry {
    bool known; /* false: it has never seen it */
    enum job_state state;
    int64_t limit, environment_id; /* 0: all */
};
bool history_find(struct pg *pg, int64_t data_export_id, struct history_entry *entry,
                  struct error *error) MUST_CHECK;

/* Whose export it is and what it asks: as sentry_exporteddata says, and as exportd remembers when
   that row is gone. The text, of at most 1,100,000 characters, is in `arena`. ERROR_NOT_FOUND. */
struct history_subject {
    int64_t organization_id;
    int64_t user_id; /* 0: the user is gone */
    int64_t query_type;
    const char *query_info;
};
bool history_find_subject(struct pg *pg, int64_t data_export_id, struct arena *arena,
                          struct history_subject *subject, struct error *error) MUST_CHECK;

/* Which exports to list. */
struct history_filter {
    int64_t data_export_id;  /* this one; 0: the newest, at most `max` */
    int64_t organization_id; /* 0: any */
    int64_t user_id;         /* 0: any */
    int64_t max;
};

/* The exports that pass the filter, newest first: a JSON array of objects {id, status, state, type
   (its code), organization (slug), user (address), file_name (null: names are given above,
   export/names.h), query_info (text), limit, environment_id,
   date_added, date_finished, date_expired, rows, bytes, pages, attempts, failures, worker,
   next_try_at, message, mail, mail_message}. `message` is the export's last word, else its mail's.
   `status` is the original's while the sentry_exporteddata row is there: EARLY, VALID, EXPIRED
   (also of a row that exportd has never claimed: `state` is null then); afterwards exportd's own
   memory: FAILED, CANCELLED, or GONE (deleted by somebody else). `mail`: none, waiting, sent,
   given-up. ERROR_NOT_FOUND for an id that is unknown or does not pass. */
bool history_list(struct pg *pg, const struct history_filter *filter, json_t **exports,
                  struct error *error) MUST_CHECK;

/* Deletes finished exports' rows (export, attempt, sent or given-up outbox) that ended more than
   `days` ago; rows whose sentry_exporteddata row still has a file stay. *count: exports. With
   dry_run only counts. */
bool history_delete_old(struct pg *pg, int64_t days, bool dry_run, int64_t *count,
                        struct error *error) MUST_CHECK;

#endif
