/* SPDX-License-Identifier: Apache-2.0 */
#include "event/input.h"

#include "base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <zlib.h>

enum { TEXT_SIZE = 200000, PACKED_MAX = 300000 };

static unsigned char text[TEXT_SIZE];
static unsigned char packed[PACKED_MAX];

static int make_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (unsigned char)("abcdefghijklmnop\n\0\x1f\x8b"[i * i / 7 % 20]);
    return 0;
}

static size_t pack(unsigned char *to, size_t room, const unsigned char *from, size_t size)
{
    z_stream stream = {.next_in = (unsigned char *)(uintptr_t)from, .avail_in = (unsigned)size};
    stream.next_out = to;
    stream.avail_out = (unsigned)room;
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    (void)deflateEnd(&stream);
    return room - stream.avail_out;
}

/* Reads `bytes` in pieces of `piece` bytes. After a failure `out` has the bytes before it. */
static bool read_all(const unsigned char *bytes, size_t size, size_t piece, struct buffer *out,
                     struct error *error)
{
    char room[8192];
    size_t got = 0;
    bool done = true;
    FILE *file =
        size == 0 ? fopen("/dev/null", "r") : fmemopen((void *)(uintptr_t)bytes, size, "r");
    assert_non_null(file);
    struct input *input = input_new(file);
    assert_non_null(input);
    buffer_init(out, (size_t)2 * TEXT_SIZE);
    while ((done = input_read(input, room, piece, &got, error)) && got > 0)
        assert_true(buffer_append(out, room, got, error));
    input_free(input);
    (void)fclose(file);
    return done;
}

static void assert_reads(const unsigned char *bytes, size_t size, size_t piece, size_t expected)
{
    struct error error = {.code = ERROR_INTERNAL};
    struct buffer out;
    assert_true(read_all(bytes, size, piece, &out, &error));
    assert_int_equal(out.size, expected);
    assert_memory_equal(out.data, text, expected);
    buffer_free(&out);
}

static void assert_fails(const unsigned char *bytes, size_t size, const char *reason)
{
    struct error error;
    struct buffer out;
    assert_false(read_all(bytes, size, 1000, &out, &error));
    assert_int_equal(error.code, ERROR_INVALID);
    assert_string_equal(error.message, reason);
    assert_memory_equal(out.data, text, out.size);
    buffer_free(&out);
}

static void test_plain_bytes(void **state)
{
    (void)state;
    const size_t pieces[] = {1, 7, 4096, 8192};
    for (size_t i = 0; i < 4; i++)
        assert_reads(text, sizeof(text), pieces[i], sizeof(text));
    assert_reads(text, 1, 100, 1);
    assert_reads(text, 0, 100, 0);
}

static void test_gzip(void **state)
{
    (void)state;
    const size_t pieces[] = {1, 7, 4096, 8192};
    size_t size = pack(packed, sizeof(packed), text, sizeof(text));
    for (size_t i = 0; i < 4; i++)
        assert_reads(packed, size, pieces[i], sizeof(text));
    size = pack(packed, sizeof(packed), text, 0);
    assert_reads(packed, size, 100, 0);
}

/* Members of many sizes; some end where a buffer ends. */
static void test_members(void **state)
{
    (void)state;
    size_t size = 0;
    size_t at = 0;
    for (size_t part = 1; at < sizeof(text); part = part * 3 + 1) {
        size_t some = sizeof(text) - at < part ? sizeof(text) - at : part;
        size += pack(packed + size, sizeof(packed) - size, text + at, some);
        at += some;
    }
    assert_reads(packed, size, 4096, sizeof(text));
    memset(packed + size, 0, 1024);
    assert_reads(packed, size + 1024, 4096, sizeof(text));
    packed[size + 1024] = 'x';
    assert_fails(packed, size + 1025, "there is something else behind the gzip data");
}

static void test_damage(void **state)
{
    (void)state;
    size_t size = pack(packed, sizeof(packed), text, sizeof(text));
    for (size_t cut = 2; cut < size; cut += cut < 30 ? 1 : 997)
        assert_fails(packed, cut, "the gzip data ends too early");
    assert_fails(packed, size - 1, "the gzip data ends too early");
    packed[size - 6] ^= 1; /* of the checksum */
    assert_fails(packed, size, "the gzip data is corrupt");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_bytes),
        cmocka_unit_test(test_gzip),
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_damage),
    };
    return cmocka_run_group_tests(tests, make_text, NULL);
}
