/* SPDX-License-Identifier: Apache-2.0 */
#include "export/issues_by_tag_payload.h"

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
    struct issues_by_tag_payload payload;
    if (!issues_by_tag_payload_parse(query_info, arena, &payload, &error))
        fail_msg("%s: %s", query_info, error.message);
    assert_int_equal(payload.project_id, project_id);
    assert_int_equal(payload.group_id, group_id);
    assert_string_equal(payload.key, key);
}

static void refuse(const char *query_info, const char *reason)
{
    struct issues_by_tag_payload payload;
    if (issues_by_tag_payload_parse(query_info, arena, &payload, &error))
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

/* ---- writing ---- */

static bool write_payload(int64_t project_id, int64_t group_id, const char *key, const char **text)
{
    const struct issues_by_tag_payload payload = {
        .project_id = project_id, .group_id = group_id, .key = key};
    return issues_by_tag_payload_write(&payload, arena, text, &error);
}

static void test_write(void **state)
{
    const char *text = NULL;
    (void)state;
    assert_true(write_payload(1, 7, "k", &text));
    assert_string_equal(text, "{\"project_id\": \"1\", \"group_id\": \"7\", \"key\": \"k\"}");
    assert_true(write_payload(INT64_MAX, INT64_MIN, "\xc3\xa4\xf0\x9f\x98\x80\"\\u00AB", &text));
    assert_string_equal(text, "{\"project_id\": \"9223372036854775807\","
                              " \"group_id\": \"-9223372036854775808\","
                              " \"key\": \"\\u00e4\\ud83d\\ude00\\\"\\\\u00AB\"}");
    assert_false(write_payload(1, 7, "\xff", &text));
    assert_int_equal(error.code, ERROR_INVALID);
}

static void test_what_is_written_can_be_read(void **state)
{
    const char *text = NULL;
    (void)state;
    assert_true(write_payload(12, 34, "a\"b\\c\xc3\xa4", &text));
    accept(text, 12, 34, "a\"b\\c\xc3\xa4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_spellings, start, stop),
        cmocka_unit_test_setup_teardown(test_ids_that_no_column_holds, start, stop),
        cmocka_unit_test_setup_teardown(test_wrong_members, start, stop),
        cmocka_unit_test_setup_teardown(test_no_object, start, stop),
        cmocka_unit_test_setup_teardown(test_write, start, stop),
        cmocka_unit_test_setup_teardown(test_what_is_written_can_be_read, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
