/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frees what is not needed any more: files of expired exports and what interrupted uploads left.
 * The store itself is never listed: only rows tell what may go.
 *
 * Whatever is to be removed is first named in exportd.object, so that after a crash at any point
 * the next run finishes the work. Order of a run: abandoned objects, unused blobs, expired exports;
 * then what one function could not remove is not tried again by the next.
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
    bool dry_run; /* count and tell, change nothing */
};

struct cleanup_result {
    int64_t files, blobs, objects, bytes; /* removed (or to be removed) */
    int64_t failed; /* rows that could not be dealt with: each logged, none stops the rest */
};

/* Removes the objects that exportd.object names and whose attempt is over, unless a blob row that
   is in use owns the path. An error is returned, here and below, only when nothing can go on: the
   database or the server of the locks is away. */
bool cleanup_abandoned_objects(const struct cleanup *cleanup, struct cleanup_result *result,
                               struct error *error) MUST_CHECK;

/* The same for the objects of one attempt, which leads to no file, at once. Their paths are those
   that the attempt has made up. */
bool cleanup_attempt(const struct cleanup *cleanup, const struct stored_object_owner *owner,
                     struct cleanup_result *result, struct error *error) MUST_CHECK;

/* Deletes blobs that are a day old and that no file holds: of uploads whose export never came to
   be. Only in a stand-alone database: with a Sentry, its own cleanup does it. */
bool cleanup_unused_blobs(const struct cleanup *cleanup, struct cleanup_result *result,
                          struct error *error) MUST_CHECK;

/* Deletes the file of every expired export, and at once, under the upload lock, its blobs that no
   other file holds, and their objects. The export's row stays and shows as EXPIRED. A missing
   object counts as failed; the rows go all the same. */
bool cleanup_expired_exports(const struct cleanup *cleanup, struct cleanup_result *result,
                             struct error *error) MUST_CHECK;

/* Deletes the file of a locked row with its index rows, in the caller's transaction. Its blobs,
   each once in *blobs (in `arena`), are named in exportd.object: cleanup_abandoned_objects removes
   those that no other file holds. */
bool cleanup_delete_file(struct pg *pg, const struct exported_data *row, struct arena *arena,
                         struct file_blobs *blobs, struct error *error) MUST_CHECK;

#endif
