/* SPDX-License-Identifier: Apache-2.0 */
/* All that is remembered of the exports of one user or organization, to be deleted. */
#ifndef JOB_PURGE_H
#define JOB_PURGE_H

#include "client/pg.h"

/* Whose exports; 0: any. An export without a user in sentry_exporteddata, because the user's row is
   gone, is that of the user whom exportd remembers. */
struct purge_owner {
    int64_t organization_id, user_id;
};

struct purge_sum {
    int64_t exports;
    int64_t unfinished; /* of them, what waits, is delayed or runs */
    int64_t files;
    int64_t mails; /* that wait to be sent */
};

/* What there is of the owner. */
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

/* The owner's exports with ids above `after`, ascending. */
bool purge_list(struct pg *pg, const struct purge_owner *owner, int64_t after,
                struct purge_page *page, struct error *error) MUST_CHECK;

/* Deletes the export's rows: exportd.export, its attempts, its mail (*mails counts one that waits),
   and the row of sentry_exporteddata, whose file has been deleted before. */
bool purge_delete_rows(struct pg *pg, int64_t data_export_id, int64_t *mails,
                       struct error *error) MUST_CHECK;

#endif
