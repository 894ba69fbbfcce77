/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the bytes of blobs are: objects of at most 1 MiB, each named by a path relative to the
 * store's root. One interface over several backends; callers see only this page.
 */
#ifndef STORAGE_BLOB_STORE_H
#define STORAGE_BLOB_STORE_H

#include "base/buffer.h"

#define BLOB_SIZE          ((size_t)1024 * 1024) /* the largest object */
#define BLOB_PATH_MAX      512
#define BLOB_NEW_PATH_SIZE 35

struct blob_store;

enum blob_put_flags {
    /* No one reads from the path before the put is finished, as from a new random one. The object
       may be there in part meanwhile, and after a crash: the file system saves a rename. */
    BLOB_PUT_NEW = 1,
};

/* One object on its way into the store. The struct, the path and the bytes belong to the caller and
   stay as they are until the put is finished. */
struct blob_put {
    const char *path;
    const void *bytes;
    size_t size;
    unsigned flags; /* enum blob_put_flags */
    void *transfer; /* the backend's, between begin and finish */
};

/* Paths of objects that should be in the store. */
struct blob_paths {
    const char *const *items;
    size_t count;
};

/* Is told what a store cannot promise, in a sentence. */
typedef void blob_store_warn(const char *sentence);

/* What a backend provides: each function as the one of its name below. Its struct begins with
   struct blob_store. The paths that it gets are checked. */
struct blob_store_operations {
    /* Optional: a backend that has nothing in flight does all its work in put_finish. */
    bool (*put_begin)(struct blob_store *, struct blob_put *, struct error *);
    bool (*put_finish)(struct blob_store *, struct blob_put *, struct error *);
    bool (*get)(struct blob_store *, const char *path, struct buffer *out, struct error *);
    bool (*size)(struct blob_store *, const char *path, int64_t *size, struct error *);
    bool (*remove)(struct blob_store *, const char *path, struct error *);
    bool (*probe)(struct blob_store *, struct error *);
    bool (*make)(struct blob_store *, struct error *);
    bool (*check)(struct blob_store *, const struct blob_paths *, blob_store_warn *,
                  struct error *);
    void (*new_path)(struct blob_store *, char path[BLOB_NEW_PATH_SIZE]);
    void (*free)(struct blob_store *);
};

/* For one thread at a time. */
struct blob_store {
    const struct blob_store_operations *operations;
};

/* The store that EXPORTD_STORAGE_URL names (file:///folder). `mode` is EXPORTD_STORAGE_MODE, that
   of new objects, in octal digits. ERROR_USAGE. */
bool blob_store_open(const char *url, const char *mode, struct blob_store **store,
                     struct error *error) MUST_CHECK;
void blob_store_free(struct blob_store *store); /* no put is in flight; NULL is fine */

/* ERROR_INVALID for an absolute path, one with an empty, `.` or `..` part, a control character, or
   an overlong one. Every function below checks it first: paths come from a database. */
bool blob_store_check_path(const char *path, struct error *error) MUST_CHECK;

/* Begins to write a whole object; an object of that path is replaced. Several puts may be in
   flight. After a success blob_store_put_finish must be called, after a failure it must not. */
bool blob_store_put_begin(struct blob_store *store, struct blob_put *put,
                          struct error *error) MUST_CHECK;

/* Waits until the object is safe (on disk, as far as the store can promise it), or tells why it is
   not: then the path holds nothing new. Private to the owner, or as `mode` says. ERROR_AWAY: the
   store is full or cannot be reached; ERROR_DENIED: it must not be written; ERROR_INVALID: a folder
   is in its place. */
bool blob_store_put_finish(struct blob_store *store, struct blob_put *put,
                           struct error *error) MUST_CHECK;

/* Both in one: the object is safe when this returns. */
bool blob_store_put(struct blob_store *store, const struct blob_put *put,
                    struct error *error) MUST_CHECK;

/* Appends the object to `out`. ERROR_NOT_FOUND, ERROR_TOO_LARGE; ERROR_INVALID: something else is
   in its place, such as a symbolic link. */
bool blob_store_get(struct blob_store *store, const char *path, struct buffer *out,
                    struct error *error) MUST_CHECK;

/* The object's size in bytes. ERROR_NOT_FOUND. */
bool blob_store_size(struct blob_store *store, const char *path, int64_t *size,
                     struct error *error) MUST_CHECK;

/* ERROR_NOT_FOUND when there is none. */
bool blob_store_remove(struct blob_store *store, const char *path, struct error *error) MUST_CHECK;

/* Whether an object could be put now, as far as that can be told without writing: cheap enough for
   every few seconds. Fails for a store that is missing, full, read-only or forbidden. */
bool blob_store_probe(struct blob_store *store, struct error *error) MUST_CHECK;

/* Makes the root, if it is missing: for the start of a worker. */
bool blob_store_make(struct blob_store *store, struct error *error) MUST_CHECK;

/* The probe, and a trial that writes: for `exportd check` and the start of a worker. Leaves
   nothing. `known` are objects that should be there, such as the newest of a database: when there
   are any and none is found, the store is a wrong folder or an empty mount point, which is
   ERROR_NOT_FOUND. A root that is missing is fine when it could be made and no object is known.
   `warn`, which may be NULL, is told of that, and of objects whose owner could not read new ones.
 */
bool blob_store_check(struct blob_store *store, const struct blob_paths *known,
                      blob_store_warn *warn, struct error *error) MUST_CHECK;

/* A path for a new object: 2, 4 and 26 hex digits, as Sentry's are (ab/cdef/0123...). The last 26
   are random for each path; the backend chooses whether paths share their folders. */
void blob_store_new_path(struct blob_store *store, char path[BLOB_NEW_PATH_SIZE]);

/* For backends: such a path, random as a whole. */
void blob_store_random_path(char path[BLOB_NEW_PATH_SIZE]);

#endif
