/* SPDX-License-Identifier: Apache-2.0 */
/* A backend that gives the export's cursor and nothing else. */
#include "tagstore/backend.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct tagstore_operations only_the_cursor = {.free = NULL};
static struct tagstore store = {.operations = &only_the_cursor};
static const struct tag_place place = {.project_id = 1, .group_id = 7, .key = "k", .value = "v"};

static void refused(bool done, const struct error *error, const char *method)
{
    assert_false(done);
    assert_int_equal(error->code, ERROR_QUERY);
    assert_non_null(strstr(error->message, method));
}

static void a_question_left_out_is_an_error(void **state)
{
    (void)state;
    struct error error;
    struct tag_key tag_key;
    struct group_tag_value row;
    int64_t count = 0;
    refused(tagstore_get_group_tag_key(&store, &place, &tag_key, &error), &error,
            "get_group_tag_key");
    refused(tagstore_get_group_tag_value(&store, &place, &row, &error), &error,
            "get_group_tag_value");
    refused(tagstore_get_group_tag_value_count(&store, &place, &count, &error), &error,
            "get_group_tag_value_count");
}

static void writes_left_out_are_forgotten(void **state)
{
    (void)state;
    static const struct tag_increment once = {.count = 1};
    struct error error;
    struct tag_row row;
    for (int i = 0; i < 2; i++) {
        assert_true(tagstore_create_tag_value(&store, &place, &row, &error));
        assert_int_equal(row.times_seen, 0);
        assert_true(row.first_seen == USEC_NONE && row.last_seen == USEC_NONE);
    }
    assert_true(tagstore_incr_tag_value_times_seen(&store, &place, &once, &error));
    assert_true(tagstore_merge_group(&store, 1, 7, 8, &error));
    assert_true(tagstore_delete_all_group_tag_keys(&store, 1, 7, &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_left_out_is_an_error),
        cmocka_unit_test(writes_left_out_are_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
