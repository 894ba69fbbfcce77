/* SPDX-License-Identifier: Apache-2.0 */
/*
 * putfile: stores a temporary file as blobs of 1 MiB. Equal blobs are stored once, however many
 * files hold them. When putfile returns, each blob has an object in the store and a committed row.
 * The rows of the file itself are written later, with the outcome (exported_data_finish_add).
 */
#ifndef STORAGE_PUTFILE_H
#define STORAGE_PUTFILE_H

#include "base/digest.h"
#include "client/pg.h"
#include "storage/blob_store.h"
#include "storage/upload_lock.h"

/* What an upload works with; each connection is used by the calling thread only. */
struct upload {
    struct pg *pg;
    const struct upload_locks *locks;
    struct blob_store *store;
    int64_t data_export_id; /* for the object journal */
    int64_t attempt;
    /* Called before each blob, and each second while its lock is waited for; outside of
       transactions. False ends the upload with that error, as when the worker stops or the job is
       lost. NULL: never ends. */
    bool (*go_on)(void *context, struct error *error);
    void *context;
};

/* A blob whose row an upload has made, or may have made. */
struct made_blob {
    char checksum[SHA1_HEX_SIZE];
    char path[BLOB_NEW_PATH_SIZE];
};

/* Starts from {.size = 0}. */
struct uploaded_file {
    int64_t size;
    char checksum[SHA1_HEX_SIZE]; /* of the whole file; that of an empty one is da39a3ee... */
    size_t blob_count;
    int64_t *blob_ids;      /* in the file's order; equal chunks have the same id */
    int64_t *blob_sizes;    /* in bytes */
    struct made_blob *made; /* by all calls of putfile so far, also by those that failed */
    size_t made_count;
};

/* Stores the whole of `fd` (read by pread from 0). All paths are made up, and named in the journal,
   before the first byte is written. Then each chunk is stored under its upload lock:
   - A blob that exists is reused if something refers to it or if it is younger than 23 h. Its
     timestamp is set to now. Its object is read, and written again if it is missing or has other
     bytes. If the row has no usable path, or a folder is in the object's place, the row gets the
     path of a new object.
   - Otherwise the object is written. Then one transaction inserts the row and takes the path out of
     the journal.
   Paths that were not needed also leave the journal. putfile makes its own transactions: call it
   outside of one. It may be called again, also after a failure: `file` keeps what was made before.
   Free `file` with uploaded_file_free in any case. ERROR_LOST: a cleanup has taken the attempt for
   dead. */
bool putfile(const struct upload *upload, int fd, struct uploaded_file *file,
             struct error *error) MUST_CHECK;
void uploaded_file_free(struct uploaded_file *file);

/* For an upload that leads to no file. Removes the blobs that it has made, rows and objects, each
   under its upload lock; then the objects that its journal still names. A blob stays if it was
   there before, or if a file or an owner holds it by now. If one cannot be removed, that is logged,
   its path stays in the journal for the next cleanup, and the others are removed. Never calls
   go_on. Call it outside of a transaction. It may be called again. Fails only if the database or
   the server of the locks is away. */
bool putfile_undo(const struct upload *upload, const struct uploaded_file *file,
                  struct error *error) MUST_CHECK;

#endif
