/* SPDX-License-Identifier: Apache-2.0 */
/* Deletes all rows about the exports of one user or organization. */
#ifndef JOB_PURGE_H
#define JOB_PURGE_H

#include "client/pg.h"

/* Whose exports; 0: any. If the user's row is gone, sentry_exporteddata names no user: the export
   then belongs to the user that exportd.export names. */
struct purge_owner {
    int64_t organization_id, user_id;
};

struct purge_sum {
    int64_t exports;
    int64_t unfinished; /* exports that wait, are delayed or run */
    int64_t files;
    int64_t mails; /* that wait to be sent */
};

/* Counts what there is of the owner. */
bool purge_sum_load(struct pg *pg, const struct purge_owner *owner, struct purge_sum *sum,
                    struct error *error) MUST_CHECK;

struct purge_export {
    int64_t data_export_id, organization_id;
    int64_t user_id; /* 0: not known */
};

enum { PURGE_PAGE = 100 };

struct purge_page {
    struct purge_export items[PURGE_PAGE];
    size_t count; /* less than PURGE_PAGE: there are no more */
};

/* Lists the owner's exports with ids above `after`, ascending. */
bool purge_list(struct pg *pg, const struct purge_owner *owner, int64_t after,
                struct purge_page *page, struct error *error) MUST_CHECK;

/* Deletes the export's rows: exportd.export, its attempts, its mail, and the row of
   sentry_exporteddata, whose file the caller has deleted before. *mails: 1 if the mail still
   waited, else 0. */
bool purge_delete_rows(struct pg *pg, int64_t data_export_id, int64_t *mails,
                       struct error *error) MUST_CHECK;

#endif
