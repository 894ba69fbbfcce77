/*
 * An upload, and what becomes of it: the connections it works with, and the file that it has made.
 */
#ifndef STORAGE_UPLOAD_H
#define STORAGE_UPLOAD_H

#include "base/digest.h"
#include "client/pg.h"
#include "client/redis.h"
#include "storage/blob_store.h"
#include "storage/upload_lock.h"

/* What an upload works with; each connection is used by the calling thread only. */
struct upload {
    struct pg *pg;
    struct redis *locks;
    struct blob_store *store;
    int64_t data_export_id; /* for the object journal */
    int64_t attempt;
    /* Asked before each blob and each second of waiting for its lock, outside of transactions;
       NULL: never. False ends the upload with its error: told to stop, or no longer ours. */
    bool (*go_on)(void *context, struct error *error);
    void *context;
};

struct uploaded_file {
    int64_t size;
    char checksum[SHA1_HEX_SIZE]; /* of the whole; of an empty file da39a3ee... */
    size_t blob_count;
    int64_t *blob_ids; /* in order; a file of equal chunks repeats an id; 0: the new last one */
    int64_t *blob_sizes;
    char new_path[BLOB_NEW_PATH_SIZE]; /* of the last blob, if it has no row yet; "": it has */
    char new_checksum[SHA1_HEX_SIZE];
    struct upload_lock lock; /* of the last blob: held if it is new, or on its way to be released */
};

/* Takes the upload lock of a blob; settles what was done with *lock before. Asks go_on at least
   once, and again each second while another process has the lock. */
bool upload_take_lock(const struct upload *upload, const char *checksum, struct upload_lock *lock,
                      struct error *error) MUST_CHECK;

/* Takes the lock of a new last blob again, for the next try of an outcome. Does nothing when it is
   held, or when there is no such blob. */
bool uploaded_file_lock(const struct upload *upload, struct uploaded_file *file,
                        struct error *error) MUST_CHECK;

/* For a file that no outcome has taken, as far as is known: removes the object of the new last blob
   and forgets its path, unless a committed row owns them: an outcome's whose COMMIT had no answer.
   After that, and when the last blob is not new, there is nothing to do. What cannot be removed is
   left to a cleanup. Errors are those of the database. */
bool uploaded_file_abandon(const struct upload *upload, struct uploaded_file *file,
                           struct error *error) MUST_CHECK;

/* Releases the lock, if it is held, and frees the rest. */
void uploaded_file_free(struct redis *locks, struct uploaded_file *file);

#endif
