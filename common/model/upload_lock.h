/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exportd.upload_lock has the upload locks of an installation that does not keep them in Redis. The
 * one row of exportd.upload_lock_kind says where this database's locks are. storage/upload_lock.h
 * says what the locks are for.
 */
#ifndef MODEL_UPLOAD_LOCK_H
#define MODEL_UPLOAD_LOCK_H

#include "client/pg.h"

struct upload_lock_row {
    const char *checksum;
    const char *holder; /* a new name for each time that the lock is taken */
    int64_t seconds;    /* how long the lock is held at most */
};

/* Takes the lock: inserts the row, or takes over a row that has ended. *taken is false while
   another holder has the lock. Not for use in a transaction, for whose end all others would wait.
   ERROR_AWAY: the answer is lost; perhaps the lock was taken. */
bool upload_lock_row_take(struct pg *pg, const struct upload_lock_row *row, bool *taken,
                          struct error *error) MUST_CHECK;

/* Releases the lock: deletes the row of this checksum and this holder. *deleted is false if there
   is none (any more). Not for use in a transaction. */
bool upload_lock_row_delete(struct pg *pg, const struct upload_lock_row *row, bool *deleted,
                            struct error *error) MUST_CHECK;

/* Deletes the rows that have ended. Their holders died. */
bool upload_lock_rows_delete_ended(struct pg *pg, struct error *error) MUST_CHECK;

enum { UPLOAD_LOCK_KIND_MAX = 16 };

/* Reads the kind, "redis" or "postgres". *used: the kind must not change, because a worker has
   beaten within the last `lease_seconds`, or a row of exportd.upload_lock has not ended. */
bool upload_lock_kind_find(struct pg *pg, int64_t lease_seconds, char kind[UPLOAD_LOCK_KIND_MAX],
                           bool *used, struct error *error) MUST_CHECK;

/* Reads the kind, and locks its row until the transaction ends. */
bool upload_lock_kind_lock(struct pg *pg, char kind[UPLOAD_LOCK_KIND_MAX],
                           struct error *error) MUST_CHECK;

/* Changes the kind. While the kind is used, it stays as it is, and *changed is false. */
bool upload_lock_kind_change(struct pg *pg, const char *kind, int64_t lease_seconds, bool *changed,
                             struct error *error) MUST_CHECK;

#endif
