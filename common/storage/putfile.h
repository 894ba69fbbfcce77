/* SPDX-License-Identifier: Apache-2.0 */
/*
 * putfile: stores a temporary file as blobs of 1 MiB, each once however many files hold it. When it
 * returns, every blob is an object in the store and a committed row; the rows of the file itself
 * are the outcome's (exported_data_finish_add).
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
    /* Asked before each blob and each second of waiting for its lock, outside of transactions;
       NULL: never. False ends the upload with its error: told to stop, or no longer ours. */
    bool (*go_on)(void *context, struct error *error);
    void *context;
};

/* A blob of which an attempt at an upload has made the row, or may have. */
struct made_blob {
    char checksum[SHA1_HEX_SIZE];
    char path[BLOB_NEW_PATH_SIZE];
};

/* Starts from {.size = 0}. */
struct uploaded_file {
    int64_t size;
    char checksum[SHA1_HEX_SIZE]; /* of the whole; of an empty file da39a3ee... */
    size_t blob_count;
    int64_t *blob_ids; /* in order; a file of equal chunks repeats an id */
    int64_t *blob_sizes;
    struct made_blob *made; /* by all calls of putfile so far, also by those that failed */
    size_t made_count;
};

/* Stores the whole of `fd` (read by pread from 0). All paths are made up and journalled before the
   first byte is written. Per chunk, under its upload lock: an existing blob is reused if it is
   referenced or younger than 23 h, and its timestamp set to now; its object is read, and written
   again if it is not there or has other bytes. Else the object is written, the row inserted and
   committed, and the path leaves the journal in the same transaction. A row without a path, or with
   one that is unsafe or has a folder in its place, gets the new object's. Paths that were not
   needed leave the journal, too. Commits on its own: call it outside of a transaction. Safe to call
   again, also after a failure: `file` keeps what was made before. It is the caller's to free in any
   case. ERROR_LOST: a cleanup took the attempt for dead. */
bool putfile(const struct upload *upload, int fd, struct uploaded_file *file,
             struct error *error) MUST_CHECK;
void uploaded_file_free(struct uploaded_file *file);

/* For an upload that leads to no file. Removes what it has made and no file holds: its blobs, each
   under its upload lock, row and object; then the objects that its journal still names. A blob that
   was there before, or that a file or an owner holds by now, stays. One that cannot be removed is
   logged and stays in the journal for the next cleanup, and the others are removed all the same.
   Never asks go_on. Outside of a transaction. Safe to call again. Fails only when nothing can go
   on: the database or Redis is away. */
bool putfile_undo(const struct upload *upload, const struct uploaded_file *file,
                  struct error *error) MUST_CHECK;

#endif
