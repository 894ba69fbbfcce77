/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a tagstore, which connects to nothing yet. */
#include "tagstore/choose.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct error error;
static struct pg *pg;

static int make_pg(void **state)
{
    (void)state;
    pg = pg_new("", "exportd test");
    return pg == NULL ? -1 : 0;
}

static int free_pg(void **state)
{
    (void)state;
    pg_free(pg);
    return 0;
}

static bool open_store(const char *backend, const char *url, const char *dialect,
                       struct tagstore **store)
{
    const struct config config = {.snuba_url = (char *)url,
                                  .snuba_dialect = (char *)dialect,
                                  .tmpdir = (char *)"/tmp",
                                  .page_size_max = 10000};
    return tagstore_new(&config, backend, pg, store, &error);
}

static void test_backends(void **state)
{
    static const char url[] = "http://localhost:1218";
    (void)state;
    struct tagstore *store = NULL;
    assert_true(open_store("postgres", NULL, NULL, &store));
    assert_int_equal(tagstore_patience_ms(store), 0);
    tagstore_free(store);
    for (int i = 0; i < 2; i++) {
        assert_true(open_store("snuba", url, i == 0 ? "2018" : "2020", &store));
        assert_true(tagstore_patience_ms(store) > 0);
        tagstore_free(store);
    }
}

static void assert_refused(const char *backend, const char *url, const char *dialect,
                           const char *message)
{
    struct tagstore *store = NULL;
    assert_false(open_store(backend, url, dialect, &store));
    assert_null(store);
    assert_int_equal(error.code, ERROR_USAGE);
    assert_non_null(strstr(error.message, message));
}

static void test_wrong_settings(void **state)
{
    static const char url[] = "http://localhost:1218";
    (void)state;
    assert_refused("mysql", url, "2020", "there is no tagstore 'mysql'");
    assert_refused("", url, "2020", "there is no tagstore ''");
    assert_refused("snuba", url, "2019", "snuba has no dialect '2019'");
    assert_refused("snuba", "ftp://localhost", "2020", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_backends),
        cmocka_unit_test(test_wrong_settings),
    };
    return cmocka_run_group_tests(tests, make_pg, free_pg);
}
