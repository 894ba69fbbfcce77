/* SPDX-License-Identifier: Apache-2.0 */
/* blob_store.c and filesystem/ when an allocation fails: each one in turn. */
#include "../no_memory.h"

#include "storage/blob_store.h"

#include <ftw.h>
#include <unistd.h>

#ifdef EXPORTD_FAULTS

static bool write_and_read(const void *url, struct error *error)
{
    static const char path[] = "ab/cdef/0123456789";
    struct blob_store *store = NULL;
    struct buffer bytes;
    int64_t size = 0;
    buffer_init(&bytes, BLOB_SIZE);
    const struct blob_put put = {.path = path, .bytes = "bytes", .size = 5};
    static const struct blob_paths unknown = {.count = 0};
    bool done = blob_store_open(url, "0600", &store, error) && blob_store_put(store, &put, error) &&
                blob_store_get(store, path, &bytes, error) &&
                blob_store_size(store, path, &size, error) &&
                blob_store_check(store, &unknown, NULL, error) && blob_store_probe(store, error) &&
                blob_store_remove(store, path, error);
    blob_store_free(store);
    buffer_free(&bytes);
    return done;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
    (void)status;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void a_folder(void **state)
{
    (void)state;
    char folder[] = "/tmp/exportd-no-memory-XXXXXX", url[64];
    assert_non_null(mkdtemp(folder));
    (void)snprintf(url, sizeof(url), "file://%s/files", folder);
    assert_true(no_memory_run(write_and_read, url) >= 2);
    assert_int_equal(nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_folder)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else
int main(void)
{
    return 0;
}
#endif
