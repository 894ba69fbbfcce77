/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exportd.object: the journal of objects in the file store that no committed blob row owns, not yet
 * or not any more. An object is named here before its first byte is written, and until its bytes
 * are gone or a blob row owns it: a crash leaves no object that nobody knows.
 */
#ifndef MODEL_STORED_OBJECT_H
#define MODEL_STORED_OBJECT_H

#include "base/arena.h"
#include "base/digest.h"
#include "client/pg.h"

struct stored_object {
    const char *path;
    char checksum[SHA1_HEX_SIZE];
    int64_t data_export_id;
    int64_t attempt; /* 0: of no worker */
};

struct stored_objects {
    struct stored_object *items;
    size_t count;
};

/* The attempt that made objects. */
struct stored_object_owner {
    int64_t data_export_id, attempt;
};

struct stored_object_page {
    const char *after; /* paths above it; "": from the first */
    size_t max;
};

/* Names `count` objects at once. A path that is named already stays as it is (ON CONFLICT DO
   NOTHING). */
bool stored_object_insert(struct pg *pg, const struct stored_object *objects, size_t count,
                          struct error *error) MUST_CHECK;

/* Forgets the path. *deleted is false when it was not named (any more): the transaction that
   deletes the row and commits decides what becomes of the object. */
bool stored_object_delete(struct pg *pg, const char *path, bool *deleted,
                          struct error *error) MUST_CHECK;

/* Objects whose attempt is over (exportd.export says another attempt or another state than running,
   or knows nothing of it), by path; in `arena`. */
bool stored_object_list_abandoned(struct pg *pg, const struct stored_object_page *page,
                                  struct arena *arena, struct stored_objects *objects,
                                  struct error *error) MUST_CHECK;

/* All objects of one attempt, over or not, by path; in `arena`. */
bool stored_object_list_attempt(struct pg *pg, const struct stored_object_owner *owner,
                                struct arena *arena, struct stored_objects *objects,
                                struct error *error) MUST_CHECK;

#endif
