/* SPDX-License-Identifier: Apache-2.0 */
/* Lists exports by a filter, over a PostgreSQL of the test's own, and prints exports as JSON
   (export_json). */
#include "request/find.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "caller_fixture.h"
#include "request/export_json.h"

/* ---- lists ---- */

static struct export_list list_of(struct fixture *fixture, const struct caller *caller,
                                  const struct export_filter *filter, int64_t max)
{
    struct error error;
    const struct request_context context = {.caller = caller, .pg = fixture->pg};
    struct export_list list = {.exports = NULL};
    if (!request_list(&context, filter, max, &list, &error))
        fail_msg("%s", error.message);
    return list;
}

/* `expected`: the ids of the page, each with a blank after it. `older`: where the next page begins.
 */
static void expect_page(struct fixture *fixture, const struct caller *caller,
                        const struct export_filter *filter, const char *expected, int64_t older)
{
    const struct export_list list = list_of(fixture, caller, filter, 2);
    char ids[128] = "";
    for (size_t i = 0; i < json_array_size(list.exports); i++)
        (void)snprintf(ids + strlen(ids), sizeof(ids) - strlen(ids), "%" JSON_INTEGER_FORMAT " ",
                       json_integer_value(json_object_get(json_array_get(list.exports, i), "id")));
    assert_string_equal(ids, expected);
    assert_int_equal(list.older, older);
    json_decref(list.exports);
}

static void expect_count(struct fixture *fixture, const struct caller *caller,
                         const struct export_filter *filter, int64_t expected)
{
    struct error error;
    const struct request_context context = {.caller = caller, .pg = fixture->pg};
    int64_t count = -1;
    if (!request_count(&context, filter, &count, &error))
        fail_msg("%s", error.message);
    assert_int_equal(count, expected);
}

static void expect_failure(struct fixture *fixture, const struct caller *caller,
                           const struct export_filter *filter, enum error_code code)
{
    struct error error = {.code = ERROR_NONE};
    const struct request_context context = {.caller = caller, .pg = fixture->pg};
    struct export_list list;
    assert_false(request_list(&context, filter, 2, &list, &error));
    assert_int_equal(error.code, code);
}

static void test_pages(void **state)
{
    struct fixture *fixture = *state;
    struct export_filter filter = {.before = 0};
    for (int64_t id = 1; id <= 5; id++)
        insert_export(fixture, id, ANN, WEB);
    expect_page(fixture, &caller_operator, &filter, "5 4 ", 4);
    filter.before = 4;
    expect_page(fixture, &caller_operator, &filter, "3 2 ", 2);
    expect_count(fixture, &caller_operator, &filter, 5);
    filter.before = 2;
    expect_page(fixture, &caller_operator, &filter, "1 ", 0);
}

static void test_filters_of_an_operator(void **state)
{
    struct fixture *fixture = *state;
    insert_export(fixture, 1, ANN, WEB);
    insert_export(fixture, 2, BOB, WEB);
    insert_export(fixture, 3, STRANGER, WEB);
    run_sql(fixture->pg, "UPDATE sentry_exporteddata SET organization_id = 102 WHERE id = 3;"
                         "UPDATE sentry_exporteddata SET query_type = 1 WHERE id = 2");
    expect_page(fixture, &caller_operator, &(struct export_filter){.organization = "acme-inc"},
                "2 1 ", 0);
    expect_page(fixture, &caller_operator, &(struct export_filter){.user = "1002"}, "2 ", 0);
    expect_page(fixture, &caller_operator, &(struct export_filter){.user = "1001@example.com"},
                "1 ", 0);
    expect_page(fixture, &caller_operator, &(struct export_filter){.user = "77"}, "", 0);
    expect_page(fixture, &caller_operator,
                &(struct export_filter){.type = query_type_find(QUERY_DISCOVER)}, "2 ", 0);
    expect_page(fixture, &caller_operator,
                &(struct export_filter){.organization = "other", .user = "1001"}, "", 0);
    expect_failure(fixture, &caller_operator, &(struct export_filter){.organization = "nowhere"},
                   ERROR_NOT_FOUND);
    expect_failure(fixture, &caller_operator, &(struct export_filter){.user = "eve@example.com"},
                   ERROR_NOT_FOUND);
}

/* The filter narrows what the caller may see, and never widens it. */
static void test_filters_of_others(void **state)
{
    struct fixture *fixture = *state;
    const struct caller ann = load_caller(fixture, ACME, ANN);
    const struct caller manager = load_caller(fixture, ACME, MANAGER);
    insert_export(fixture, 1, ANN, WEB);
    insert_export(fixture, 2, BOB, WEB);
    insert_export(fixture, 3, STRANGER, WEB);
    run_sql(fixture->pg, "UPDATE sentry_exporteddata SET organization_id = 102 WHERE id = 3");
    expect_page(fixture, &ann, &(struct export_filter){.user = "1001"}, "1 ", 0);
    expect_page(fixture, &ann, &(struct export_filter){.user = "1002"}, "", 0);
    expect_count(fixture, &ann, &(struct export_filter){.user = "1002"}, 0);
    expect_page(fixture, &ann, &(struct export_filter){.user = "1002@example.com"}, "", 0);
    expect_page(fixture, &manager, &(struct export_filter){.user = "1002"}, "2 ", 0);
    expect_page(fixture, &manager, &(struct export_filter){.user = "1005"}, "", 0);
    expect_failure(fixture, &manager, &(struct export_filter){.user = "1005@example.com"},
                   ERROR_NOT_FOUND);
    expect_failure(fixture, &manager, &(struct export_filter){.organization = "other"},
                   ERROR_NOT_FOUND);
}

/* A page from which exports are left out is followed by the next page. */
static void test_pages_with_denied_projects(void **state)
{
    struct fixture *fixture = *state;
    const struct caller ann = load_caller(fixture, ACME, ANN);
    struct export_filter filter = {.before = 0};
    insert_export(fixture, 1, ANN, WEB);
    for (int64_t id = 2; id <= 4; id++)
        insert_export(fixture, id, ANN, API);
    expect_page(fixture, &ann, &filter, "", 3);
    filter.before = 3;
    expect_page(fixture, &ann, &filter, "1 ", 0);
}

/* ---- JSON ---- */

static void expect_json(const struct history_row *row, bool for_operator, const char *expected)
{
    struct error error;
    json_t *object = NULL;
    assert_true(export_json(row, for_operator, &object, &error));
    char *text = json_dumps(object, JSON_COMPACT);
    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
    json_decref(object);
}

static const int64_t noon = 1585137600 * USEC_PER_SECOND; /* of 2020-03-25 */

static void test_all_members(void **state)
{
    (void)state;
    const struct history_row row = {.id = 27,
                                    .status = "EARLY",
                                    .state = "delayed",
                                    .organization = "acme",
                                    .user = "ann@example.com",
                                    .query_info = "{}",
                                    .limit = 5,
                                    .environment_id = 6,
                                    .date_added = noon,
                                    .date_finished = USEC_NONE,
                                    .date_expired = USEC_NONE,
                                    .progress = {.rows = 3, .bytes = 4, .pages = 5},
                                    .size = 9,
                                    .sha1 = "abc",
                                    .attempts = 2,
                                    .failures = 1,
                                    .worker = "w",
                                    .next_try_at = noon + USEC_PER_SECOND / 2,
                                    .message = "away",
                                    .mail = "given-up",
                                    .mail_message = "full",
                                    .source = "cli",
                                    .priority = 3,
                                    .big = true,
                                    .crashes = 7,
                                    .rows_expected = 8,
                                    .truncated = "limit",
                                    .window_from = noon,
                                    .window_to = noon,
                                    .started_at = noon,
                                    .progress_at = noon,
                                    .expires_at = noon,
                                    .cause = "refused",
                                    .retry_of = 26};
    expect_json(
        &row, true,
        "{\"id\":27,\"status\":\"EARLY\",\"state\":\"delayed\",\"type\":\"Issues-by-Tag\","
        "\"organization\":\"acme\",\"user\":\"ann@example.com\","
        "\"file_name\":\"Issues-by-Tag_2020-March-25_27.csv\",\"query_info\":\"{}\","
        "\"limit\":5,\"environment_id\":6,\"date_added\":\"2020-03-25T12:00:00.000000Z\","
        "\"date_finished\":null,\"date_expired\":null,\"rows\":3,\"bytes\":4,\"pages\":5,"
        "\"size\":9,\"sha1\":\"abc\",\"attempts\":2,\"failures\":1,\"worker\":\"w\","
        "\"next_try_at\":\"2020-03-25T12:00:00.500000Z\",\"message\":\"away\","
        "\"mail\":\"given-up\",\"mail_message\":\"full\",\"source\":\"cli\",\"priority\":3,"
        "\"big\":true,\"crashes\":7,\"rows_expected\":8,\"values_read\":0,\"truncated\":\"limit\","
        "\"window_from\":\"2020-03-25T12:00:00.000000Z\","
        "\"window_to\":\"2020-03-25T12:00:00.000000Z\","
        "\"started_at\":\"2020-03-25T12:00:00.000000Z\","
        "\"progress_at\":\"2020-03-25T12:00:00.000000Z\","
        "\"expires_at\":\"2020-03-25T12:00:00.000000Z\",\"cause\":\"refused\","
        "\"retry_of\":26}");
}

/* An export that exportd has not seen, of an unknown type, as a user sees it. */
static void test_no_members(void **state)
{
    (void)state;
    const struct history_row row = {.id = 28,
                                    .status = "EARLY",
                                    .query_type = 2,
                                    .limit = -1,
                                    .environment_id = -1,
                                    .size = -1,
                                    .date_added = noon,
                                    .date_finished = USEC_NONE,
                                    .date_expired = USEC_NONE,
                                    .next_try_at = USEC_NONE,
                                    .mail = "none",
                                    .rows_expected = -1,
                                    .window_from = USEC_NONE,
                                    .window_to = USEC_NONE,
                                    .started_at = USEC_NONE,
                                    .progress_at = USEC_NONE,
                                    .expires_at = USEC_NONE,
                                    .cause = "refused"};
    expect_json(
        &row, false,
        "{\"id\":28,\"status\":\"EARLY\",\"state\":null,\"type\":null,"
        "\"organization\":null,\"user\":null,"
        "\"file_name\":\"None_2020-March-25_28.csv\",\"query_info\":null,"
        "\"limit\":\"invalid\",\"environment_id\":\"invalid\",\"date_added\":\"2020-03-"
        "25T12:00:00.000000Z\","
        "\"date_finished\":null,\"date_expired\":null,\"rows\":0,\"bytes\":0,\"pages\":0,"
        "\"size\":null,\"sha1\":null,\"attempts\":0,\"failures\":0,\"worker\":null,\"next_"
        "try_at\":null,"
        "\"message\":null,\"mail\":\"none\",\"mail_message\":null,\"source\":null,"
        "\"priority\":0,\"big\":false,\"crashes\":0,\"rows_expected\":null,\"values_read\":0,"
        "\"truncated\":null,\"window_from\":null,\"window_to\":null,\"started_at\":null,"
        "\"progress_at\":null,\"expires_at\":null,\"retry_of\":null}");
}

/* A cancelled export is finished, even while its row still exists. */
static void test_is_finished(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        bool finished;
    } cases[] = {{"{\"status\":\"EARLY\",\"state\":null}", false},
                 {"{\"status\":\"EARLY\",\"state\":\"running\"}", false},
                 {"{\"status\":\"EARLY\",\"state\":\"cancelled\"}", true},
                 {"{\"status\":\"CANCELLED\",\"state\":\"cancelled\"}", true},
                 {"{\"status\":\"VALID\",\"state\":null}", true}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        json_t *export = json_loads(cases[i].json, 0, NULL);
        assert_non_null(export);
        assert_int_equal(request_is_finished(export), cases[i].finished);
        json_decref(export);
    }
}

#define TEST(function) cmocka_unit_test_setup(function, prepare)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_pages),
        TEST(test_filters_of_an_operator),
        TEST(test_filters_of_others),
        TEST(test_pages_with_denied_projects),
        cmocka_unit_test(test_all_members),
        cmocka_unit_test(test_no_members),
        cmocka_unit_test(test_is_finished),
    };
    return cmocka_run_group_tests(tests, start_callers, stop);
}
