/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "base/row_set.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct row {
    int64_t number;
    const char *text;
    int64_t extra; /* not compared */
};

static bool same(const void *a, const void *b)
{
    const struct row *left = a;
    const struct row *right = b;
    return left->number == right->number && strcmp(left->text, right->text) == 0;
}

static size_t add(struct row_set *set, uint64_t hash, struct row row)
{
    struct error error;
    size_t place = SIZE_MAX;
    assert_true(row_set_add(set, hash, &row, &place, &error));
    return place;
}

static uint64_t hash_of(int64_t number, const char *text)
{
    return row_hash_text(row_hash_int(ROW_HASH, number), text);
}

static void test_each_once(void **state)
{
    (void)state;
    struct row_set set;
    row_set_init(&set, sizeof(struct row), same);
    assert_int_equal(add(&set, hash_of(1, "a"), (struct row){1, "a", 7}), 0);
    assert_int_equal(add(&set, hash_of(1, "b"), (struct row){1, "b", 0}), 1);
    assert_int_equal(add(&set, hash_of(2, "a"), (struct row){2, "a", 0}), 2);
    assert_int_equal(add(&set, hash_of(1, "a"), (struct row){1, "a", 8}), 0);
    assert_int_equal(set.count, 3);
    assert_int_equal(((struct row *)set.rows)[0].extra, 7);
    row_set_free(&set);
    assert_int_equal(set.count, 0);
    assert_int_equal(add(&set, hash_of(1, "b"), (struct row){1, "b", 0}), 0);
    row_set_free(&set);
}

/* Different rows with the same hash stay different. */
static void test_equal_hashes(void **state)
{
    (void)state;
    struct row_set set;
    row_set_init(&set, sizeof(struct row), same);
    for (int64_t round = 0; round < 2; round++)
        for (int64_t number = 0; number < 500; number++)
            assert_int_equal(add(&set, 5, (struct row){number, "", 0}), number);
    assert_int_equal(set.count, 500);
    row_set_free(&set);
}

static void test_growth(void **state)
{
    (void)state;
    enum { ROWS = 100000 };
    struct row_set set;
    row_set_init(&set, sizeof(struct row), same);
    for (int64_t round = 0; round < 2; round++)
        for (int64_t number = 0; number < ROWS; number++)
            assert_int_equal(
                add(&set, hash_of(number * 1024, "x"), (struct row){number * 1024, "x", number}),
                number);
    assert_int_equal(set.count, ROWS);
    for (int64_t number = 0; number < ROWS; number++)
        assert_int_equal(((struct row *)set.rows)[number].extra, number);
    row_set_free(&set);
}

#ifdef EXPORTD_FAULTS
/* After a failure the rows are unchanged, and a row can be added when there is memory again. */
static void test_no_memory(void **state)
{
    (void)state;
    struct error error;
    struct row_set set;
    size_t place = 0;
    for (uint64_t nth = 1; nth <= 2; nth++) {
        row_set_init(&set, sizeof(struct row), same);
        for (int64_t number = 0; number < 512; number++)
            add(&set, hash_of(number, ""), (struct row){number, "", 0});
        memory_fail(nth);
        assert_false(
            row_set_add(&set, hash_of(512, ""), &(struct row){512, "", 0}, &place, &error));
        assert_true(memory_failed());
        assert_int_equal(error.code, ERROR_AWAY);
        for (int64_t number = 0; number < 513; number++)
            assert_int_equal(add(&set, hash_of(number, ""), (struct row){number, "", 0}), number);
        row_set_free(&set);
    }
}
#endif

static void test_hashes_differ(void **state)
{
    (void)state;
    assert_true(hash_of(1, "a") != hash_of(2, "a"));
    assert_true(hash_of(1, "a") != hash_of(1, "b"));
    assert_true(row_hash_text(row_hash_text(ROW_HASH, "a"), "bc") !=
                row_hash_text(row_hash_text(ROW_HASH, "ab"), "c"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_once),     cmocka_unit_test(test_equal_hashes),
        cmocka_unit_test(test_growth),
#ifdef EXPORTD_FAULTS
        cmocka_unit_test(test_no_memory),
#endif
        cmocka_unit_test(test_hashes_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
