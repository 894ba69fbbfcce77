/* SPDX-License-Identifier: Apache-2.0 */
/* The writes, over a backend that has none and over one whose rows exist already.
   tests/unit/tagstore/postgres/ writes real tables. */
#include "tagstore/backend.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct error error;
static const struct tag_place place = {.project_id = 1, .group_id = 7, .key = "k", .value = "v"};

static void test_missing_writes_are_dropped(void **state)
{
    static const struct tagstore_operations nothing = {.free = NULL};
    static const struct tag_increment once = {.count = 1};
    static struct tagstore store = {.operations = &nothing};
    (void)state;
    struct tag_row row;
    struct tag_id_list deleted = {.count = 9};
    for (int i = 0; i < 2; i++) {
        assert_true(tagstore_create_tag_value(&store, &place, &row, &error));
        assert_int_equal(row.times_seen, 0);
        assert_true(row.first_seen == USEC_NONE && row.last_seen == USEC_NONE);
    }
    assert_true(tagstore_incr_tag_value_times_seen(&store, &place, &once, &error));
    assert_true(tagstore_merge_group(&store, 1, 7, 8, &error));
    assert_true(tagstore_delete_all_group_tag_keys(&store, 1, 7, &error));
    assert_true(tagstore_delete_tag_key(&store, &place, &deleted, &error));
    assert_int_equal(deleted.count, 0);
}

/* ---- a backend whose rows exist already ---- */

static enum tag_class asked;

static bool find_row(struct tagstore *store, enum tag_class class, const struct tag_place *of,
                     struct tag_row *row, struct error *failure)
{
    (void)store, (void)of, (void)failure;
    asked = class;
    *row = (struct tag_row){.id = 12};
    return true;
}

static bool count_row(struct tagstore *store, enum tag_class class, const struct tag_place *of,
                      const struct tag_increment *increment, struct error *failure)
{
    (void)store, (void)of, (void)increment, (void)failure;
    asked = class;
    return true;
}

static const struct tagstore_operations existing = {.get_or_create = find_row,
                                                    .incr_times_seen = count_row};
static struct tagstore full_store = {.operations = &existing};

typedef bool row_method(struct tagstore *store, const struct tag_place *of, struct tag_row *row,
                        struct error *failure);

static void test_rows_that_exist(void **state)
{
    static const struct {
        row_method *get, *create;
        enum tag_class class;
    } cases[] = {
        {tagstore_get_or_create_tag_key, tagstore_create_tag_key, TAG_KEY},
        {tagstore_get_or_create_tag_value, tagstore_create_tag_value, TAG_VALUE},
        {tagstore_get_or_create_group_tag_key, tagstore_create_group_tag_key, GROUP_TAG_KEY},
        {tagstore_get_or_create_group_tag_value, tagstore_create_group_tag_value, GROUP_TAG_VALUE},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct tag_row row;
        assert_true(cases[i].get(&full_store, &place, &row, &error));
        assert_int_equal(row.id, 12);
        assert_int_equal(asked, cases[i].class);
        asked = TAG_CLASSES;
        assert_false(cases[i].create(&full_store, &place, &row, &error));
        assert_int_equal(error.code, ERROR_CONFLICT);
        assert_int_equal(asked, cases[i].class);
    }
}

static void test_sightings_count_in_their_class(void **state)
{
    static const struct tag_increment once = {.count = 1};
    (void)state;
    assert_true(tagstore_incr_tag_value_times_seen(&full_store, &place, &once, &error));
    assert_int_equal(asked, TAG_VALUE);
    assert_true(tagstore_incr_group_tag_value_times_seen(&full_store, &place, &once, &error));
    assert_int_equal(asked, GROUP_TAG_VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_missing_writes_are_dropped),
        cmocka_unit_test(test_rows_that_exist),
        cmocka_unit_test(test_sightings_count_in_their_class),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
