/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exportd.upload_lock: upload locks where no Redis keeps them; exportd.upload_lock_kind: where they
 * are, one row for the whole database. storage/upload_lock.h says what they are for.
 */
#ifndef MODEL_UPLOAD_LOCK_H
#define MODEL_UPLOAD_LOCK_H

#include "client/pg.h"

struct upload_lock_row {
    const char *checksum;
    const char *holder; /* another one for each acquisition */
    int64_t seconds;    /* how long it is held at most */
};

/* Inserts the row, or takes one over that has ended. *taken is false while another holder has it.
   Outside of transactions, in which all others would have to wait for it. ERROR_AWAY: the answer is
   lost, and the row may be there. */
bool upload_lock_row_take(struct pg *pg, const struct upload_lock_row *row, bool *taken,
                          struct error *error) MUST_CHECK;

/* Deletes the row of this checksum and this holder. *deleted is false when there is none (any
   more). Outside of transactions. */
bool upload_lock_row_delete(struct pg *pg, const struct upload_lock_row *row, bool *deleted,
                            struct error *error) MUST_CHECK;

/* Deletes the rows that have ended: those of holders that died. */
bool upload_lock_rows_delete_ended(struct pg *pg, struct error *error) MUST_CHECK;

enum { UPLOAD_LOCK_KIND_MAX = 16 };

/* Reads the kind, "redis" or "postgres". *used: a worker has beaten within the last
   `lease_seconds`, or a row of exportd.upload_lock has not ended. */
bool upload_lock_kind_find(struct pg *pg, int64_t lease_seconds, char kind[UPLOAD_LOCK_KIND_MAX],
                           bool *used, struct error *error) MUST_CHECK;

/* Reads the kind, and locks its row until the transaction ends. */
bool upload_lock_kind_lock(struct pg *pg, char kind[UPLOAD_LOCK_KIND_MAX],
                           struct error *error) MUST_CHECK;

/* Changes the kind. *changed is false, and the kind as it was, while it is used. */
bool upload_lock_kind_change(struct pg *pg, const char *kind, int64_t lease_seconds, bool *changed,
                             struct error *error) MUST_CHECK;

#endif
