/*
 * Empty objects that a busy worker's thread has made ahead, named in the journal like all others:
 * to store a small file then takes neither a commit of the journal nor one of the folder, but only
 * that of its bytes. Thirty-two at a time cost about as much as one.
 *
 * A cleanup leaves them alone for ten minutes (exportd.object.spare_until); they are used for half
 * of that. A path that is taken after all is noticed by the outcome, which finds the journal
 * without it.
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

/* Makes new ones when there are none, or when they are too old: those are given back. Commits on
   its own. After a failure there are none, and what is left of them is a cleanup's. */
bool spare_objects_refill(struct spare_objects *spare, struct pg *pg, struct blob_store *store,
                          struct error *error) MUST_CHECK;

/* Takes one out; false when there is none. */
bool spare_objects_take(struct spare_objects *spare, char path[BLOB_NEW_PATH_SIZE]);

/* Puts one back that nothing was written to. */
void spare_objects_put_back(struct spare_objects *spare, const char path[BLOB_NEW_PATH_SIZE]);

/* Removes them all and forgets their paths. Commits on its own. After a failure there are none all
   the same, and what is left of them is a cleanup's. */
bool spare_objects_give_back(struct spare_objects *spare, struct pg *pg, struct blob_store *store,
                             struct error *error) MUST_CHECK;

#endif
