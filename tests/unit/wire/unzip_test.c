/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/unzip.h"

#include "mutate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <zlib.h>

#include <cmocka.h>

enum { WINDOW = 15, GZIP = 16 };

/* Deflates `size` bytes with the window bits of zlib's or gzip's format. */
static size_t zip(const char *bytes, size_t size, int window, char *out, size_t room)
{
    z_stream stream = {.next_in = (unsigned char *)bytes, .avail_in = (unsigned)size};
    stream.next_out = (unsigned char *)out;
    stream.avail_out = (unsigned)room;
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t zipped = stream.total_out;
    deflateEnd(&stream);
    return zipped;
}

static void assert_fails(const char *zipped, size_t size, size_t maximum, enum error_code code)
{
    struct error error;
    struct buffer out;
    char *copy = mutate_exact_copy(zipped, size);
    buffer_init(&out, maximum);
    assert_false(unzip(copy, size, &out, &error));
    assert_int_equal(error.code, code);
    assert_true(out.size <= maximum);
    buffer_free(&out);
    free(copy);
}

static void both_formats(void **state)
{
    (void)state;
    static char plain[100000], zipped[200000];
    struct mutator mutator = {.state = 1};
    for (size_t i = 0; i < sizeof(plain); i++)
        plain[i] = (char)mutate_random(&mutator, 256);
    for (size_t size = 0; size <= sizeof(plain); size = size * 7 + 1) {
        for (int window = WINDOW; window <= WINDOW + GZIP; window += GZIP) {
            struct error error;
            struct buffer out;
            size_t length = zip(plain, size, window, zipped, sizeof(zipped));
            buffer_init(&out, size + 1);
            assert_true(buffer_append_byte(&out, '!', &error));
            assert_true(unzip(zipped, length, &out, &error));
            assert_int_equal(out.size, size + 1);
            assert_int_equal(out.data[0], '!');
            assert_memory_equal(out.data + 1, plain, size);
            buffer_free(&out);
        }
    }
}

static void what_is_broken(void **state)
{
    (void)state;
    static const char plain[] = "an export an export an export";
    char zipped[200];
    size_t size = zip(plain, sizeof(plain), WINDOW, zipped, sizeof(zipped));
    for (size_t cut = 0; cut < size; cut++)
        assert_fails(zipped, cut, 1000, ERROR_INVALID);
    zipped[size] = 'x';
    assert_fails(zipped, size + 1, 1000, ERROR_INVALID);
    zipped[size - 1] ^= 1; /* in the checksum */
    assert_fails(zipped, size, 1000, ERROR_INVALID);
    assert_fails(plain, sizeof(plain), 1000, ERROR_INVALID);
}

static void a_bomb(void **state)
{
    (void)state;
    static char plain[10 * 1024 * 1024], zipped[20000];
    size_t size = zip(plain, sizeof(plain), WINDOW, zipped, sizeof(zipped));
    assert_fails(zipped, size, 1000, ERROR_TOO_LARGE);
    assert_fails(zipped, size, sizeof(plain) - 1, ERROR_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_formats),
        cmocka_unit_test(what_is_broken),
        cmocka_unit_test(a_bomb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
