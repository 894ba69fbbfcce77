/* SPDX-License-Identifier: Apache-2.0 */
#include "model/event_user.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct arena *arena;

static int make_arena(void **state)
{
    (void)state;
    arena = arena_new(4096);
    return arena == NULL ? -1 : 0;
}

static int free_arena(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const char *tag_value(const char *ident, const char *username, const char *email,
                             const char *ip_address)
{
    struct error error;
    const char *value = "untouched";
    const struct event_user user = {
        .ident = ident, .email = email, .username = username, .ip_address = ip_address};
    assert_true(event_user_tag_value(&user, arena, &value, &error));
    return value;
}

/* The first attribute that is not empty counts, in the order ident, username, email, ip_address. */
static void test_order(void **state)
{
    (void)state;
    assert_string_equal(tag_value("7", "ann", "a@x.io", "10.0.0.1"), "id:7");
    assert_string_equal(tag_value(NULL, "ann", "a@x.io", "10.0.0.1"), "username:ann");
    assert_string_equal(tag_value(NULL, NULL, "a@x.io", "10.0.0.1"), "email:a@x.io");
    assert_string_equal(tag_value(NULL, NULL, NULL, "10.0.0.1"), "ip:10.0.0.1");
}

static void test_empty_is_nothing(void **state)
{
    (void)state;
    assert_string_equal(tag_value("", "", "a@x.io", NULL), "email:a@x.io");
    assert_null(tag_value("", NULL, "", ""));
    assert_null(tag_value(NULL, NULL, NULL, NULL));
}

static void test_colons_stay(void **state)
{
    (void)state;
    assert_string_equal(tag_value(NULL, NULL, NULL, "fe80::1"), "ip:fe80::1");
    assert_string_equal(tag_value("id:7", NULL, NULL, NULL), "id:id:7");
}

/* A value that does not fit into the arena is an error, and is not cut. */
static void test_no_room(void **state)
{
    (void)state;
    struct error error;
    const char *value = NULL;
    const struct event_user user = {.ident = "much longer than eight bytes"};
    struct arena *small = arena_new(8);
    assert_non_null(small);
    assert_false(event_user_tag_value(&user, small, &value, &error));
    assert_int_equal(error.code, ERROR_TOO_LARGE);
    arena_free(small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_empty_is_nothing),
        cmocka_unit_test(test_colons_stay),
        cmocka_unit_test(test_no_room),
    };
    return cmocka_run_group_tests(tests, make_arena, free_arena);
}
