/*
 * putfile: stores a temporary file as blobs of 1 MiB (spec/original.md 2.2), each once however many
 * files hold it. The blobs are objects and rows afterwards, but for the row of the last one if that
 * is new: this row and the file's own are made by the outcome's transaction (exported_data_finish),
 * so that a file of one blob costs no commit of its own.
 */
#ifndef STORAGE_PUTFILE_H
#define STORAGE_PUTFILE_H

#include "base/digest.h"
#include "client/pg.h"
#include "client/redis.h"
#include "storage/spare_objects.h"
#include "storage/upload_lock.h"

/* What an upload works with; each connection is used by the calling thread only. */
struct upload {
    struct pg *pg;
    struct redis *locks;
    struct blob_store *store;
    struct spare_objects *spare; /* for files of one blob; NULL: none */
    int64_t data_export_id;      /* for the object journal */
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
    bool new_is_guess;       /* it was not looked for a blob with the same bytes */
    struct upload_lock lock; /* of the last blob: held if it is new, or on its way to be released */
};

/* Stores the whole of `fd` (read by pread from 0). All paths are made up and journalled before the
   first byte is written. Per chunk, under its upload lock: an existing blob is reused if its object
   is there with the right size and it is referenced or younger than 23 h, and its timestamp set to
   now; else the object is written, the row inserted and committed, and the path leaves the journal
   in the same transaction. A row without a path, or with one that is unsafe, gets the new object's.
   What it did not need of the journal leaves it too. Of a new last chunk, only the object is
   written: its path stays in the journal, and its lock is held, for the outcome to make the row.
   When there is a spare object, a file of one chunk is taken for new without looking, unless the
   last one was not: the outcome notices, and with it the next putfile. Commits on its own: call it
   outside of a transaction. Safe to call again after a failure. ERROR_LOST: a cleanup took the
   attempt for dead. */
bool putfile(const struct upload *upload, int fd, struct uploaded_file *file,
             struct error *error) MUST_CHECK;

/* Takes the lock of a new last blob again, for the next try of an outcome. Does nothing when it is
   held, or when there is no such blob. */
bool uploaded_file_lock(const struct upload *upload, struct uploaded_file *file,
                        struct error *error) MUST_CHECK;

/* For a file that no outcome has taken, as far as is known: removes the object of the new last blob
   and forgets its path, unless an outcome whose COMMIT had no answer owns them. After that, and
   when the last blob is not new, there is nothing to do. What fails is left to a cleanup. If it is
   a cleanup that had the path, the spare objects are given back, too. */
bool uploaded_file_abandon(const struct upload *upload, struct uploaded_file *file,
                           struct error *error) MUST_CHECK;

/* Releases the lock, if it is held, and frees the rest. */
void uploaded_file_free(struct redis *locks, struct uploaded_file *file);

/* Reads a stored file to `fd` blob by blob and checks size and SHA-1 of each blob before its bytes
   are written, and of the whole at the end. ERROR_NOT_FOUND: no such file row, or a missing object;
   ERROR_INVALID: the bytes are not those that were stored. */
bool getfile(struct pg *pg, struct blob_store *store, int64_t file_id, int fd,
             struct error *error) MUST_CHECK;

#endif
