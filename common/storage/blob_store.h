/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store of the blobs' bytes. It holds objects of at most 1 MiB, each named by a path relative
 * to the store's root. This is one interface for all backends, and callers see only this page.
 */
#ifndef STORAGE_BLOB_STORE_H
#define STORAGE_BLOB_STORE_H

#include "base/buffer.h"

#define BLOB_SIZE          ((size_t)1024 * 1024) /* the largest object */
#define BLOB_PATH_MAX      512
#define BLOB_NEW_PATH_SIZE 35

struct blob_store;

enum blob_put_flags {
    /* The path is new and random, so that no reader knows it before the put is finished. The object
       may then be there in part until the end of the put, and after a crash. This saves a rename.
     */
    BLOB_PUT_NEW = 1,
};

/* A put of one object. The struct, the path and the bytes belong to the caller, who must not change
   them until the put is finished. */
struct blob_put {
    const char *path;
    const void *bytes;
    size_t size;
    unsigned flags;     /* enum blob_put_flags */
    void *transfer;     /* for the backend, between begin and finish */
    int64_t began_usec; /* monotonic; set by blob_store_put_begin */
};

/* Paths of objects that should be in the store. */
struct blob_paths {
    const char *const *items;
    size_t count;
};

/* Receives, in a sentence, what a store cannot promise, and what to do about that. */
struct blob_warnings {
    void (*tell)(void *context, const char *sentence, const char *advice);
    void *context;
};

/* What a backend provides. Each function does what the function of its name below promises. The
   backend's struct begins with struct blob_store. The paths that it gets are checked. */
struct blob_store_operations {
    /* May be NULL: such a backend does the whole put in put_finish. */
    bool (*put_begin)(struct blob_store *, struct blob_put *, struct error *);
    bool (*put_finish)(struct blob_store *, struct blob_put *, struct error *);
    bool (*get)(struct blob_store *, const char *path, struct buffer *out, struct error *);
    bool (*size)(struct blob_store *, const char *path, int64_t *size, struct error *);
    bool (*remove)(struct blob_store *, const char *path, struct error *);
    bool (*probe)(struct blob_store *, struct error *);
    bool (*make)(struct blob_store *, struct error *);
    bool (*check)(struct blob_store *, const struct blob_paths *, const struct blob_warnings *,
                  struct error *);
    void (*new_path)(struct blob_store *, char path[BLOB_NEW_PATH_SIZE]);
    void (*free)(struct blob_store *);
};

/* For one thread at a time. */
struct blob_store {
    const struct blob_store_operations *operations;
};

/* Opens the store that EXPORTD_STORAGE_URL names (file:///folder). `mode` is EXPORTD_STORAGE_MODE,
   the permissions of new objects in octal digits. ERROR_USAGE. */
bool blob_store_open(const char *url, const char *mode, struct blob_store **store,
                     struct error *error) MUST_CHECK;
void blob_store_free(struct blob_store *store); /* no put is in flight; NULL is fine */

/* ERROR_INVALID for a path that is absolute or overlong, or that has a control character or an
   empty, `.` or `..` part. All functions below check their paths first, because these come from a
   database. */
bool blob_store_check_path(const char *path, struct error *error) MUST_CHECK;

/* Begins to write a whole object; an object of that path is replaced. Several puts may be in
   flight. After a success blob_store_put_finish must be called, after a failure it must not. */
bool blob_store_put_begin(struct blob_store *store, struct blob_put *put,
                          struct error *error) MUST_CHECK;

/* Waits until the object is safe: on disk, as far as the store can promise that. The object has the
   permissions of the store's `mode`. After an error the path holds nothing new. ERROR_AWAY: the
   store is full or cannot be reached; ERROR_DENIED: the store is forbidden or read-only;
   ERROR_INVALID: a folder is in the object's place. */
bool blob_store_put_finish(struct blob_store *store, struct blob_put *put,
                           struct error *error) MUST_CHECK;

/* Begins and finishes a put. The object is safe when this returns. */
bool blob_store_put(struct blob_store *store, const struct blob_put *put,
                    struct error *error) MUST_CHECK;

/* Appends the object to `out`. ERROR_NOT_FOUND; ERROR_TOO_LARGE for `out`; ERROR_INVALID: something
   else is in the object's place, such as a symbolic link. */
bool blob_store_get(struct blob_store *store, const char *path, struct buffer *out,
                    struct error *error) MUST_CHECK;

/* The object's size in bytes. ERROR_NOT_FOUND. */
bool blob_store_size(struct blob_store *store, const char *path, int64_t *size,
                     struct error *error) MUST_CHECK;

/* Removes the object, for good: it does not come back after a power cut. ERROR_NOT_FOUND. */
bool blob_store_remove(struct blob_store *store, const char *path, struct error *error) MUST_CHECK;

/* Whether an object could be put now, as far as that is known without writing. Cheap enough for
   every few seconds. Fails for a store that is missing, full, read-only or forbidden. */
bool blob_store_probe(struct blob_store *store, struct error *error) MUST_CHECK;

/* Makes the store's root if it is missing. For the start of a worker. */
bool blob_store_make(struct blob_store *store, struct error *error) MUST_CHECK;

/* Probes the store, and writes for a trial, which leaves nothing there. For `exportd check` and the
   start of a worker. `known` are objects that should be in the store, such as the newest of a
   database. If none of them is found, the store is a wrong folder or an empty mount point:
   ERROR_NOT_FOUND. A missing root is no error if it could be made and no object is known.
   `warnings` (or NULL) are told of that, of folders that cannot be synced, and if the owner of the
   known objects could not read new ones. */
bool blob_store_check(struct blob_store *store, const struct blob_paths *known,
                      const struct blob_warnings *warnings, struct error *error) MUST_CHECK;

/* Makes up a path for a new object: 2, 4 and 26 hex digits, like Sentry's paths (ab/cdef/0123...).
   The last 26 digits are random. The backend decides whether paths share their folders. */
void blob_store_new_path(struct blob_store *store, char path[BLOB_NEW_PATH_SIZE]);

/* For backends: such a path with all digits random. */
void blob_store_random_path(char path[BLOB_NEW_PATH_SIZE]);

#endif
