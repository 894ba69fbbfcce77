/*
 * Frees what nobody needs any more: files of expired exports and the objects of interrupted
 * uploads. The store itself is never listed: only rows tell what may go (spec/original.md 2.6, 8).
 */
#ifndef STORAGE_CLEANUP_H
#define STORAGE_CLEANUP_H

#include "client/pg.h"
#include "client/redis.h"
#include "storage/blob_store.h"

struct cleanup {
    struct pg *pg;
    struct redis *locks;
    struct blob_store *store;
    bool dry_run; /* count and tell, change nothing */
};

struct cleanup_result {
    int64_t files, blobs, objects, bytes; /* removed (or to be removed) */
    int64_t failed; /* rows that could not be dealt with: each logged, none stops the rest */
};

/* Deletes the file of every expired export, and at once, under the upload lock, its blobs that no
   other file holds, and their objects. The export's row stays and shows as EXPIRED. An error is
   returned only when nothing can go on (the database is away). */
bool cleanup_expired_exports(const struct cleanup *cleanup, struct cleanup_result *result,
                             struct error *error) MUST_CHECK;

/* Removes the objects that exportd.object names, whose attempt is over and whose path no blob row
   holds. */
bool cleanup_abandoned_objects(const struct cleanup *cleanup, struct cleanup_result *result,
                               struct error *error) MUST_CHECK;

#endif
