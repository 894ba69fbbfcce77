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

/* ---- reading ---- */

static void accept(const char *query_info, int64_t project_id, int64_t group_id, const char *key)
{
    struct payload payload;
    if (!payload_parse(query_info, arena, &payload, &error))
        fail_msg("%s: %s", query_info, error.message);
    assert_int_equal(payload.project_id, project_id);
    assert_int_equal(payload.group_id, group_id);
    assert_string_equal(payload.key, key);
}

static void refuse(const char *query_info, const char *reason)
{
    struct payload payload;
    if (payload_parse(query_info, arena, &payload, &error))
        fail_msg("%s was taken", query_info);
    assert_int_equal(error.code, ERROR_EXPORT);
    assert_non_null(strstr(error.message, reason));
}

static void test_spellings(void **state)
{
    (void)state;
    accept("{\"project_id\": 1, \"group_id\": 7, \"key\": \"foo\"}", 1, 7, "foo");
    accept("{\"project_id\": \"1\", \"group_id\": \"7\", \"key\": \"foo\"}", 1, 7, "foo");
    accept("{\"project\": 1, \"group\": 7, \"key\": \"foo\"}", 1, 7, "foo");
    accept("{\"project\": [1], \"group\": \"7\", \"key\": \"foo\"}", 1, 7, "foo");
    accept("{\"project\": [\"1\"], \"group\": 7, \"key\": \"foo\", \"more\": [{}]}", 1, 7, "foo");
    accept("{\"project_id\": 1, \"project\": 2, \"group_id\": 3, \"group\": 4, \"key\": \"k\"}", 1,
           3, "k");
    accept("{\"project_id\": \"0009\", \"group_id\": 7, \"key\": \"f\\u00e4rbe\"}", 9, 7,
           "f\xc3\xa4rbe");
    accept("{\"project_id\": 1, \"group_id\": 7, \"key\": \"back\\\\u0000slash\"}", 1, 7,
           "back\\u0000slash");
}

#define IDS(project, group) "{\"project_id\": " project ", \"group_id\": " group ", \"key\": \"k\"}"

static void test_ids_that_no_column_holds(void **state)
{
    (void)state;
    accept(IDS("9223372036854775807", "\"9223372036854775807\""), INT64_MAX, INT64_MAX, "k");
    accept(IDS("9223372036854775808", "\"9223372036854775808\""), -1, -1, "k");
    accept(IDS("-1", "\"-5\""), -1, -1, "k");
    accept(IDS("99999999999999999999999999999999999999999999", "1"), -1, 1, "k");
    accept(IDS("\"99999999999999999999999999999999999999999999\"", "1"), -1, 1, "k");
}

static void test_wrong_members(void **state)
{
    static const char *const wrong[] = {"null",   "true",  "1.5",   "1.0",    "{}",
                                        "[]",     "\"\"",  "\"a\"", "\" 1\"", "\"1 \"",
                                        "\"+1\"", "\"-\"", "1e2"};
    char text[200];
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        (void)snprintf(text, sizeof(text), IDS("%s", "1"), wrong[i]);
        refuse(text, "project_id");
        (void)snprintf(text, sizeof(text), IDS("1", "%s"), wrong[i]);
        refuse(text, "group_id");
    }
    refuse(IDS("[1, 2]", "1"), "project_id");
    refuse(IDS("[[1]]", "1"), "project_id");
    refuse(IDS("1", "[1]"), "group_id");
    refuse("{}", "project_id");
    refuse("{\"project_id\": 1}", "group_id");
    refuse("{\"project_id\": 1, \"group_id\": 1}", "key");
    refuse("{\"project_id\": 1, \"group_id\": 1, \"key\": 5}", "key");
    refuse("{\"project_id\": 1, \"group_id\": 1, \"key\": \"\"}", "key");
}

static void test_no_object(void **state)
{
    static const char *const wrong[] = {"", "null", "7", "\"x\"", "[1]", "not JSON", "{", "{} {}"};
    char *deep = malloc(6001);
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
        refuse(wrong[i], "not a JSON object");
    assert_non_null(deep);
    memset(deep, '[', 3000);
    memset(deep + 3000, ']', 3000);
    deep[6000] = '\0';
    refuse(deep, "not a JSON object");
    free(deep);
    refuse("{\"project_id\": 1, \"group_id\": 1, \"key\": \"co\\u0000lor\"}", "not a JSON object");
}

/* ---- printing ---- */

static const char *print(const char *query_info, int64_t query_type)
{
    const char *text = NULL;
    assert_true(payload_print(query_info, query_type, arena, &text, &error));
    return text;
}

/* As Python's json.dumps(payload, sort_keys=True, indent=2, ensure_ascii=False) has it. */
static void test_print(void **state)
{
    (void)state;
    assert_string_equal(print("{\"project_id\": \"1\", \"group_id\": \"7\", \"key\": \"k\"}", 0),
                        "{\n"
                        "  \"export_type\": \"Issues-by-Tag\",\n"
                        "  \"group_id\": \"7\",\n"
                        "  \"key\": \"k\",\n"
                        "  \"project_id\": \"1\"\n"
                        "}");
    assert_string_equal(print("{\"z\": [], \"y\": {}, \"x\": [1, {\"b\": 0.1, \"a\": null}],"
                              " \"w\": \"\\u00e4\\\"\"}",
                              1),
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
    assert_string_equal(print("{}", 2), "{\n  \"export_type\": null\n}");
    assert_string_equal(print("{\"export_type\": \"mine\"}", 0),
                        "{\n  \"export_type\": \"Issues-by-Tag\"\n}");
}

static void test_print_what_is_no_object(void **state)
{
    (void)state;
    assert_string_equal(print("", 0), "");
    assert_string_equal(print("[1, 2]", 0), "[1, 2]");
    assert_string_equal(print("{not JSON \xff", 0), "{not JSON \xef\xbf\xbd");
}

static void test_print_is_cut(void **state)
{
    enum { SIZE = 3 * 1024 * 1024 };
    char *text = malloc(SIZE + 1);
    (void)state;
    assert_non_null(text);
    memset(text, 'x', SIZE);
    text[SIZE] = '\0';
    assert_int_equal(strlen(print(text, 0)), 16 * 1024);
    memcpy(text, "{\"key\": \"", 9);
    memcpy(text + 500000, "\"}", 3);
    assert_int_equal(strlen(print(text, 0)), 16 * 1024);
    free(text);
}

/* ---- writing ---- */

static void test_write(void **state)
{
    const char *text = NULL;
    (void)state;
    assert_true(payload_write(1, 7, "k", arena, &text, &error));
    assert_string_equal(text, "{\"project_id\": \"1\", \"group_id\": \"7\", \"key\": \"k\"}");
    assert_true(payload_write(INT64_MAX, INT64_MIN, "\xc3\xa4\xf0\x9f\x98\x80\"\\u00AB", arena,
                              &text, &error));
    assert_string_equal(text, "{\"project_id\": \"9223372036854775807\","
                              " \"group_id\": \"-9223372036854775808\","
                              " \"key\": \"\\u00e4\\ud83d\\ude00\\\"\\\\u00AB\"}");
    assert_false(payload_write(1, 7, "\xff", arena, &text, &error));
    assert_int_equal(error.code, ERROR_INVALID);
}

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

static void test_what_is_written_can_be_read(void **state)
{
    const char *text = NULL;
    (void)state;
    assert_true(payload_write(12, 34, "a\"b\\c\xc3\xa4", arena, &text, &error));
    accept(text, 12, 34, "a\"b\\c\xc3\xa4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_spellings, start, stop),
        cmocka_unit_test_setup_teardown(test_ids_that_no_column_holds, start, stop),
        cmocka_unit_test_setup_teardown(test_wrong_members, start, stop),
        cmocka_unit_test_setup_teardown(test_no_object, start, stop),
        cmocka_unit_test_setup_teardown(test_print, start, stop),
        cmocka_unit_test_setup_teardown(test_print_what_is_no_object, start, stop),
        cmocka_unit_test_setup_teardown(test_print_is_cut, start, stop),
        cmocka_unit_test_setup_teardown(test_write, start, stop),
        cmocka_unit_test_setup_teardown(test_write_an_object, start, stop),
        cmocka_unit_test_setup_teardown(test_what_is_written_can_be_read, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
