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
    const char *query_info; /* JSON text as stored, cut to 1,100,000 characters: a longer one is
                               not a query (export/payload.h) */
    int64_t organization_id;
    int64_t user_id; /* 0: the user is gone */
    int64_t file_id; /* 0: none */
};

/* The columns that a statement selects from sentry_exporteddata AS row. exported_data_copy reads
   them from row 0 of its result, from column `first` on; the text is in `arena`. */
#define EXPORTED_DATA_COLUMNS                                                                      \
    "row.id, " PG_USEC("row.date_added") ", " PG_USEC("row.date_finished") ", " PG_USEC(           \
        "row.date_expired") ", row.query_type, left(row.query_info, 1100000), "                    \
                            "row.organization_id, row.user_id,"                                    \
                            " row.file_id"
bool exported_data_copy(const struct pg_result *result, int first, struct arena *arena,
                        struct exported_data *row, struct error *error) MUST_CHECK;

/* Reads a row; its text is in `arena`. ERROR_NOT_FOUND: there is no such row. */
bool exported_data_load(struct pg *pg, int64_t id, struct arena *arena, struct exported_data *row,
                        struct error *error) MUST_CHECK;

/* The same in a batch: adds the statement; reads its reply. */
bool exported_data_load_add(struct pg_batch *batch, int64_t id, struct error *error) MUST_CHECK;
bool exported_data_load_read(const struct pg_result *reply, struct arena *arena,
                             struct exported_data *row, struct error *error) MUST_CHECK;

/* Reads a row and locks it (FOR UPDATE) within a transaction; also reads what its mail needs. */
struct exported_data_locked {
    struct exported_data row;
    const char *email; /* auth_user.email, the only address that gets mails. "": it is empty; NULL:
                          the user is gone */
    const char *organization_slug; /* NULL: the organization is gone */
    int64_t expiration_days;       /* the organization's own; 0: it has none */
    int64_t now;                   /* of the transaction */
};
bool exported_data_lock(struct pg *pg, int64_t id, struct arena *arena,
                        struct exported_data_locked *locked, struct error *error) MUST_CHECK;

/* The same in a batch: adds the statement; reads its reply. */
bool exported_data_lock_add(struct pg_batch *batch, int64_t id, struct error *error) MUST_CHECK;
bool exported_data_lock_read(const struct pg_result *reply, struct arena *arena,
                             struct exported_data_locked *locked, struct error *error) MUST_CHECK;

/* When an export that finishes in this transaction expires: exactly `days` x 24 hours later, in any
   time zone. The organization's own days replace `days`. */
int64_t exported_data_expiry(const struct exported_data_locked *locked, int64_t days);

/* The key of a request: requests with the same key share one export, as in Sentry's get_or_create.
   query_info is compared as text. */
struct exported_data_key {
    int64_t organization_id, user_id;
    int64_t query_type;
    const char *query_info;
};

/* Finds the unfinished row with this key, the lowest id if there are several; leaves out a row
   whose job has ended. *id is 0 if there is none. */
bool exported_data_find_unfinished(struct pg *pg, const struct exported_data_key *key, int64_t *id,
                                   struct error *error) MUST_CHECK;

/* Takes the advisory lock of the key until the end of the transaction. So requests with the same
   key wait for each other and do not insert two rows. */
bool exported_data_lock_key(struct pg *pg, const struct exported_data_key *key,
                            struct error *error) MUST_CHECK;

/* Inserts an unfinished row; date_added is now. */
bool exported_data_insert(struct pg *pg, const struct exported_data_key *key, int64_t *id,
                          struct error *error) MUST_CHECK;

/* The file that an export gets. Its blobs may repeat; blob_sizes[i] is the size of blob i. */
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

/* Adds the statement that finishes a locked row: it inserts the file (headers {"Content-Type":
   content_type}) with its index rows, and sets file_id, date_finished (now, of the transaction) and
   date_expired. The transaction must hold the blobs before (file_blobs_hold_add). */
bool exported_data_finish_add(struct pg_batch *batch, int64_t id, const struct export_file *file,
                              struct error *error) MUST_CHECK;

/* Deletes a row, and its rows in sentry_exporteddatablob, which Sentry has since June 2020.
   ERROR_CONFLICT if another table refers to the row; this fails at once, not at the COMMIT. */
bool exported_data_delete(struct pg *pg, int64_t id, struct error *error) MUST_CHECK;

/* Does the same, but keeps the row, and the transaction usable, if another table refers to the row
   or a right is missing: *refusal is the reason then, else ERROR_NONE. */
bool exported_data_try_delete(struct pg *pg, int64_t id, struct error *refusal,
                              struct error *error) MUST_CHECK;

/* A page of ids, with room for `max`. */
struct exported_data_ids {
    int64_t *items;
    size_t max, count;
};

/* Lists the ids above `after`, ascending, of rows that have expired and still have a file. */
bool exported_data_list_expired(struct pg *pg, int64_t after, struct exported_data_ids *ids,
                                struct error *error) MUST_CHECK;

#endif
