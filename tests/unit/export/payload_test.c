/* SPDX-License-Identifier: Apache-2.0 */
#include "export/payload.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct arena *arena;
static struct error error;

static int start(void **state)
{
    (void)state;
    arena = arena_new((size_t)8 * 1024 * 1024);
    return arena == NULL ? -1 : 0;
}

static int stop(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* ---- printing ---- */

static const char *print_payload(const char *query_info, const char *type)
{
    const char *text = NULL;
    assert_true(payload_print(query_info, type, arena, &text, &error));
    return text;
}

/* As Python's json.dumps(payload, sort_keys=True, indent=2, ensure_ascii=False) prints it. */
static void test_print(void **state)
{
    (void)state;
    assert_string_equal(
        print_payload("{\"project_id\": \"1\", \"group_id\": \"7\", \"key\": \"k\"}",
                      "Issues-by-Tag"),
        "{\n"
        "  \"export_type\": \"Issues-by-Tag\",\n"
        "  \"group_id\": \"7\",\n"
        "  \"key\": \"k\",\n"
        "  \"project_id\": \"1\"\n"
        "}");
    assert_string_equal(
        print_payload("{\"z\": [], \"y\": {}, \"x\": [1, {\"b\": 0.1, \"a\": null}],"
                      " \"w\": \"\\u00e4\\\"\"}",
                      "Discover"),
        "{\n"
        "  \"export_type\": \"Discover\",\n"
        "  \"w\": \"\xc3\xa4\\\"\",\n"
        "  \"x\": [\n"
        "    1,\n"
        "    {\n"
        "      \"a\": null,\n"
        "      \"b\": 0.1\n"
        "    }\n"
        "  ],\n"
        "  \"y\": {},\n"
        "  \"z\": []\n"
        "}");
    assert_string_equal(print_payload("{}", NULL), "{\n  \"export_type\": null\n}");
    assert_string_equal(print_payload("{\"export_type\": \"mine\"}", "Issues-by-Tag"),
                        "{\n  \"export_type\": \"Issues-by-Tag\"\n}");
}

static void test_print_what_is_no_object(void **state)
{
    (void)state;
    assert_string_equal(print_payload("", "Discover"), "");
    assert_string_equal(print_payload("[1, 2]", "Discover"), "[1, 2]");
    assert_string_equal(print_payload("{not JSON \xff", "Discover"), "{not JSON \xef\xbf\xbd");
}

static void test_print_is_cut(void **state)
{
    enum { SIZE = 3 * 1024 * 1024 };
    char *text = malloc(SIZE + 1);
    (void)state;
    assert_non_null(text);
    memset(text, 'x', SIZE);
    text[SIZE] = '\0';
    assert_int_equal(strlen(print_payload(text, "Discover")), 16 * 1024);
    memcpy(text, "{\"key\": \"", 9);
    memcpy(text + 500000, "\"}", 3);
    assert_int_equal(strlen(print_payload(text, "Discover")), 16 * 1024);
    free(text);
}

/* ---- writing ---- */

static void test_write_an_object(void **state)
{
    const char *text = NULL;
    json_t *object = NULL;
    const char *query = "{\"b\":[1,2.5,null],\"a\":\"\xc3\xa9/\\\\u00AB\"}";
    (void)state;
    assert_true(json_parse(query, strlen(query), 1000, &object, &error));
    assert_true(payload_write_object(object, arena, &text, &error));
    json_decref(object);
    assert_string_equal(text, "{\"b\": [1, 2.5, null], \"a\": \"\\u00e9/\\\\u00AB\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_print, start, stop),
        cmocka_unit_test_setup_teardown(test_print_what_is_no_object, start, stop),
        cmocka_unit_test_setup_teardown(test_print_is_cut, start, stop),
        cmocka_unit_test_setup_teardown(test_write_an_object, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
