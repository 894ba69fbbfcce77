/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removes the files of expired exports, and what interrupted uploads have left. The store itself is
 * never listed: only rows say what may go.
 *
 * The path of an object is named in exportd.object (the journal) before the object is removed. So
 * after a crash at any point, the next cleanup finishes the work. Call the functions in the order
 * of abandoned objects, unused blobs, expired exports: then no function tries again what the one
 * before it could not remove.
 */
#ifndef STORAGE_CLEANUP_H
#define STORAGE_CLEANUP_H

#include "client/pg.h"
#include "model/exported_data.h"
#include "model/file.h"
#include "model/stored_object.h"
#include "storage/blob_store.h"
#include "storage/upload_lock.h"

struct cleanup {
    struct pg *pg;
    const struct upload_locks *locks; /* a dry run takes none */
    struct blob_store *store;
    bool dry_run; /* only count, change nothing */
};

struct cleanup_result {
    int64_t files, blobs, objects, bytes; /* removed; in a dry run: to be removed */
    int64_t failed; /* rows that failed: each is logged, none stops the rest */
};

/* Removes the objects that exportd.object names and whose attempt is over, unless a blob row that
   is in use owns the path. Here and below, an error means that the cleanup cannot go on: the
   database or the server of the locks is away. */
bool cleanup_abandoned_objects(const struct cleanup *cleanup, struct cleanup_result *result,
                               struct error *error) MUST_CHECK;

/* The same for the objects of one attempt that leads to no file. It need not be over. All its paths
   must be those that the attempt has made up. */
bool cleanup_attempt(const struct cleanup *cleanup, const struct stored_object_owner *owner,
                     struct cleanup_result *result, struct error *error) MUST_CHECK;

/* Deletes blobs that are a day old and that no file holds. They come from uploads whose export was
   never finished. Only in a stand-alone database: beside a Sentry, Sentry's cleanup does this. */
bool cleanup_unused_blobs(const struct cleanup *cleanup, struct cleanup_result *result,
                          struct error *error) MUST_CHECK;

/* Deletes the file of every expired export. Then deletes, under the upload lock, the file's blobs
   that no other file holds, and their objects. The export's row stays and shows as EXPIRED. A
   missing object counts as failed, but the rows are deleted. */
bool cleanup_expired_exports(const struct cleanup *cleanup, struct cleanup_result *result,
                             struct error *error) MUST_CHECK;

/* Deletes the file of a locked row, and the file's index rows, in the caller's transaction. *blobs
   gets each blob of the file once (in `arena`). Their paths are named in exportd.object:
   cleanup_abandoned_objects removes the blobs that no other file holds. */
bool cleanup_delete_file(struct pg *pg, const struct exported_data *row, struct arena *arena,
                         struct file_blobs *blobs, struct error *error) MUST_CHECK;

#endif
