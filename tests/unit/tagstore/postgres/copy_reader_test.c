/* SPDX-License-Identifier: Apache-2.0 */
/* A binary COPY stream made by hand: whole, cut anywhere, and damaged. */
#include "tagstore/postgres/copy_reader.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define POSTGRES_EPOCH (INT64_C(946684800) * USEC_PER_SECOND)

enum { ROOM = 4 * 1024 * 1024 };

static struct buffer stream;
static struct arena *arena;
static struct error error;

static int start(void **state)
{
    (void)state;
    buffer_init(&stream, ROOM);
    arena = arena_new(ROOM);
    return arena == NULL ? -1 : 0;
}

static int stop(void **state)
{
    (void)state;
    buffer_free(&stream);
    arena_free(arena);
    return 0;
}

static void put(const void *bytes, size_t size)
{
    assert_true(buffer_append(&stream, bytes, size, &error));
}

static void put_number(uint64_t number, size_t size)
{
    for (size_t i = size; i > 0; i--)
        assert_true(buffer_append_byte(&stream, (char)(number >> 8 * (i - 1)), &error));
}

static void put_header_with(uint32_t flags, uint32_t extension)
{
    put("PGCOPY\n\377\r\n\0", 11);
    put_number(flags, 4);
    put_number(extension, 4);
}

static void put_header(void)
{
    put_header_with(0, 0);
}

static void put_value(const char *value)
{
    put_number(strlen(value), 4);
    put(value, strlen(value));
}

static void put_int64(int64_t number)
{
    put_number(8, 4);
    put_number((uint64_t)number, 8);
}

static void put_null(void)
{
    put_number(UINT32_MAX, 4);
}

static void put_row(const char *value, int64_t times_seen, int64_t last_seen, int64_t first_seen)
{
    put_number(4, 2);
    put_value(value);
    put_int64(times_seen);
    put_int64(last_seen);
    put_int64(first_seen);
}

static void put_trailer(void)
{
    put_number(0xffff, 2);
}

/* Feeds the stream in pieces of `step` bytes, each in memory of its own, and reads all rows. Their
   texts are in the arena. */
static bool read_all(size_t step, struct group_tag_value *rows, size_t room, size_t *count)
{
    struct copy_reader reader;
    bool good = true;
    copy_reader_init(&reader);
    *count = 0;
    for (size_t at = 0; good && at < stream.size; at += step) {
        size_t size = stream.size - at < step ? stream.size - at : step;
        char *piece = malloc(size);
        memcpy(piece, stream.data + at, size);
        good = copy_reader_feed(&reader, piece, size, &error);
        free(piece);
        bool found = true;
        while (good && found && *count < room) {
            good = copy_reader_next(&reader, arena, &rows[*count], &found, &error);
            *count += good && found;
        }
    }
    good = good && copy_reader_finish(&reader, &error);
    copy_reader_free(&reader);
    return good;
}

static void test_rows(void **state)
{
    struct group_tag_value rows[4];
    size_t count = 0;
    (void)state;
    put_header();
    put_row("red", 7, 1, 0);
    put_row("", 1, -1, -POSTGRES_EPOCH);
    put_row("\xc3\xa4, \"quoted\"", INT64_MAX, 2, 1);
    put_trailer();
    for (size_t step = 1; step <= stream.size; step++) {
        assert_true(read_all(step, rows, 4, &count));
        assert_int_equal(count, 3);
        assert_string_equal(rows[0].value, "red");
        assert_int_equal(rows[0].value_size, 3);
        assert_int_equal(rows[0].times_seen, 7);
        assert_int_equal(rows[0].last_seen, POSTGRES_EPOCH + 1);
        assert_int_equal(rows[0].first_seen, POSTGRES_EPOCH);
        assert_string_equal(rows[1].value, "");
        assert_int_equal(rows[1].last_seen, POSTGRES_EPOCH - 1);
        assert_int_equal(rows[1].first_seen, 0);
        assert_string_equal(rows[2].value, "\xc3\xa4, \"quoted\"");
        assert_true(rows[2].times_seen == INT64_MAX);
        arena_reset(arena);
    }
}

static void test_no_rows(void **state)
{
    struct group_tag_value row;
    size_t count = 1;
    (void)state;
    put_header();
    put_trailer();
    assert_true(read_all(3, &row, 1, &count));
    assert_int_equal(count, 0);
}

/* NULL, infinity, and times outside the years 0001 to 9999. */
static void test_times_that_are_not_known(void **state)
{
    struct group_tag_value rows[5];
    size_t count = 0;
    (void)state;
    put_header();
    put_number(4, 2);
    put_value("null");
    put_int64(1);
    put_null();
    put_null();
    put_row("infinite", 1, INT64_MAX, INT64_MIN);
    put_row("far", 1, USEC_LAST - POSTGRES_EPOCH + 1, USEC_FIRST - POSTGRES_EPOCH - 1);
    put_row("just", 1, USEC_LAST - POSTGRES_EPOCH, USEC_FIRST - POSTGRES_EPOCH);
    put_trailer();
    assert_true(read_all(5, rows, 5, &count));
    assert_int_equal(count, 4);
    for (size_t i = 0; i < 3; i++) {
        assert_true(rows[i].last_seen == USEC_NONE);
        assert_true(rows[i].first_seen == USEC_NONE);
    }
    assert_true(rows[3].last_seen == USEC_LAST);
    assert_true(rows[3].first_seen == USEC_FIRST);
}

/* Flags that are not critical and a header extension are skipped. */
static void test_a_header_of_the_future(void **state)
{
    struct group_tag_value rows[2];
    size_t count = 0;
    (void)state;
    put_header_with(0x0000ffff, 5);
    put("12345", 5);
    put_row("v", 1, 1, 1);
    put_trailer();
    assert_true(read_all(1, rows, 2, &count));
    assert_int_equal(count, 1);
    assert_string_equal(rows[0].value, "v");
}

static void refuse(const char *reason)
{
    struct group_tag_value rows[4];
    size_t count = 0;
    for (size_t step = 1; step <= stream.size; step += 7) {
        assert_false(read_all(step, rows, 4, &count));
        assert_int_equal(error.code, ERROR_QUERY);
        assert_non_null(strstr(error.message, reason));
    }
    buffer_clear(&stream);
}

static void test_malformed(void **state)
{
    (void)state;
    put("PGCOPY\n\377\r\r\0\0\0\0\0\0\0\0\0\0", 20);
    refuse("signature");
    put_header_with(0x00010000, 0);
    refuse("flags");
    put_header_with(0, 0x7fffffff);
    refuse("header");
    put_header();
    put_number(3, 2);
    refuse("width");
    put_header();
    put_number(0x8000, 2);
    refuse("width");
    put_header();
    put_number(4, 2);
    put_null();
    refuse("value");
    put_header();
    put_number(4, 2);
    put_number(COPY_VALUE_MAX + 1, 4);
    refuse("value");
    put_header();
    put_number(4, 2);
    put_value("v");
    put_null();
    refuse("field");
    put_header();
    put_number(4, 2);
    put_value("v");
    put_number(4, 4);
    put_number(1, 4);
    refuse("field");
    put_header();
    put_trailer();
    put("x", 1);
    refuse("follows");
}

/* Every prefix of a good stream is incomplete, and no row comes out of half its bytes. */
static void test_truncated(void **state)
{
    struct group_tag_value rows[3];
    size_t count = 0;
    (void)state;
    put_header();
    put_row("red", 7, 1, 0);
    size_t first_row = stream.size;
    put_row("green", 7, 1, 0);
    size_t second_row = stream.size;
    put_trailer();
    for (size_t size = stream.size - 1; size > 0; size--) {
        stream.size = size;
        assert_false(read_all(4, rows, 3, &count));
        assert_int_equal(error.code, ERROR_QUERY);
        assert_int_equal(count, (size >= first_row) + (size >= second_row));
    }
}

static void test_the_longest_value(void **state)
{
    struct group_tag_value rows[2] = {{.value = NULL}};
    size_t count = 0;
    char *value = malloc((size_t)COPY_VALUE_MAX + 1);
    (void)state;
    assert_non_null(value);
    memset(value, 'v', COPY_VALUE_MAX);
    value[COPY_VALUE_MAX] = '\0';
    put_header();
    put_row(value, 1, 1, 1);
    put_trailer();
    assert_true(read_all(65536, rows, 2, &count));
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].value_size, COPY_VALUE_MAX);
    assert_string_equal(rows[0].value, value);
    free(value);
}

/* Whatever the bytes are, the reader ends and reads only these bytes (the sanitizer checks). */
static void test_spoiled_bytes(void **state)
{
    struct group_tag_value rows[64];
    uint64_t random = 1;
    size_t count = 0;
    (void)state;
    put_header();
    for (int i = 0; i < 4; i++)
        put_row("some value", i, i, i);
    put_trailer();
    for (int round = 0; round < 3000; round++) {
        random = random * 6364136223846793005U + 1442695040888963407U;
        size_t at = (size_t)(random >> 33) % stream.size;
        char kept = stream.data[at];
        stream.data[at] = (char)(random >> 40);
        bool good = read_all(1 + (size_t)round % 40, rows, 64, &count);
        assert_true(good || error.code == ERROR_QUERY);
        assert_true(!good || count == 4);
        stream.data[at] = kept;
        arena_reset(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows, start, stop),
        cmocka_unit_test_setup_teardown(test_no_rows, start, stop),
        cmocka_unit_test_setup_teardown(test_times_that_are_not_known, start, stop),
        cmocka_unit_test_setup_teardown(test_a_header_of_the_future, start, stop),
        cmocka_unit_test_setup_teardown(test_malformed, start, stop),
        cmocka_unit_test_setup_teardown(test_truncated, start, stop),
        cmocka_unit_test_setup_teardown(test_the_longest_value, start, stop),
        cmocka_unit_test_setup_teardown(test_spoiled_bytes, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
