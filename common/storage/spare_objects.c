#include "storage/spare_objects.h"

#include "base/clock.h"
#include "base/fault.h"
#include "model/stored_object.h"

enum { SPARE_SECONDS = 600, USABLE_MS = SPARE_SECONDS * 1000 / 2 };

static void list_paths(const struct spare_objects *spare, const char *paths[SPARE_OBJECTS])
{
    for (size_t i = 0; i < spare->count; i++)
        paths[i] = spare->paths[i];
}

/* Named before they are made, as all objects are. */
static bool make(struct spare_objects *spare, size_t count, struct pg *pg, struct blob_store *store,
                 struct error *error)
{
    const char *paths[SPARE_OBJECTS] = {NULL};
    int64_t started_ms = clock_monotonic_ms();
    for (size_t i = 0; i < count; i++)
        blob_store_new_path(store, spare->paths[i]);
    spare->count = count;
    spare->usable_until_ms = started_ms + USABLE_MS;
    list_paths(spare, paths);
    return stored_object_insert_spare(pg, paths, count, SPARE_SECONDS, error) &&
           FAULT("spare_named", error) && blob_store_reserve(store, paths, count, error) &&
           FAULT("spare_made", error);
}

bool spare_objects_refill(struct spare_objects *spare, size_t count, struct pg *pg,
                          struct blob_store *store, struct error *error)
{
    struct error ignored;
    if (spare->count > 0 && clock_monotonic_ms() < spare->usable_until_ms)
        return true;
    if (!spare_objects_give_back(spare, pg, store, error))
        return false;
    if (make(spare, count, pg, store, error))
        return true;
    (void)!spare_objects_give_back(spare, pg, store, &ignored);
    return false;
}

bool spare_objects_take(struct spare_objects *spare, char path[BLOB_NEW_PATH_SIZE])
{
    if (spare->count == 0 || clock_monotonic_ms() >= spare->usable_until_ms)
        return false;
    spare->count--;
    memcpy(path, spare->paths[spare->count], BLOB_NEW_PATH_SIZE);
    return true;
}

void spare_objects_put_back(struct spare_objects *spare, const char path[BLOB_NEW_PATH_SIZE])
{
    memcpy(spare->paths[spare->count], path, BLOB_NEW_PATH_SIZE);
    spare->count++;
}

/* The objects go before the COMMIT that forgets them. Those whose path is not in the journal any
   more are a cleanup's, which has removed them. */
static bool remove_all(const char *const *paths, size_t count, struct pg *pg,
                       struct blob_store *store, struct error *error)
{
    if (!pg_begin(pg, error) || !stored_object_delete_all(pg, paths, count, error))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!blob_store_remove(store, paths[i], error) && error->code != ERROR_NOT_FOUND)
            return false;
    return pg_commit(pg, error);
}

bool spare_objects_give_back(struct spare_objects *spare, struct pg *pg, struct blob_store *store,
                             struct error *error)
{
    const char *paths[SPARE_OBJECTS] = {NULL};
    size_t count = spare->count;
    list_paths(spare, paths);
    spare->count = 0;
    if (count == 0 || remove_all(paths, count, pg, store, error))
        return true;
    pg_rollback(pg);
    return false;
}
