/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/putfile.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/text.h"
#include "model/file.h"
#include "model/stored_object.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

/* Sentry's cleanup takes blobs that are a day old and that nobody refers to: an hour is ours. */
enum {
    REUSE_SECONDS = 23 * 3600,
    ROUNDS_MAX = 10,
    ARENA_MAX = 1024 * 1024,
    LOCK_SLICE_MS = 1000,
};

struct chunk {
    int64_t size;
    size_t first; /* the first chunk of the same bytes: only that one is stored */
    int64_t blob_id;
    bool written; /* an object may be at `path` */
    bool made;    /* and a new blob row of this upload may own it */
    bool owned;   /* and a committed blob row owns it */
    char checksum[SHA1_HEX_SIZE];
    char path[BLOB_NEW_PATH_SIZE]; /* for a new object, if one is needed */
};

struct putting {
    const struct upload *upload;
    int fd;
    char *bytes; /* BLOB_SIZE: the chunk in hand */
    struct arena *arena;
    struct chunk *chunks;
    size_t count;
};

/* ---- first pass: what there is to store ---- */

static bool read_chunk(const struct putting *putting, size_t index, struct error *error)
{
    size_t size = (size_t)putting->chunks[index].size;
    size_t done = 0;
    while (done < size) {
        ssize_t got = pread(putting->fd, putting->bytes + done, size - done,
                            (off_t)(index * BLOB_SIZE + done));
        if (got < 0 && errno != EINTR)
            return error_set_errno(error, errno, "cannot read the temporary file");
        if (got == 0)
            return error_set(error, ERROR_INTERNAL, "the temporary file has become shorter");
        if (got > 0)
            done += (size_t)got;
    }
    return true;
}

/* At most 2048 chunks are compared with each other: no need for more than a loop. */
static size_t first_of_its_kind(const struct chunk *chunks, size_t index)
{
    size_t first = 0;
    while (first < index && !text_equal(chunks[first].checksum, chunks[index].checksum))
        first++;
    return first;
}

static bool allocate(struct putting *putting, struct uploaded_file *file, struct error *error)
{
    struct stat status;
    if (fstat(putting->fd, &status) != 0)
        return error_set_errno(error, errno, "cannot look at the temporary file");
    file->size = status.st_size;
    putting->count = ((size_t)file->size + BLOB_SIZE - 1) / BLOB_SIZE;
    putting->chunks = memory_zeroed(putting->count + 1, sizeof(*putting->chunks));
    putting->bytes = memory_alloc(BLOB_SIZE);
    putting->arena = arena_new(ARENA_MAX);
    file->blob_ids = memory_zeroed(putting->count + 1, sizeof(*file->blob_ids));
    file->blob_sizes = memory_zeroed(putting->count + 1, sizeof(*file->blob_sizes));
    struct made_blob *made =
        memory_resize_array(file->made, file->made_count + putting->count + 1, sizeof(*file->made));
    if (made != NULL)
        file->made = made;
    if (putting->chunks == NULL || putting->bytes == NULL || putting->arena == NULL ||
        file->blob_ids == NULL || file->blob_sizes == NULL || made == NULL)
        return error_no_memory(error);
    return true;
}

static bool digest_chunks(struct putting *putting, struct uploaded_file *file, struct error *error)
{
    struct sha1 *whole = sha1_new();
    int64_t left = file->size;
    bool good = whole != NULL || error_no_memory(error);
    for (size_t i = 0; good && i < putting->count; i++) {
        struct chunk *chunk = &putting->chunks[i];
        chunk->size = left < (int64_t)BLOB_SIZE ? left : (int64_t)BLOB_SIZE;
        left -= chunk->size;
        good = read_chunk(putting, i, error);
        if (!good)
            break;
        sha1_update(whole, putting->bytes, (size_t)chunk->size);
        sha1_hex(putting->bytes, (size_t)chunk->size, chunk->checksum);
        blob_store_new_path(putting->upload->store, chunk->path);
        chunk->first = first_of_its_kind(putting->chunks, i);
    }
    if (good)
        sha1_finish(whole, file->checksum);
    sha1_free(whole);
    return good;
}

static struct stored_object object_of(const struct upload *upload, const char *path,
                                      const char checksum[SHA1_HEX_SIZE])
{
    struct stored_object object = {
        .path = path, .data_export_id = upload->data_export_id, .attempt = upload->attempt};
    memcpy(object.checksum, checksum, sizeof(object.checksum));
    return object;
}

/* Names every object that may come to be, before there is any. */
static bool journal_paths(const struct putting *putting, struct error *error)
{
    const struct upload *upload = putting->upload;
    struct stored_object *objects = memory_zeroed(putting->count + 1, sizeof(*objects));
    size_t count = 0;
    bool good = objects != NULL || error_no_memory(error);
    for (size_t i = 0; good && i < putting->count; i++) {
        const struct chunk *chunk = &putting->chunks[i];
        if (chunk->first == i)
            objects[count++] = object_of(upload, chunk->path, chunk->checksum);
    }
    if (good && count > 0)
        good = stored_object_insert(upload->pg, objects, count, error);
    free(objects);
    return good;
}

/* ---- second pass: one chunk, with its upload lock ---- */

static bool write_object(const struct putting *putting, size_t index, const char *path,
                         unsigned flags, struct error *error)
{
    struct blob_put put = {.path = path,
                           .bytes = putting->bytes,
                           .size = (size_t)putting->chunks[index].size,
                           .flags = flags};
    return FAULT("object_write", error) && read_chunk(putting, index, error) &&
           blob_store_put(putting->upload->store, &put, error);
}

/* The path passes from the journal to a row that has had none. The id is 0 when the row has got one
   meanwhile. */
static bool hand_over_to(const struct upload *upload, const struct written_blob *written,
                         const struct file_blob *pathless, struct inserted_blob *row,
                         struct error *error)
{
    bool changed = false;
    if (!pg_begin(upload->pg, error))
        return false;
    if (!file_blob_change_path(upload->pg, pathless, written, &changed, error) ||
        !stored_object_delete(upload->pg, written->path, &row->journalled, error))
        goto failed;
    row->id = changed ? pathless->id : 0;
    if (row->id == 0 || !row->journalled) {
        pg_rollback(upload->pg);
        return true;
    }
    if (pg_commit(upload->pg, error))
        return true;
failed:
    pg_rollback(upload->pg);
    return false;
}

/* The path passes from the journal to the blob's row: a new one, or (not NULL) that of a blob whose
   own path is of no use. The id is 0 when another process has made or changed the row meanwhile.
   Not journalled: a cleanup has taken the path out of the journal and the object away with it. */
static bool hand_over_path(const struct upload *upload, const struct chunk *chunk,
                           const struct file_blob *pathless, struct inserted_blob *row,
                           struct error *error)
{
    const struct written_blob written = {
        .path = chunk->path, .size = chunk->size, .checksum = chunk->checksum};
    return pathless == NULL ? file_blob_insert(upload->pg, &written, row, error)
                            : hand_over_to(upload, &written, pathless, row, error);
}

static bool store_new(const struct putting *putting, size_t index, const struct file_blob *pathless,
                      struct error *error)
{
    const struct upload *upload = putting->upload;
    struct chunk *chunk = &putting->chunks[index];
    struct inserted_blob row = {.id = 0};
    struct error ignored;
    chunk->written = true;
    chunk->made = pathless == NULL;
    if (!write_object(putting, index, chunk->path, BLOB_PUT_NEW, error) ||
        !FAULT("blob_row", error))
        return false;
    if (!hand_over_path(upload, chunk, pathless, &row, error))
        return false;
    if (!row.journalled) { /* no journal names it any more: no cleanup would ever remove it */
        (void)!blob_store_remove(upload->store, chunk->path, &ignored);
        return error_set(error, ERROR_LOST, "a cleanup has taken this attempt for dead");
    }
    chunk->blob_id = row.id;
    chunk->owned = row.id != 0;
    return true;
}

/* Whether the object has the chunk's bytes; why not is in *error. A disk that rots, a restored
   backup or a stray hand may have changed them at an equal size: a file of such a blob could not be
   downloaded. False when it cannot be told. */
static bool compare_object(const struct putting *putting, const struct chunk *chunk,
                           const char *path, bool *same, struct error *error)
{
    char checksum[SHA1_HEX_SIZE];
    struct buffer bytes;
    buffer_init(&bytes, BLOB_SIZE);
    bool got = blob_store_get(putting->upload->store, path, &bytes, error);
    *same = got && (int64_t)bytes.size == chunk->size;
    if (*same) {
        sha1_hex(bytes.data, bytes.size, checksum);
        *same = text_equal(checksum, chunk->checksum);
    }
    buffer_free(&bytes);
    if (got && !*same)
        (void)error_set(error, ERROR_INVALID, "its bytes are not those that were stored");
    return got || error->code == ERROR_NOT_FOUND || error->code == ERROR_INVALID ||
           error->code == ERROR_TOO_LARGE;
}

/* Writes the object of a blob's row again, at the row's own path. The journal names it meanwhile:
   if the row goes, the object must not stay for ever. ERROR_INVALID: there is no writing there. */
static bool heal_object(const struct putting *putting, size_t index, const struct file_blob *blob,
                        struct error *error)
{
    const struct upload *upload = putting->upload;
    const struct stored_object object = object_of(upload, blob->path, blob->checksum);
    struct error ignored;
    bool deleted = false;
    LOG(LOG_WARNING,
        error->code == ERROR_NOT_FOUND ? "putfile.object-missing" : "putfile.object-damaged",
        log_int("blob_id", blob->id), log_text("path", blob->path),
        log_text("error", error->message));
    if (!stored_object_insert(upload->pg, &object, 1, error))
        return false;
    if (write_object(putting, index, blob->path, 0, error))
        return true;
    if (error->code == ERROR_INVALID)
        (void)!stored_object_delete(upload->pg, blob->path, &deleted, &ignored);
    return false;
}

/* The row is there: makes sure that its object is, too, and keeps it from cleanups for a day. The
   checksum is unique, so there can be no second row: where a folder is in the object's place, the
   row gets another path. */
static bool reuse(const struct putting *putting, size_t index, const struct file_blob *blob,
                  struct error *error)
{
    const struct upload *upload = putting->upload;
    struct chunk *chunk = &putting->chunks[index];
    const struct file_blob touched = {.id = blob->id, .size = chunk->size};
    bool same = false, alive = false, ignored = false;
    if (!compare_object(putting, chunk, blob->path, &same, error))
        return error_prefix(error, "blob %" PRId64, blob->id);
    if (!same && !heal_object(putting, index, blob, error))
        return error->code == ERROR_INVALID && store_new(putting, index, blob, error);
    if (!file_blob_touch(upload->pg, &touched, REUSE_SECONDS, &alive, error) ||
        (!same && alive && !stored_object_delete(upload->pg, blob->path, &ignored, error)))
        return false;
    chunk->blob_id = alive ? blob->id : 0; /* 0: looks again */
    return true;
}

/* Removes the object of a journalled path and forgets the path. One that cannot be removed now
   stays in the journal, for a cleanup: the upload does not depend on it. */
static bool drop_object(const struct upload *upload, const char *path, struct error *error)
{
    bool ignored = false;
    if (!blob_store_remove(upload->store, path, error) && error->code != ERROR_NOT_FOUND) {
        log_error(LOG_WARNING, "putfile.remove", error);
        return true;
    }
    return stored_object_delete(upload->pg, path, &ignored, error);
}

/* Deletes the row of an old blob that no file holds and, when it went, its object, unless its path
   leads to none.

   Such a row must not be reused: a Sentry cleanup may have looked at it already, found it unused,
   and be about to delete it; a new timestamp would come too late, and Django's collector would then
   take our index rows with it. After this, that cleanup finds no row of its id, and the task that
   it may have queued finds the checksum in use again by a row with another path. */
static bool discard(const struct putting *putting, const struct file_blob *blob, bool has_path,
                    bool *deleted, struct error *error)
{
    const struct upload *upload = putting->upload;
    const struct stored_object object = object_of(upload, blob->path, blob->checksum);
    if (!pg_begin(upload->pg, error))
        return false;
    if (!file_blob_delete_unused(upload->pg, blob->id, deleted, error) ||
        (*deleted && has_path && !stored_object_insert(upload->pg, &object, 1, error)) ||
        !pg_commit(upload->pg, error)) {
        pg_rollback(upload->pg);
        return false;
    }
    return !*deleted || !has_path || drop_object(upload, blob->path, error);
}

static bool use_existing(const struct putting *putting, size_t index, const struct file_blob *blob,
                         struct error *error)
{
    struct error ignored;
    bool deleted = false;
    bool has_path = blob_store_check_path(blob->path, &ignored);
    if (!blob->referenced && blob->age_seconds >= REUSE_SECONDS) {
        if (!discard(putting, blob, has_path, &deleted, error))
            return false;
        if (deleted)
            return true; /* the next round stores it anew */
    }
    /* Not deleted: an owner or a file of a moment ago holds it. */
    return has_path ? reuse(putting, index, blob, error) : store_new(putting, index, blob, error);
}

/* Looks, acts, and looks again when the row has come or gone meanwhile: a Sentry inserts and
   deletes blob rows in long transactions that outlive the upload lock. */
static bool put_under_lock(const struct putting *putting, size_t index, struct error *error)
{
    struct chunk *chunk = &putting->chunks[index];
    for (int round = 0; round < ROUNDS_MAX && chunk->blob_id == 0; round++) {
        struct file_blob blob;
        arena_reset(putting->arena);
        if (!file_blob_find(putting->upload->pg, chunk->checksum, putting->arena, &blob, error))
            return false;
        if (!(blob.id != 0 ? use_existing(putting, index, &blob, error)
                           : store_new(putting, index, NULL, error)))
            return false;
    }
    return chunk->blob_id != 0 ||
           error_set(error, ERROR_TIMEOUT, "blob %s comes and goes", chunk->checksum);
}

/* A path that was not needed leaves the journal, after what may have been written there. */
static bool forget_path(const struct upload *upload, const struct chunk *chunk, struct error *error)
{
    bool ignored = false;
    if (chunk->owned)
        return true;
    return chunk->written ? drop_object(upload, chunk->path, error)
                          : stored_object_delete(upload->pg, chunk->path, &ignored, error);
}

/* Asks go_on at least once, and again each second while another process has the lock. */
static bool take_lock(const struct upload *upload, const char *checksum, struct upload_lock *lock,
                      struct error *error)
{
    int64_t deadline = clock_monotonic_ms() + UPLOAD_LOCK_PATIENCE_MS;
    do {
        if (upload->go_on != NULL && !upload->go_on(upload->context, error))
            return false;
        if (upload_lock_take(upload->locks, checksum, LOCK_SLICE_MS, lock, error))
            return true;
    } while (error->code == ERROR_TIMEOUT && clock_monotonic_ms() < deadline);
    return false;
}

static bool put_chunk(const struct putting *putting, size_t index, struct error *error)
{
    const struct upload *upload = putting->upload;
    struct chunk *chunk = &putting->chunks[index];
    struct upload_lock lock;
    if (chunk->first != index) {
        chunk->blob_id = putting->chunks[chunk->first].blob_id;
        return true;
    }
    if (!take_lock(upload, chunk->checksum, &lock, error))
        return false;
    bool good = put_under_lock(putting, index, error) && forget_path(upload, chunk, error);
    upload_lock_release(upload->locks, &lock);
    return good;
}

/* The row of a chunk may be committed although the chunk failed: the answer was lost. */
static void remember_made(const struct putting *putting, struct uploaded_file *file)
{
    for (size_t i = 0; i < putting->count; i++) {
        const struct chunk *chunk = &putting->chunks[i];
        if (!chunk->made)
            continue;
        struct made_blob *made = &file->made[file->made_count++];
        memcpy(made->checksum, chunk->checksum, sizeof(made->checksum));
        memcpy(made->path, chunk->path, sizeof(made->path));
    }
}

static void forget_blobs(struct uploaded_file *file)
{
    free(file->blob_ids);
    free(file->blob_sizes);
    *file = (struct uploaded_file){.made = file->made, .made_count = file->made_count};
}

bool putfile(const struct upload *upload, int fd, struct uploaded_file *file, struct error *error)
{
    struct putting putting = {.upload = upload, .fd = fd};
    forget_blobs(file);
    bool good = allocate(&putting, file, error) && digest_chunks(&putting, file, error) &&
                journal_paths(&putting, error);
    for (size_t i = 0; good && i < putting.count; i++) {
        good = put_chunk(&putting, i, error);
        file->blob_ids[i] = putting.chunks[i].blob_id;
        file->blob_sizes[i] = putting.chunks[i].size;
    }
    file->blob_count = putting.count;
    if (putting.chunks != NULL)
        remember_made(&putting, file);
    arena_free(putting.arena);
    free(putting.bytes);
    free(putting.chunks);
    return good;
}

void uploaded_file_free(struct uploaded_file *file)
{
    forget_blobs(file);
    free(file->made);
    *file = (struct uploaded_file){.size = 0};
}
