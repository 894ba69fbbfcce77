/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/blob_store.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/metric.h"
#include "base/text.h"
#include "base/url.h"
#include "storage/filesystem/filesystem.h"

enum { PART_MAX = 255 };

static bool check_url(const char *text, struct url *url, struct error *error)
{
    static const char *const options[] = {NULL};
    if (!url_parse(text, url, error))
        return false;
    if (!url_check_options(url, options, error))
        return false;
    if (!text_equal(url->scheme, "file") || url->host[0] != '\0' || url->port != 0 ||
        url->user[0] != '\0' || url->password[0] != '\0' || url->path[0] != '/' ||
        url->path[1] == '\0')
        return error_set(error, ERROR_USAGE, "not of the form file:///folder");
    return true;
}

bool blob_store_open(const char *text, const char *mode, struct blob_store **store,
                     struct error *error)
{
    struct url url;
    *store = NULL;
    if (!check_url(text, &url, error)) {
        error->code = ERROR_USAGE;
        return error_prefix(error, "EXPORTD_STORAGE_URL");
    }
    *store = filesystem_store_new(url.path, (mode_t)strtol(mode, NULL, 8));
    return *store != NULL || error_no_memory(error);
}

void blob_store_free(struct blob_store *store)
{
    if (store != NULL)
        store->operations->free(store);
}

static bool part_is_good(const char *part, size_t size)
{
    bool dots = (size == 1 && part[0] == '.') || (size == 2 && part[0] == '.' && part[1] == '.');
    return size > 0 && size <= PART_MAX && !dots;
}

bool blob_store_check_path(const char *path, struct error *error)
{
    if (path == NULL || path[0] == '\0')
        return error_set(error, ERROR_INVALID, "the blob has no path");
    if (strlen(path) >= BLOB_PATH_MAX || text_has_control(path))
        return error_set(error, ERROR_INVALID, "the blob's path is overlong or not printable");
    for (const char *part = path;;) {
        size_t size = strcspn(part, "/");
        if (!part_is_good(part, size))
            return error_set(error, ERROR_INVALID,
                             "the blob's path is absolute or has an empty, '.' or '..' part");
        if (part[size] == '\0')
            return true;
        part += size + 1;
    }
}

/* Counts an operation, and the bytes that it has moved. Returns `done`. */
static bool measure(const char *op, int64_t began_usec, bool done, size_t bytes)
{
    metric_observe(METRIC_STORAGE_DURATION, clock_monotonic_usec() - began_usec, op);
    if (done && bytes > 0)
        metric_add(METRIC_STORAGE_BYTES, (int64_t)bytes, op, NULL);
    return done;
}

bool blob_store_put_begin(struct blob_store *store, struct blob_put *put, struct error *error)
{
    put->transfer = NULL;
    put->began_usec = clock_monotonic_usec();
    return blob_store_check_path(put->path, error) &&
           (store->operations->put_begin == NULL ||
            store->operations->put_begin(store, put, error));
}

bool blob_store_put_finish(struct blob_store *store, struct blob_put *put, struct error *error)
{
    bool done = store->operations->put_finish(store, put, error);
    return measure("put", put->began_usec, done, put->size);
}

bool blob_store_put(struct blob_store *store, const struct blob_put *put, struct error *error)
{
    struct blob_put own = *put;
    return blob_store_put_begin(store, &own, error) && blob_store_put_finish(store, &own, error);
}

bool blob_store_get(struct blob_store *store, const char *path, struct buffer *out,
                    struct error *error)
{
    int64_t began_usec = clock_monotonic_usec();
    size_t before = out->size;
    bool done =
        blob_store_check_path(path, error) && store->operations->get(store, path, out, error);
    return measure("get", began_usec, done, out->size - before);
}

bool blob_store_size(struct blob_store *store, const char *path, int64_t *size, struct error *error)
{
    return blob_store_check_path(path, error) && store->operations->size(store, path, size, error);
}

bool blob_store_remove(struct blob_store *store, const char *path, struct error *error)
{
    int64_t began_usec = clock_monotonic_usec();
    bool done = blob_store_check_path(path, error) && store->operations->remove(store, path, error);
    return measure("remove", began_usec, done, 0);
}

bool blob_store_probe(struct blob_store *store, struct error *error)
{
    return store->operations->probe(store, error);
}

bool blob_store_make(struct blob_store *store, struct error *error)
{
    return store->operations->make(store, error);
}

bool blob_store_check(struct blob_store *store, const struct blob_paths *known,
                      const struct blob_warnings *warnings, struct error *error)
{
    return store->operations->check(store, known, warnings, error);
}

void blob_store_new_path(struct blob_store *store, char path[BLOB_NEW_PATH_SIZE])
{
    store->operations->new_path(store, path);
}

void blob_store_random_path(char path[BLOB_NEW_PATH_SIZE])
{
    char hex[RANDOM_HEX_SIZE];
    random_hex(hex);
    (void)snprintf(path, BLOB_NEW_PATH_SIZE, "%.2s/%.4s/%.26s", hex, hex + 2, hex + 6);
}
