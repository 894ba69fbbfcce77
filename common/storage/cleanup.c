/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each function goes through its rows page by page and makes a candidate of each path that may go.
 * A candidate is freed under its upload lock: first the blob's row, if nothing refers to it, then
 * the object together with its row in the journal (exportd.object).
 */
#include "storage/cleanup.h"

#include "base/arena.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/text.h"
#include "model/audit.h"
#include "model/sentry_database.h"
#include "model/unused_blob.h"

enum { PAGE = 100, ARENA_MAX = 16 * 1024 * 1024 };

struct run {
    const struct cleanup *cleanup;
    struct cleanup_result *result;
    struct arena *page; /* the rows of a page */
    struct arena *row;  /* reset for each row of it */
};

/* An object that may go. Its path is named in exportd.object. */
struct candidate {
    struct stored_object object; /* the attempt is 0 */
    bool must_exist;             /* a missing object is a failure */
    bool held;                   /* a blob row owns the path */
};

static struct stored_object object_of(const char *path, const char checksum[SHA1_HEX_SIZE],
                                      int64_t data_export_id)
{
    struct stored_object object = {.path = path, .data_export_id = data_export_id};
    memcpy(object.checksum, checksum, sizeof(object.checksum));
    return object;
}

static bool begin_run(struct run *run, const struct cleanup *cleanup, struct cleanup_result *result,
                      struct error *error)
{
    *run = (struct run){.cleanup = cleanup, .result = result};
    run->page = arena_new(ARENA_MAX);
    run->row = arena_new(ARENA_MAX);
    return (run->page != NULL && run->row != NULL) || error_no_memory(error);
}

static void end_run(struct run *run)
{
    arena_free(run->page);
    arena_free(run->row);
}

/* ---- failures ---- */

/* Counts and logs the failure of a row. `path` is "" for an export. */
static void report_failure(struct run *run, int64_t data_export_id, const char *path,
                           const struct error *error)
{
    run->result->failed++;
    LOG(LOG_ERROR, "cleanup.failed", log_int("data_export_id", data_export_id),
        log_text("path", path), log_text("code", error_code_name(error->code)),
        log_text("error", error->message));
}

/* After the failure of a row: whether the next row can be tried. */
static bool can_go_on(struct run *run, struct error *error)
{
    pg_rollback(run->cleanup->pg);
    return pg_connect(run->cleanup->pg, error) && upload_locks_connect(run->cleanup->locks, error);
}

/* ---- one object ---- */

/* Deletes the blob's row if nothing refers to it, and names its path again in the same transaction:
   another cleanup may have seen a reference a moment ago, and so have taken the path out of the
   journal. */
static bool delete_blob_row(struct run *run, const struct candidate *candidate, int64_t id,
                            bool *deleted, struct error *error)
{
    struct pg *pg = run->cleanup->pg;
    if (!pg_begin(pg, error) || !file_blob_delete_unused(pg, id, deleted, error))
        return false;
    if (*deleted && !stored_object_insert(pg, &candidate->object, 1, error))
        return false;
    if (!pg_commit(pg, error))
        return false;
    run->result->blobs += *deleted ? 1 : 0;
    return true;
}

/* Deletes the blob row that owns the path. *kept: the row stays, because something refers to it or
   because it has another checksum. */
static bool release_path(struct run *run, const struct candidate *candidate, bool *kept,
                         struct error *error)
{
    struct file_blob blob;
    bool deleted = false;
    *kept = candidate->held;
    if (!file_blob_find(run->cleanup->pg, candidate->object.checksum, run->row, &blob, error))
        return false;
    if (blob.id == 0 || !text_equal(blob.path, candidate->object.path))
        return true;
    if (!delete_blob_row(run, candidate, blob.id, &deleted, error))
        return false;
    *kept = !deleted;
    return true;
}

/* Removes the object. Reports a path that can have no object (`..`), and a missing object if it
   must exist. These are no errors: nothing is left to remove. */
static bool remove_object(struct run *run, const struct candidate *candidate, struct error *error)
{
    struct blob_store *store = run->cleanup->store;
    int64_t size = 0;
    if (blob_store_size(store, candidate->object.path, &size, error) &&
        blob_store_remove(store, candidate->object.path, error)) {
        run->result->objects++;
        run->result->bytes += size;
        return true;
    }
    if (error->code != ERROR_NOT_FOUND && blob_store_check_path(candidate->object.path, error))
        return false;
    if (error->code != ERROR_NOT_FOUND || candidate->must_exist)
        report_failure(run, candidate->object.data_export_id, candidate->object.path, error);
    return true;
}

/* Deletes the journal's row first, in a transaction that ends only after the object is removed. An
   upload may be alive although it looks dead. If it wants to move the path from the journal to a
   blob row, it waits for this transaction, and then finds that the path is gone (putfile.c). */
static bool remove_and_forget(struct run *run, const struct candidate *candidate, bool kept,
                              struct error *error)
{
    struct pg *pg = run->cleanup->pg;
    bool ours = false;
    if (!pg_begin(pg, error) || !stored_object_delete(pg, candidate->object.path, &ours, error))
        return false;
    if (ours && !kept && !remove_object(run, candidate, error))
        return false;
    return FAULT("cleanup_forget", error) && pg_commit(pg, error);
}

/* Removes the object and the blob row of a candidate, under its upload lock. */
static bool free_candidate(struct run *run, const struct candidate *candidate, struct error *error)
{
    struct upload_lock lock;
    const struct upload_locks *locks = run->cleanup->locks;
    bool kept = false;
    if (!upload_lock_take(locks, candidate->object.checksum, UPLOAD_LOCK_PATIENCE_MS, &lock, error))
        return false;
    bool good = release_path(run, candidate, &kept, error) && FAULT("cleanup_object", error) &&
                remove_and_forget(run, candidate, kept, error);
    if (!good)
        pg_rollback(run->cleanup->pg);
    upload_lock_release(locks, &lock);
    return good;
}

/* Frees a candidate. A failure is reported; false: the cleanup cannot go on. */
static bool try_candidate(struct run *run, const struct candidate *candidate, struct error *error)
{
    struct error failure;
    if (free_candidate(run, candidate, &failure))
        return true;
    report_failure(run, candidate->object.data_export_id, candidate->object.path, &failure);
    return can_go_on(run, error);
}

/* ---- abandoned objects ---- */

/* For a dry run. */
static void count_abandoned(struct run *run, const struct candidate *candidate)
{
    struct error missing;
    int64_t size = 0;
    if (candidate->held ||
        !blob_store_size(run->cleanup->store, candidate->object.path, &size, &missing))
        return;
    run->result->objects++;
    run->result->bytes += size;
}

/* A missing object is no failure: the crash may have come before the object was written, or after
   it was removed. */
static bool free_abandoned(struct run *run, const struct stored_object *object, bool held,
                           struct error *error)
{
    struct candidate candidate = {
        .object = object_of(object->path, object->checksum, object->data_export_id), .held = held};
    arena_reset(run->row);
    if (!run->cleanup->dry_run)
        return try_candidate(run, &candidate, error);
    count_abandoned(run, &candidate);
    return true;
}

/* Asks for all paths of the page at once whether a blob row owns them, then frees each. */
static bool free_abandoned_page(struct run *run, const struct stored_objects *objects,
                                struct error *error)
{
    const char *paths[PAGE] = {NULL};
    bool held[PAGE];
    for (size_t i = 0; i < objects->count; i++)
        paths[i] = objects->items[i].path;
    if (!blob_paths_held(run->cleanup->pg, paths, objects->count, held, error))
        return false;
    for (size_t i = 0; i < objects->count; i++)
        if (!free_abandoned(run, &objects->items[i], held[i], error))
            return false;
    return true;
}

/* A page begins after the last path of the page before, which may still be in the journal. */
static bool free_all_abandoned(struct run *run, struct error *error)
{
    char *after = text_duplicate("");
    bool good = true;
    struct stored_objects objects = {.count = PAGE};
    while (good && objects.count == PAGE) {
        const struct stored_object_page page = {.after = after, .max = PAGE};
        arena_reset(run->page);
        good = after != NULL || error_no_memory(error);
        good = good &&
               stored_object_list_abandoned(run->cleanup->pg, &page, run->page, &objects, error) &&
               free_abandoned_page(run, &objects, error);
        if (good && objects.count == PAGE) {
            free(after);
            after = text_duplicate(objects.items[PAGE - 1].path);
        }
    }
    free(after);
    return good;
}

bool cleanup_abandoned_objects(const struct cleanup *cleanup, struct cleanup_result *result,
                               struct error *error)
{
    struct run run;
    bool good = begin_run(&run, cleanup, result, error) && free_all_abandoned(&run, error);
    end_run(&run);
    return good;
}

/* A path that an attempt has made up belongs to no other row, so none is looked for. */
bool cleanup_attempt(const struct cleanup *cleanup, const struct stored_object_owner *owner,
                     struct cleanup_result *result, struct error *error)
{
    struct run run;
    struct stored_objects objects = {.count = 0};
    bool good = begin_run(&run, cleanup, result, error) &&
                stored_object_list_attempt(cleanup->pg, owner, run.page, &objects, error);
    for (size_t i = 0; good && i < objects.count; i++)
        good = free_abandoned(&run, &objects.items[i], false, error);
    end_run(&run);
    return good;
}

/* ---- unused blobs ---- */

/* Names the blob's path in the journal, then frees it like any candidate. */
static bool free_unused(struct run *run, const struct unused_blob *blob, struct error *error)
{
    struct candidate candidate = {.object = object_of(blob->path, blob->checksum, 0),
                                  .must_exist = true};
    struct error failure;
    arena_reset(run->row);
    if (run->cleanup->dry_run) {
        run->result->blobs++;
        run->result->objects++;
        run->result->bytes += blob->size;
        return true;
    }
    if (stored_object_insert(run->cleanup->pg, &candidate.object, 1, &failure))
        return try_candidate(run, &candidate, error);
    report_failure(run, 0, blob->path, &failure);
    return can_go_on(run, error);
}

static bool free_all_unused(struct run *run, struct error *error)
{
    struct unused_blob_page page = {.after = 0, .max = PAGE};
    for (;;) {
        struct unused_blobs blobs;
        arena_reset(run->page);
        if (!unused_blob_list(run->cleanup->pg, &page, run->page, &blobs, error))
            return false;
        for (size_t i = 0; i < blobs.count; i++)
            if (!free_unused(run, &blobs.items[i], error))
                return false;
        if (blobs.count < PAGE)
            return true;
        page.after = blobs.items[blobs.count - 1].id;
    }
}

bool cleanup_unused_blobs(const struct cleanup *cleanup, struct cleanup_result *result,
                          struct error *error)
{
    struct run run;
    bool is_sentrys = false;
    bool good = begin_run(&run, cleanup, result, error) &&
                database_is_sentrys(cleanup->pg, &is_sentrys, error) &&
                (is_sentrys || free_all_unused(&run, error));
    end_run(&run);
    return good;
}

/* ---- expired exports ---- */

/* Keeps each blob once: a file of equal chunks holds the same blob several times. */
static void keep_distinct(struct file_blobs *blobs)
{
    size_t kept = 0;
    for (size_t i = 0; i < blobs->count; i++) {
        size_t other = 0;
        while (other < kept && blobs->items[other].id != blobs->items[i].id)
            other++;
        if (other == kept)
            blobs->items[kept++] = blobs->items[i];
    }
    blobs->count = kept;
}

/* Names the paths of these blobs in the journal. */
static bool journal_blobs(struct pg *pg, int64_t data_export_id, struct arena *arena,
                          const struct file_blobs *blobs, struct error *error)
{
    struct stored_object *objects = arena_array(arena, blobs->count + 1, sizeof(*objects), error);
    if (objects == NULL)
        return false;
    for (size_t i = 0; i < blobs->count; i++)
        objects[i] = object_of(blobs->items[i].path, blobs->items[i].checksum, data_export_id);
    return blobs->count == 0 || stored_object_insert(pg, objects, blobs->count, error);
}

bool cleanup_delete_file(struct pg *pg, const struct exported_data *row, struct arena *arena,
                         struct file_blobs *blobs, struct error *error)
{
    if (!file_blobs_load(pg, row->file_id, arena, blobs, error))
        return false;
    keep_distinct(blobs);
    return journal_blobs(pg, row->id, arena, blobs, error) && file_delete(pg, row->file_id, error);
}

static bool audit_expiry(struct pg *pg, const struct exported_data *row, struct error *error)
{
    const struct audit_entry entry = {.action = AUDIT_EXPIRY,
                                      .data_export_id = row->id,
                                      .organization_id = row->organization_id,
                                      .user_id = row->user_id,
                                      .actor = "cleanup"};
    return audit_add(pg, &entry, error);
}

/* Deletes the file of an expired export in one transaction. Its blobs come into *blobs. */
static bool delete_file(struct run *run, int64_t id, struct file_blobs *blobs, struct error *error)
{
    struct pg *pg = run->cleanup->pg;
    struct exported_data_locked export;
    const struct exported_data *row = &export.row;
    if (!pg_begin(pg, error) || !exported_data_lock(pg, id, run->row, &export, error))
        return false;
    if (row->file_id != 0 && /* 0: another cleanup has deleted it */
        (!cleanup_delete_file(pg, row, run->row, blobs, error) || !audit_expiry(pg, row, error)))
        return false;
    if (!pg_commit(pg, error))
        return false;
    run->result->files += row->file_id != 0 ? 1 : 0;
    return true;
}

/* Frees the file of an expired export, and its blobs. False: the cleanup cannot go on. */
static bool free_export(struct run *run, int64_t id, struct error *error)
{
    struct file_blobs blobs = {.count = 0};
    struct error failure;
    arena_reset(run->row);
    if (!delete_file(run, id, &blobs, &failure)) {
        report_failure(run, id, "", &failure);
        return can_go_on(run, error);
    }
    for (size_t i = 0; i < blobs.count; i++) {
        struct candidate candidate = {
            .object = object_of(blobs.items[i].path, blobs.items[i].checksum, id),
            .must_exist = true};
        if (!FAULT("cleanup_blob", error) || !try_candidate(run, &candidate, error))
            return false;
    }
    LOG(LOG_INFO, "cleanup.expired", log_int("data_export_id", id));
    return true;
}

static bool free_all_expired(struct run *run, struct error *error)
{
    int64_t items[PAGE];
    struct exported_data_ids ids = {.items = items, .max = PAGE};
    int64_t after = 0;
    do {
        if (!exported_data_list_expired(run->cleanup->pg, after, &ids, error))
            return false;
        for (size_t i = 0; i < ids.count; i++)
            if (!free_export(run, ids.items[i], error))
                return false;
        after = ids.count > 0 ? ids.items[ids.count - 1] : after;
    } while (ids.count == ids.max);
    return true;
}

/* For a dry run. */
static bool count_expired(struct run *run, struct error *error)
{
    struct expired_sum sum;
    if (!expired_sum_load(run->cleanup->pg, &sum, error))
        return false;
    run->result->files += sum.files;
    run->result->blobs += sum.blobs;
    run->result->objects += sum.blobs;
    run->result->bytes += sum.bytes;
    return true;
}

bool cleanup_expired_exports(const struct cleanup *cleanup, struct cleanup_result *result,
                             struct error *error)
{
    struct run run;
    bool good = begin_run(&run, cleanup, result, error) &&
                (cleanup->dry_run ? count_expired(&run, error) : free_all_expired(&run, error));
    end_run(&run);
    return good;
}
