/* SPDX-License-Identifier: Apache-2.0 */
/* The rules for slugs and addresses. They are checked before the database is asked: without a
   connection, a good slug or address leads to ERROR_AWAY. */
#include "model/organization.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define TEN         "0123456789"
#define THREE_WIDE  "\xc3\xa4\xc3\xa4\xc3\xa4"
#define TWELVE_WIDE THREE_WIDE THREE_WIDE THREE_WIDE THREE_WIDE

static struct pg *pg;

static int make_pg(void **state)
{
    (void)state;
    pg = pg_new("", "test");
    return pg == NULL ? -1 : 0;
}

static int free_pg(void **state)
{
    (void)state;
    pg_free(pg);
    return 0;
}

static void assert_slug(const char *slug, enum error_code expected)
{
    struct error error = {.code = ERROR_NONE};
    const struct new_project project = {.organization_id = 1, .slug = slug};
    int64_t id = 0;
    assert_false(organization_create(pg, slug, &id, &error));
    assert_int_equal(error.code, expected);
    assert_false(project_create(pg, &project, &id, &error));
    assert_int_equal(error.code, expected);
}

static void assert_email(const char *email, enum error_code expected)
{
    struct error error = {.code = ERROR_NONE};
    int64_t id = 0;
    assert_false(user_create(pg, 1, email, &id, &error));
    assert_int_equal(error.code, expected);
}

static void test_good_slugs(void **state)
{
    (void)state;
    assert_slug("a", ERROR_AWAY);
    assert_slug("-", ERROR_AWAY);
    assert_slug("2-fast_4-you", ERROR_AWAY);
    assert_slug(TEN TEN TEN TEN "123456789x", ERROR_AWAY);
}

static void test_bad_slugs(void **state)
{
    (void)state;
    assert_slug("", ERROR_INVALID);
    assert_slug("123", ERROR_INVALID);
    assert_slug("Acme", ERROR_INVALID);
    assert_slug("a b", ERROR_INVALID);
    assert_slug("a/b", ERROR_INVALID);
    assert_slug("caf\xc3\xa9", ERROR_INVALID);
    assert_slug(TEN TEN TEN TEN TEN "x", ERROR_INVALID);
}

static void test_good_addresses(void **state)
{
    (void)state;
    assert_email("a@b", ERROR_AWAY);
    assert_email("o'hara+tag@mail.example.com", ERROR_AWAY);
    assert_email("m\xc3\xa4rz@example.com", ERROR_AWAY);
    assert_email(TEN TEN TEN TEN TEN TEN TEN "@b.de", ERROR_AWAY);
}

static void test_bad_addresses(void **state)
{
    (void)state;
    assert_email("", ERROR_INVALID);
    assert_email("ann", ERROR_INVALID);
    assert_email("@example.com", ERROR_INVALID);
    assert_email("ann@", ERROR_INVALID);
    assert_email("ann@b@c", ERROR_INVALID);
    assert_email("a nn@b", ERROR_INVALID);
    assert_email("ann@b\r\nBcc: eve@c", ERROR_INVALID);
    assert_email("ann\x7f@b", ERROR_INVALID);
    assert_email("ann\xff@b", ERROR_INVALID);
    assert_email(TEN TEN TEN TEN TEN TEN TEN "1@b.de", ERROR_INVALID);
}

/* The limit is 75 characters, whatever their number of bytes. */
static void test_address_counts_characters(void **state)
{
    (void)state;
    assert_email(TWELVE_WIDE TWELVE_WIDE TWELVE_WIDE TWELVE_WIDE TWELVE_WIDE TWELVE_WIDE "@bc",
                 ERROR_AWAY);
    assert_email(TWELVE_WIDE TWELVE_WIDE TWELVE_WIDE TWELVE_WIDE TWELVE_WIDE TWELVE_WIDE "@bcd",
                 ERROR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_slugs),
        cmocka_unit_test(test_bad_slugs),
        cmocka_unit_test(test_good_addresses),
        cmocka_unit_test(test_bad_addresses),
        cmocka_unit_test(test_address_counts_characters),
    };
    return cmocka_run_group_tests(tests, make_pg, free_pg);
}
