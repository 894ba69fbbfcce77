#include "storage/upload.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "model/file.h"
#include "model/stored_object.h"

enum { LOCK_SLICE_MS = 1000, ARENA_MAX = 1024 * 1024 };

/* ---- the lock ---- */

bool upload_take_lock(const struct upload *upload, const char *checksum, struct upload_lock *lock,
                      struct error *error)
{
    int64_t deadline = clock_monotonic_ms() + UPLOAD_LOCK_PATIENCE_MS;
    upload_lock_settle(upload->locks, lock);
    do {
        if (upload->go_on != NULL && !upload->go_on(upload->context, error))
            return false;
        if (upload_lock_take(upload->locks, checksum, LOCK_SLICE_MS, lock, error))
            return true;
    } while (error->code == ERROR_TIMEOUT && clock_monotonic_ms() < deadline);
    return false;
}

/* ---- a new last blob ---- */

static bool has_new_blob(const struct uploaded_file *file)
{
    return file->new_path[0] != '\0';
}

bool uploaded_file_lock(const struct upload *upload, struct uploaded_file *file,
                        struct error *error)
{
    return !has_new_blob(file) || file->lock.held ||
           upload_take_lock(upload, file->new_checksum, &file->lock, error);
}

/* Whether the path has passed to the blob's row. */
static bool is_owned(const struct upload *upload, const struct uploaded_file *file, bool *owned,
                     struct error *error)
{
    struct file_blob blob;
    struct arena *arena = arena_new(ARENA_MAX);
    bool found = false;
    bool done = arena != NULL
                    ? file_blob_find(upload->pg, file->new_checksum, arena, &blob, &found, error)
                    : error_no_memory(error);
    *owned = done && found && text_equal(blob.path, file->new_path);
    arena_free(arena);
    return done;
}

/* Names the object in the journal, if it is not: for a cleanup. */
static bool leave_to_cleanup(const struct upload *upload, const struct uploaded_file *file,
                             struct error *error)
{
    const char *path = file->new_path;
    const char *checksum = file->new_checksum;
    return stored_object_insert(upload->pg, &path, &checksum, 1, upload->data_export_id,
                                upload->attempt, error);
}

/* The mark and the journal's row first: an outcome that is still on its way to its COMMIT has the
   row in its hands, and so has a cleanup that takes the attempt for dead; one that comes later gets
   nothing. When nobody has it any more, it is known whose the object is. That the journal has the
   path does not say that no row has it: a cleanup names what it is about to remove. */
static bool try_abandon(const struct upload *upload, const struct uploaded_file *file,
                        struct error *error)
{
    bool marked = false;
    bool journalled = false;
    bool owned = false;
    if (!stored_object_mark(upload->pg, file->new_path, &marked, error) ||
        !pg_begin(upload->pg, error) ||
        !stored_object_delete(upload->pg, file->new_path, &journalled, error) ||
        !is_owned(upload, file, &owned, error))
        return false;
    if (owned) {
        pg_rollback(upload->pg);
        return true;
    }
    if (!blob_store_remove(upload->store, file->new_path, error) &&
        error->code != ERROR_NOT_FOUND) {
        log_error(LOG_WARNING, "putfile.remove", error);
        pg_rollback(upload->pg);
        return leave_to_cleanup(upload, file, error);
    }
    return pg_commit(upload->pg, error);
}

bool uploaded_file_abandon(const struct upload *upload, struct uploaded_file *file,
                           struct error *error)
{
    if (!has_new_blob(file))
        return true;
    bool done = try_abandon(upload, file, error);
    if (!done)
        pg_rollback(upload->pg);
    file->new_path[0] = '\0';
    return done;
}

void uploaded_file_free(struct redis *locks, struct uploaded_file *file)
{
    upload_lock_release_later(locks, &file->lock);
    upload_lock_settle(locks, &file->lock);
    free(file->blob_ids);
    free(file->blob_sizes);
    *file = (struct uploaded_file){.size = 0};
}
