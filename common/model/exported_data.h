/* SPDX-License-Identifier: Apache-2.0 */
/* ExportedData: the rows of sentry_exporteddata, an export as its user sees it. */
#ifndef MODEL_EXPORTED_DATA_H
#define MODEL_EXPORTED_DATA_H

#include "base/arena.h"
#include "client/pg.h"

enum query_type_code { QUERY_ISSUES_BY_TAG = 0, QUERY_DISCOVER = 1 };

struct exported_data {
    int64_t id;
    int64_t date_added, date_finished, date_expired; /* USEC_NONE: not yet */
    int64_t query_type;
    const char *query_info; /* JSON text as stored; of more than 1,100,000 characters, which is no
                               query (export/payload.h), the beginning */
    int64_t organization_id;
    int64_t user_id; /* 0: the user is gone */
    int64_t file_id; /* 0: none */
};

/* What a statement has to select of sentry_exporteddata AS row, for exported_data_copy: row 0 of a
   result, from column `first` on. */
#define EXPORTED_DATA_COLUMNS                                                                      \
    "row.id, " PG_USEC("row.date_added") ", " PG_USEC("row.date_finished") ", " PG_USEC(           \
        "row.date_expired") ", row.query_type, left(row.query_info, 1100000), "                    \
                            "row.organization_id, row.user_id,"                                    \
                            " row.file_id"
bool exported_data_copy(const struct pg_result *result, int first, struct arena *arena,
                        struct exported_data *row, struct error *error) MUST_CHECK;

/* Fills *row, its text in `arena`. ERROR_NOT_FOUND. */
bool exported_data_load(struct pg *pg, int64_t id, struct arena *arena, struct exported_data *row,
                        struct error *error) MUST_CHECK;

/* The same in a batch: the statement, and what its reply says. */
bool exported_data_load_add(struct pg_batch *batch, int64_t id, struct error *error) MUST_CHECK;
bool exported_data_load_read(const struct pg_result *reply, struct arena *arena,
                             struct exported_data *row, struct error *error) MUST_CHECK;

/* The same, FOR UPDATE within a transaction, with what its mail needs. */
struct exported_data_locked {
    struct exported_data row;
    const char *email; /* auth_user.email, the only address that exports are mailed to: "" when it
                          is empty, NULL when the user is gone */
    const char *organization_slug; /* NULL when the organization is gone */
    int64_t expiration_days;       /* the organization's own; 0: it has none */
    int64_t now;                   /* of the transaction */
};
bool exported_data_lock(struct pg *pg, int64_t id, struct arena *arena,
                        struct exported_data_locked *locked, struct error *error) MUST_CHECK;

/* The same in a batch: the statement, and what its reply says. */
bool exported_data_lock_add(struct pg_batch *batch, int64_t id, struct error *error) MUST_CHECK;
bool exported_data_lock_read(const struct pg_result *reply, struct arena *arena,
                             struct exported_data_locked *locked, struct error *error) MUST_CHECK;

/* When an export that is finished in this transaction expires: exactly `days` x 24 hours later,
   whatever the session's time zone, unless its organization has days of its own. */
int64_t exported_data_expiry(const struct exported_data_locked *locked, int64_t days);

/* The key of the original's get_or_create: equal requests are one export. query_info is compared as
   text. */
struct exported_data_key {
    int64_t organization_id, user_id;
    int64_t query_type;
    const char *query_info;
};

/* The unfinished row with this key, the lowest id of twins; one whose job is over does not count.
 *id is 0 when there is none. */
bool exported_data_find_unfinished(struct pg *pg, const struct exported_data_key *key, int64_t *id,
                                   struct error *error) MUST_CHECK;

/* Takes the advisory lock of the key until the end of the transaction, so that equal requests queue
   up instead of making twins. */
bool exported_data_lock_key(struct pg *pg, const struct exported_data_key *key,
                            struct error *error) MUST_CHECK;

/* A new row, unfinished, date_added now. */
bool exported_data_insert(struct pg *pg, const struct exported_data_key *key, int64_t *id,
                          struct error *error) MUST_CHECK;

/* An export's file, as it is to be made: blobs (which may repeat), and how much of the file each of
   them is. */
struct export_file {
    const char *name;
    const char *type;         /* "export.csv" */
    const char *content_type; /* "text/csv": printable ASCII without quotes */
    int64_t date_expired;
    int64_t size;
    const char *checksum;
    const int64_t *blob_ids, *blob_sizes;
    size_t blob_count;
};

/* Adds the statement that finishes a locked row: it makes its file (headers {"Content-Type":
   "text/csv"}) with its index rows, and sets file_id, date_finished (now, of the transaction) and
   date_expired. The transaction holds the blobs (file_blobs_hold_add). */
bool exported_data_finish_add(struct pg_batch *batch, int64_t id, const struct export_file *file,
                              struct error *error) MUST_CHECK;

/* Deletes a row, and its parts, which a Sentry since June 2020 has in sentry_exporteddatablob.
   ERROR_CONFLICT when another table refers to it, at once: not only at the COMMIT. */
bool exported_data_delete(struct pg *pg, int64_t id, struct error *error) MUST_CHECK;

/* The same, where the transaction goes on with the row in its place when a table that refers to it,
   or a right that is lacking, forbids the deletion: *refusal says what does (ERROR_NONE: deleted).
 */
bool exported_data_try_delete(struct pg *pg, int64_t id, struct error *refusal,
                              struct error *error) MUST_CHECK;

/* A page of ids, with room for `max`. */
struct exported_data_ids {
    int64_t *items;
    size_t max, count;
};

/* The ids above `after`, ascending, of rows that have expired and still have a file. */
bool exported_data_list_expired(struct pg *pg, int64_t after, struct exported_data_ids *ids,
                                struct error *error) MUST_CHECK;

#endif
