/* SPDX-License-Identifier: Apache-2.0 */
/*
 * File, FileBlob, FileBlobIndex: a file is a list of blobs of at most 1 MiB,
 * each stored once under a path of its own and shared by all files that hold the same bytes.
 */
#ifndef MODEL_FILE_H
#define MODEL_FILE_H

#include "base/arena.h"
#include "base/digest.h"
#include "client/pg.h"

struct file_blob {
    int64_t id;       /* 0: there is none */
    const char *path; /* relative to the file store's root; "" when the row has none */
    int64_t size;     /* -1 when the row has none */
    char checksum[SHA1_HEX_SIZE];
    int64_t age_seconds; /* since its timestamp */
    bool referenced;     /* some file holds it */
};

struct file_blobs {
    struct file_blob *items;
    size_t count;
};

/* What the row of an object that was just written says of it. */
struct written_blob {
    const char *path;
    int64_t size;
    const char *checksum;
};

struct inserted_blob {
    int64_t id;      /* 0: another blob has the checksum, or the path is not in the journal */
    bool journalled; /* exportd.object has (or had, if there is an id) the path */
};

struct stored_file {
    int64_t id;
    const char *name;
    int64_t size; /* -1 and "" in a row that is not complete */
    char checksum[SHA1_HEX_SIZE];
};

/* The blob with this checksum; id 0 when there is none. */
bool file_blob_find(struct pg *pg, const char *checksum, struct arena *arena,
                    struct file_blob *blob, struct error *error) MUST_CHECK;

/* The newest blobs that have a path, at most `max`; in `arena`. */
bool file_blobs_newest(struct pg *pg, int64_t max, struct arena *arena, struct file_blobs *blobs,
                       struct error *error) MUST_CHECK;

/* Sets the timestamp of the blob with this id to now, so that a cleanup of unused blobs passes it
   by, and its size to the one given. *alive is false, and nothing changed, when the row has gone
   meanwhile, or when it is `old_seconds` old and no file or owner holds it any more: such a cleanup
   may have seen it already. */
bool file_blob_touch(struct pg *pg, const struct file_blob *blob, int64_t old_seconds, bool *alive,
                     struct error *error) MUST_CHECK;

/* Gives the blob the path and the size of an object that was just written, and the timestamp now.
 *changed is false when the row has gone, or has another path by now. */
bool file_blob_change_path(struct pg *pg, const struct file_blob *blob,
                           const struct written_blob *written, bool *changed,
                           struct error *error) MUST_CHECK;

/* The row of a new object, whose path passes from exportd.object to it: both or neither. Unsynced
   (PG_UNSYNCED): if PostgreSQL forgets it in a crash of its own, the journal has the path still,
   and no file refers to the row, because the COMMIT of a file waits for all that was committed
   before. */
bool file_blob_insert(struct pg *pg, const struct written_blob *written,
                      struct inserted_blob *inserted, struct error *error) MUST_CHECK;

/* Adds a statement that locks these blobs FOR KEY SHARE, so that they cannot be deleted before the
   transaction ends. Its reply is one number: how many of them are gone already. */
bool file_blobs_hold_add(struct pg_batch *batch, const int64_t *ids, size_t count,
                         struct error *error) MUST_CHECK;

/* ERROR_NOT_FOUND. */
bool file_load(struct pg *pg, int64_t id, struct arena *arena, struct stored_file *file,
               struct error *error) MUST_CHECK;

/* The file's blobs in order; in `arena`. */
bool file_blobs_load(struct pg *pg, int64_t file_id, struct arena *arena, struct file_blobs *blobs,
                     struct error *error) MUST_CHECK;

/* Deletes the file as Django's collector does: its index rows, file_id of every sentry_exporteddata
   row that points to it set to NULL, the row. Blobs stay. No error when it is gone. */
bool file_delete(struct pg *pg, int64_t id, struct error *error) MUST_CHECK;

/* Deletes the blob's row if no file and no owner refers to it. Takes the row's lock first: an
   upload that has just locked it FOR KEY SHARE keeps it. In the caller's transaction, whose
   isolation is READ COMMITTED. *deleted tells. */
bool file_blob_delete_unused(struct pg *pg, int64_t id, bool *deleted,
                             struct error *error) MUST_CHECK;

#endif
