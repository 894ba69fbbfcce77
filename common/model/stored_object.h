/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exportd.object: the journal of objects in the store that no committed blob row owns yet, or any
 * more. An object is recorded here before its first byte is written, until a blob row owns it or
 * its bytes are removed. So a crash leaves no unknown object in the store.
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
    int64_t attempt; /* 0: not made by an attempt of a worker */
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
    const char *after; /* only paths above it; "": from the first */
    size_t max;
};

/* Records `count` objects by one statement. A path that is recorded already stays as it is. */
bool stored_object_insert(struct pg *pg, const struct stored_object *objects, size_t count,
                          struct error *error) MUST_CHECK;

/* Deletes the path from the journal. *deleted is false if it was not there (any more). Only the
   transaction that deletes the row decides what becomes of the object. */
bool stored_object_delete(struct pg *pg, const char *path, bool *deleted,
                          struct error *error) MUST_CHECK;

/* Lists the objects whose attempt has ended, by path; in `arena`. It has ended if exportd.export
   has no row for it, or one with another attempt or a state other than running. */
bool stored_object_list_abandoned(struct pg *pg, const struct stored_object_page *page,
                                  struct arena *arena, struct stored_objects *objects,
                                  struct error *error) MUST_CHECK;

/* Lists all objects of one attempt, whether it has ended or not, by path; in `arena`. */
bool stored_object_list_attempt(struct pg *pg, const struct stored_object_owner *owner,
                                struct arena *arena, struct stored_objects *objects,
                                struct error *error) MUST_CHECK;

#endif
