/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two passes over the temporary file. The first computes the checksums and makes up a path for each
 * chunk. The second stores chunk after chunk: under the upload lock it looks for the blob's row,
 * and reuses, replaces or makes that. An object is in the journal (exportd.object) until a
 * committed row owns it, so that a cleanup finds it after a crash at any point.
 */
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

enum {
    REUSE_SECONDS = 23 * 3600, /* Sentry's cleanup deletes unused blobs after 24 hours */
    ROUNDS_MAX = 10,           /* over one chunk whose row comes and goes */
    ARENA_MAX = 1024 * 1024,
    LOCK_SLICE_MS = 1000, /* between two calls of go_on */
};

struct chunk {
    int64_t size;
    size_t first;    /* index of the first chunk with the same bytes: only that one is stored */
    int64_t blob_id; /* 0: not stored yet */
    bool written;    /* an object may be at `path` */
    bool made;       /* a new row of this upload may own that object */
    bool owned;      /* a committed row owns that object */
    char checksum[SHA1_HEX_SIZE];
    char path[BLOB_NEW_PATH_SIZE]; /* for a new object, if one is needed */
};

struct putting {
    const struct upload *upload;
    int fd;
    char *bytes; /* room for one chunk (BLOB_SIZE) */
    struct arena *arena;
    struct chunk *chunks;
    size_t count;
};

/* ---- first pass: checksums and paths ---- */

/* Reads a chunk into putting->bytes. */
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

/* A loop is good enough for at most 2048 chunks. */
static size_t find_first_equal(const struct chunk *chunks, size_t index)
{
    size_t first = 0;
    while (first < index && !text_equal(chunks[first].checksum, chunks[index].checksum))
        first++;
    return first;
}

/* Makes room for all chunks, here and in `file`. */
static bool allocate_chunks(struct putting *putting, struct uploaded_file *file,
                            struct error *error)
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

/* Computes the checksum of each chunk and of the whole file, and makes up the paths. */
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
        chunk->first = find_first_equal(putting->chunks, i);
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

/* Names all objects that may be written, before the first one is. */
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

/* ---- second pass: one chunk, under its upload lock ---- */

/* Reads the chunk again and writes it as the object at `path`. */
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

/* Moves the path from the journal to an existing row without a usable one. row->id is 0 if another
   process has given that row a path meanwhile. */
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

/* Moves the chunk's path from the journal to a row of its blob: to a new row, or to `pathless` (if
   not NULL), whose own path is useless. row->id is 0 if another process has made or changed the row
   meanwhile. row->journalled is false if a cleanup has removed the object and taken the path out of
   the journal. */
static bool hand_over_path(const struct upload *upload, const struct chunk *chunk,
                           const struct file_blob *pathless, struct inserted_blob *row,
                           struct error *error)
{
    const struct written_blob written = {
        .path = chunk->path, .size = chunk->size, .checksum = chunk->checksum};
    return pathless == NULL ? file_blob_insert(upload->pg, &written, row, error)
                            : hand_over_to(upload, &written, pathless, row, error);
}

/* Writes the chunk's object at its new path, and hands the path over to a row (hand_over_path).
   chunk->blob_id stays 0 if the row has come or changed meanwhile. */
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
    if (!row.journalled) { /* the journal does not name it: no cleanup would ever remove it */
        (void)!blob_store_remove(upload->store, chunk->path, &ignored);
        return error_set(error, ERROR_LOST, "a cleanup has taken this attempt for dead");
    }
    chunk->blob_id = row.id;
    chunk->owned = row.id != 0;
    return true;
}

/* *same: the object has the chunk's bytes; if not, *error says why. A bad disk, a restored backup
   or a mistake may have changed the bytes but not their number. A file with such a blob could not
   be downloaded. False: the object could not be read. */
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

/* Writes the object of an existing row again, at the row's path; *error says why that is needed.
   The journal names the path until the row is touched: if the row is deleted meanwhile, a cleanup
   must remove the object. ERROR_INVALID: no object can be written at that path. */
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

/* Reuses an existing row: makes sure that its object is good, and sets its timestamp, which keeps
   cleanups from it for a day. If a folder is in the object's place, the row gets a new path. There
   can be no second row, because the checksum is unique. */
static bool reuse_blob(const struct putting *putting, size_t index, const struct file_blob *blob,
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
    chunk->blob_id = alive ? blob->id : 0; /* 0: put_under_lock looks again */
    return true;
}

/* Removes the object of a journalled path, then takes the path out of the journal. If the object
   cannot be removed, the path stays there for a cleanup; this is no error for the upload. */
static bool drop_object(const struct upload *upload, const char *path, struct error *error)
{
    bool ignored = false;
    if (!blob_store_remove(upload->store, path, error) && error->code != ERROR_NOT_FOUND) {
        log_error(LOG_WARNING, "putfile.remove", error);
        return true;
    }
    return stored_object_delete(upload->pg, path, &ignored, error);
}

/* Deletes the row of an old blob if nothing refers to it. If the row was deleted and its path is
   usable, also removes the object.

   Such a row must not be reused. Sentry's cleanup may already have found it unused, and be about to
   delete it. A new timestamp would come too late, and Django's collector would delete our index
   rows with the blob. If the row is deleted here, that cleanup finds no row with its id. It may
   have queued a task for the checksum; the task then finds a row with another path. */
static bool discard_blob(const struct putting *putting, const struct file_blob *blob, bool has_path,
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

/* For a chunk whose blob has a row. chunk->blob_id stays 0 if the row was deleted. */
static bool use_existing(const struct putting *putting, size_t index, const struct file_blob *blob,
                         struct error *error)
{
    struct error ignored;
    bool deleted = false;
    bool has_path = blob_store_check_path(blob->path, &ignored);
    if (!blob->referenced && blob->age_seconds >= REUSE_SECONDS) {
        if (!discard_blob(putting, blob, has_path, &deleted, error))
            return false;
        if (deleted)
            return true; /* the next round makes a new row */
    }
    /* if it was not deleted, something refers to it by now */
    return has_path ? reuse_blob(putting, index, blob, error)
                    : store_new(putting, index, blob, error);
}

/* Looks for the row, acts, and looks again if the row has come or gone meanwhile: Sentry inserts
   and deletes blob rows in long transactions, which end after the upload lock. */
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

/* If the chunk's new path was not needed, removes what was written there, and takes the path out of
   the journal. */
static bool forget_path(const struct upload *upload, const struct chunk *chunk, struct error *error)
{
    bool ignored = false;
    if (chunk->owned)
        return true;
    return chunk->written ? drop_object(upload, chunk->path, error)
                          : stored_object_delete(upload->pg, chunk->path, &ignored, error);
}

/* Calls go_on once, and again each second while another process has the lock. */
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

/* Stores one chunk, or takes the id of the first chunk with the same bytes. */
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

/* Also chunks that failed: if the answer was lost, the row may be committed. */
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

/* Frees the result of an earlier call, but not `made`. */
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
    bool good = allocate_chunks(&putting, file, error) && digest_chunks(&putting, file, error) &&
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
