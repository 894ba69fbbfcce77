/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "tagstore/label.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct error error;

static void assert_label(const char *key, const char *expected)
{
    const char *label = NULL;
    struct arena *arena = arena_new(4096);
    assert_non_null(arena);
    assert_true(tag_key_label(key, arena, &label, &error));
    assert_string_equal(label, expected);
    arena_free(arena);
}

static void test_key_label(void **state)
{
    (void)state;
    assert_label("exc_type", "Exception Type");
    assert_label("sentry:user", "User");
    assert_label("sentry:release", "Release");
    assert_label("sentry:dist", "Distribution");
    assert_label("os", "OS");
    assert_label("url", "URL");
    assert_label("server_name", "Server");
    assert_label("device_family", "Device Family");
    assert_label("device.FAMILY", "Device.Family");
    assert_label("http2go-x", "Http2Go-X");
    assert_label("sentry:other", "Sentry:Other");
    assert_label("_a__b", " A  B");
    assert_label("OS", "Os");
    assert_label("", "");
}

static void assert_stored(const char *key, const char *expected)
{
    const char *stored = NULL;
    struct arena *arena = arena_new(4096);
    assert_non_null(arena);
    assert_true(tag_key_stored(key, arena, &stored, &error));
    assert_string_equal(stored, expected);
    arena_free(arena);
}

static void test_stored_key(void **state)
{
    (void)state;
    assert_stored("release", "sentry:release");
    assert_stored("dist", "sentry:dist");
    assert_stored("user", "sentry:user");
    assert_stored("filename", "sentry:filename");
    assert_stored("function", "sentry:function");
    assert_stored("sentry:user", "sentry:user");
    assert_stored("User", "User");
    assert_stored("users", "users");
    assert_stored("environment", "environment");
}

static void test_standardized_key(void **state)
{
    (void)state;
    assert_string_equal(tag_key_standardized("sentry:user"), "user");
    assert_string_equal(tag_key_standardized("user"), "user");
    assert_string_equal(tag_key_standardized("a.sentry:b"), "b");
    assert_string_equal(tag_key_standardized("sentry:sentry:b"), "sentry:b");
    assert_string_equal(tag_key_standardized("sentry"), "sentry");
    assert_string_equal(tag_key_standardized("sentry:"), "");
}

static void test_value_label(void **state)
{
    (void)state;
    assert_string_equal(tag_value_label("sentry:user", "id:7"), "7");
    assert_string_equal(tag_value_label("sentry:user", "email:a@x.io"), "a@x.io");
    assert_string_equal(tag_value_label("sentry:user", "username:ann"), "ann");
    assert_string_equal(tag_value_label("sentry:user", "ip:::1"), "::1");
    assert_string_equal(tag_value_label("sentry:user", "id:id:7"), "id:7");
    assert_string_equal(tag_value_label("sentry:user", "7"), "7");
    assert_string_equal(tag_value_label("sentry:user", ""), "");
    assert_string_equal(tag_value_label("user", "id:7"), "id:7");
}

/* The keys that a list leaves out are in their stored form. */
static void test_unlisted(void **state)
{
    (void)state;
    for (size_t i = 0; i < TAG_UNLISTED_KEYS; i++)
        assert_stored(tag_unlisted_keys[i], tag_unlisted_keys[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key_label),        cmocka_unit_test(test_stored_key),
        cmocka_unit_test(test_standardized_key), cmocka_unit_test(test_value_label),
        cmocka_unit_test(test_unlisted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
