/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names the blobs that an upload has made in the journal again. Then it does what a cleanup does
 * with this journal. After a crash in between, the next cleanup finishes the work.
 */
#include "base/memory.h"
#include "model/stored_object.h"
#include "storage/cleanup.h"
#include "storage/putfile.h"

static bool journal_made(const struct upload *upload, const struct uploaded_file *file,
                         struct error *error)
{
    struct stored_object *objects = memory_zeroed(file->made_count + 1, sizeof(*objects));
    if (objects == NULL)
        return error_no_memory(error);
    for (size_t i = 0; i < file->made_count; i++) {
        objects[i] = (struct stored_object){.path = file->made[i].path,
                                            .data_export_id = upload->data_export_id,
                                            .attempt = upload->attempt};
        memcpy(objects[i].checksum, file->made[i].checksum, sizeof(objects[i].checksum));
    }
    bool done =
        file->made_count == 0 || stored_object_insert(upload->pg, objects, file->made_count, error);
    free(objects);
    return done;
}

bool putfile_undo(const struct upload *upload, const struct uploaded_file *file,
                  struct error *error)
{
    const struct cleanup cleanup = {
        .pg = upload->pg, .locks = upload->locks, .store = upload->store};
    const struct stored_object_owner owner = {.data_export_id = upload->data_export_id,
                                              .attempt = upload->attempt};
    struct cleanup_result result = {.files = 0};
    return pg_connect(upload->pg, error) && journal_made(upload, file, error) &&
           cleanup_attempt(&cleanup, &owner, &result, error);
}
