/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sentry's File, FileBlob and FileBlobIndex. A file is a list of blobs of at most 1 MiB. A blob is
 * stored once, under a path of its own, and shared by all files that contain its bytes.
 */
#ifndef MODEL_FILE_H
#define MODEL_FILE_H

#include "base/arena.h"
#include "base/digest.h"
#include "client/pg.h"

struct file_blob {
    int64_t id;       /* 0: there is none */
    const char *path; /* relative to the store's root; "": the row has none */
    int64_t size;     /* -1: the row has none */
    char checksum[SHA1_HEX_SIZE];
    int64_t age_seconds; /* since its timestamp */
    bool referenced;     /* a file refers to it */
};

struct file_blobs {
    struct file_blob *items;
    size_t count;
};

/* An object that was just written, as its row describes it. */
struct written_blob {
    const char *path;
    int64_t size;
    const char *checksum;
};

struct inserted_blob {
    int64_t id;      /* 0: another blob has the checksum, or the path is not in the journal */
    bool journalled; /* exportd.object had the path before this statement */
};

struct stored_file {
    int64_t id;
    const char *name;
    int64_t size;                 /* -1: the row is not complete */
    char checksum[SHA1_HEX_SIZE]; /* "": likewise */
};

/* Finds the blob with this checksum; its id is 0 if there is none. */
bool file_blob_find(struct pg *pg, const char *checksum, struct arena *arena,
                    struct file_blob *blob, struct error *error) MUST_CHECK;

/* Reads the newest blobs that have a path, at most `max`; in `arena`. */
bool file_blobs_newest(struct pg *pg, int64_t max, struct arena *arena, struct file_blobs *blobs,
                       struct error *error) MUST_CHECK;

/* Sets the timestamp of the blob with this id to now, so that a cleanup of unused blobs leaves it
   alone, and its size to blob->size. *alive is false, and nothing has changed, if the row is gone,
   or if it is `old_seconds` old and no file or owner refers to it: a cleanup may be about to delete
   it. */
bool file_blob_touch(struct pg *pg, const struct file_blob *blob, int64_t old_seconds, bool *alive,
                     struct error *error) MUST_CHECK;

/* Gives the blob the path and the size of an object that was just written, and the timestamp now.
 *changed is false if the row is gone, or if its path is no longer blob->path. */
bool file_blob_change_path(struct pg *pg, const struct file_blob *blob,
                           const struct written_blob *written, bool *changed,
                           struct error *error) MUST_CHECK;

/* Inserts the row of a new object and removes the object's path from exportd.object, both or
   neither. Unsynced (PG_UNSYNCED): if PostgreSQL crashes and forgets this, the journal still has
   the path. No file refers to the row then, because the COMMIT of a file also makes all earlier
   commits durable. */
bool file_blob_insert(struct pg *pg, const struct written_blob *written,
                      struct inserted_blob *inserted, struct error *error) MUST_CHECK;

/* Adds a statement that locks these blobs FOR KEY SHARE, so that they cannot be deleted before the
   transaction ends. Its reply is one number: how many of them do not exist any more. */
bool file_blobs_hold_add(struct pg_batch *batch, const int64_t *ids, size_t count,
                         struct error *error) MUST_CHECK;

/* Reads a file's row; its name is in `arena`. ERROR_NOT_FOUND: there is no such row. */
bool file_load(struct pg *pg, int64_t id, struct arena *arena, struct stored_file *file,
               struct error *error) MUST_CHECK;

/* Reads the file's blobs in their order; in `arena`. */
bool file_blobs_load(struct pg *pg, int64_t file_id, struct arena *arena, struct file_blobs *blobs,
                     struct error *error) MUST_CHECK;

/* Deletes the file as Django's collector does: sets file_id to NULL in every sentry_exporteddata
   row that points to it, then deletes its index rows and its row. Blobs stay. No error if it is
   gone. */
bool file_delete(struct pg *pg, int64_t id, struct error *error) MUST_CHECK;

/* Deletes the blob's row if no file and no owner refers to it; *deleted tells whether. Waits for
   the row's lock first: if an upload holds it FOR KEY SHARE and refers to the blob, the row stays.
   In the caller's transaction, whose isolation must be READ COMMITTED. */
bool file_blob_delete_unused(struct pg *pg, int64_t id, bool *deleted,
                             struct error *error) MUST_CHECK;

#endif
