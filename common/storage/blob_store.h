/*
 * Where the bytes of blobs are: objects named by a path relative to the store's root. One
 * interface, several kinds; callers see only this page.
 */
#ifndef STORAGE_BLOB_STORE_H
#define STORAGE_BLOB_STORE_H

#include "base/buffer.h"

#define BLOB_SIZE     ((size_t)1024 * 1024) /* the largest object */
#define BLOB_PATH_MAX 512

struct blob_store;

/* What a kind of store provides: each function as the one of its name below. Its struct begins with
   struct blob_store. */
struct blob_store_operations {
    bool (*create)(struct blob_store *, const char *path, const void *bytes, size_t size,
                   struct error *);
    bool (*write)(struct blob_store *, const char *path, const void *bytes, size_t size,
                  struct error *);
    bool (*read)(struct blob_store *, const char *path, struct buffer *out, struct error *);
    bool (*size)(struct blob_store *, const char *path, int64_t *size, struct error *);
    bool (*remove)(struct blob_store *, const char *path, struct error *);
    bool (*check)(struct blob_store *, struct error *);
    void (*free)(struct blob_store *);
};

/* For one thread at a time. */
struct blob_store {
    const struct blob_store_operations *operations;
    char folder[8];     /* of new paths: ab/cdef */
    int folder_has_had; /* how many new paths; at 0 there is no folder yet */
};

/* The store that EXPORTD_STORAGE_URL names (file:///folder). ERROR_USAGE. */
bool blob_store_open(const char *url, struct blob_store **store, struct error *error) MUST_CHECK;
void blob_store_free(struct blob_store *store); /* NULL is fine */

/* ERROR_INVALID for an absolute path, one with an empty, `.` or `..` part, a control character, or
   an overlong one. Every function below checks it first: paths come from a database. */
bool blob_store_check_path(const char *path, struct error *error) MUST_CHECK;

/* Like blob_store_write, for a path that nobody reads from before this returns, such as a new
   random one: on disk it may be there in part meanwhile, which saves a rename and its sync. A
   failure leaves none; a crash may leave a part. */
bool blob_store_create(struct blob_store *store, const char *path, const void *bytes, size_t size,
                       struct error *error) MUST_CHECK;

/* Writes a whole object, safe on disk when it returns; an object of that name is replaced. Private
   to the owner (0600, folders 0700). ERROR_AWAY: disk full; ERROR_DENIED: not writable. */
bool blob_store_write(struct blob_store *store, const char *path, const void *bytes, size_t size,
                      struct error *error) MUST_CHECK;

/* Appends the object to `out`. ERROR_NOT_FOUND, ERROR_TOO_LARGE. */
bool blob_store_read(struct blob_store *store, const char *path, struct buffer *out,
                     struct error *error) MUST_CHECK;

/* The object's size in bytes. ERROR_NOT_FOUND. */
bool blob_store_size(struct blob_store *store, const char *path, int64_t *size,
                     struct error *error) MUST_CHECK;

/* ERROR_NOT_FOUND when there is none. */
bool blob_store_remove(struct blob_store *store, const char *path, struct error *error) MUST_CHECK;

/* Whether objects can be written: for `exportd check` and before jobs are taken. */
bool blob_store_check(struct blob_store *store, struct error *error) MUST_CHECK;

/* A new path, 2/4/26 hex digits as Sentry's are: ab/cdef/0123... (spec/original.md 2.3). The 26 are
   random for each path, the other six for each thousand: to make two folders for an object, and to
   get these onto the disk, takes longer than a small object itself. */
#define BLOB_NEW_PATH_SIZE 35
void blob_store_new_path(struct blob_store *store, char path[BLOB_NEW_PATH_SIZE]);

#endif
