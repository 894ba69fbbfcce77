/*
 * Empty objects that a busy worker's thread has made ahead, named in the journal like all others:
 * to store a small file then takes neither a commit of the journal nor one of the folder, but only
 * that of its bytes. To make thirty-two costs little more than to make one.
 *
 * A cleanup leaves them alone for ten minutes (exportd.object.spare_until), and then marks them
 * before it removes them; they are used for half of that. One that is marked or gone when it is
 * needed is replaced by putfile, or noticed by the outcome.
 */
#ifndef STORAGE_SPARE_OBJECTS_H
#define STORAGE_SPARE_OBJECTS_H

#include "client/pg.h"
#include "storage/blob_store.h"

enum { SPARE_OBJECTS = 32 };

/* Of one thread. Starts from {.count = 0}. */
struct spare_objects {
    char paths[SPARE_OBJECTS][BLOB_NEW_PATH_SIZE];
    size_t count;
    int64_t usable_until_ms; /* monotonic */
    /* The bytes of the last one were there already: the next ones are looked for first. */
    bool look_first;
};

/* Makes `count` new ones (at most SPARE_OBJECTS) when there are none, or when they are too old:
   those are given back. Commits on its own. After a failure there are none, and what is left of
   them is a cleanup's. */
bool spare_objects_refill(struct spare_objects *spare, size_t count, struct pg *pg,
                          struct blob_store *store, struct error *error) MUST_CHECK;

/* Takes one out; false when there is none. */
bool spare_objects_take(struct spare_objects *spare, char path[BLOB_NEW_PATH_SIZE]);

/* Puts one back that nothing was written to. */
void spare_objects_put_back(struct spare_objects *spare, const char path[BLOB_NEW_PATH_SIZE]);

/* Removes them all and forgets their paths. Commits on its own. After a failure there are none all
   the same, and what is left of them is a cleanup's. */
bool spare_objects_give_back(struct spare_objects *spare, struct pg *pg, struct blob_store *store,
                             struct error *error) MUST_CHECK;

#endif
