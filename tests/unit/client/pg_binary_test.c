/* SPDX-License-Identifier: Apache-2.0 */
#include "client/pg_binary.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define BYTES(text) text, sizeof(text) - 1

/* Asserts that `out` holds these bytes, and empties it. */
static void assert_bytes(struct buffer *out, const char *bytes, size_t size)
{
    assert_int_equal(out->size, size);
    assert_memory_equal(out->data, bytes, size);
    buffer_clear(out);
}

static void test_numbers(void **state)
{
    (void)state;
    struct error error;
    struct buffer out;
    buffer_init(&out, 100);
    assert_true(pg_put_int16(&out, 258, &error) && pg_put_int16(&out, -2, &error));
    assert_bytes(&out, BYTES("\x01\x02\xff\xfe"));
    assert_true(pg_put_int32(&out, INT32_MIN, &error) && pg_put_int32(&out, 1, &error));
    assert_bytes(&out, BYTES("\x80\0\0\0\0\0\0\x01"));
    assert_true(pg_put_bigint(&out, INT64_C(0x0102030405060708), &error));
    assert_bytes(&out, BYTES("\0\0\0\x08\x01\x02\x03\x04\x05\x06\x07\x08"));
    assert_true(pg_put_bigint(&out, -1, &error));
    assert_bytes(&out, BYTES("\0\0\0\x08\xff\xff\xff\xff\xff\xff\xff\xff"));
    buffer_free(&out);
}

static void test_texts_and_null(void **state)
{
    (void)state;
    struct error error;
    struct buffer out;
    buffer_init(&out, 100);
    assert_true(pg_put_text(&out, "abc", &error) && pg_put_text(&out, "", &error));
    assert_bytes(&out, BYTES("\0\0\0\x03"
                             "abc\0\0\0\0"));
    assert_true(pg_put_text(&out, NULL, &error) && pg_put_null(&out, &error) &&
                pg_put_time(&out, USEC_NONE, &error));
    assert_bytes(&out, BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"));
    buffer_free(&out);
}

/* PostgreSQL counts from 2000-01-01, exportd from 1970-01-01. */
static void test_times(void **state)
{
    (void)state;
    struct error error;
    struct buffer out;
    buffer_init(&out, 100);
    assert_true(pg_put_time(&out, 946684800 * USEC_PER_SECOND, &error));
    assert_bytes(&out, BYTES("\0\0\0\x08\0\0\0\0\0\0\0\0"));
    assert_true(pg_put_time(&out, 946684800 * USEC_PER_SECOND + 258, &error));
    assert_bytes(&out, BYTES("\0\0\0\x08\0\0\0\0\0\0\x01\x02"));
    assert_true(pg_put_time(&out, 946684800 * USEC_PER_SECOND - 1, &error));
    assert_bytes(&out, BYTES("\0\0\0\x08\xff\xff\xff\xff\xff\xff\xff\xff"));
    buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_texts_and_null),
        cmocka_unit_test(test_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
