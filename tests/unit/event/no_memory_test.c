/* SPDX-License-Identifier: Apache-2.0 */
/* line_reader.c when an allocation fails: each one in turn. */
#include "../no_memory.h"

#include "event/line_reader.h"

#include <unistd.h>
#include <zlib.h>

#ifdef EXPORTD_FAULTS

enum { LINES = 300 };

static bool read_lines(const void *file, struct error *error)
{
    struct line_reader reader;
    bool end = false;
    rewind((FILE *)file);
    line_reader_init(&reader, (FILE *)file, 100000);
    int count = 0;
    bool done = line_reader_next(&reader, &end, error);
    for (; done && !end; count++)
        done = line_reader_next(&reader, &end, error);
    assert_true(!done || count == LINES);
    line_reader_free(&reader);
    return done;
}

static void lines(void **state)
{
    (void)state;
    FILE *plain = tmpfile(), *zipped = tmpfile();
    assert_true(plain != NULL && zipped != NULL);
    gzFile writer = gzdopen(dup(fileno(zipped)), "wb");
    assert_non_null(writer);
    for (int i = 1; i <= LINES; i++) {
        (void)fprintf(plain, "%0*d\n", 10 * i, i);
        (void)gzprintf(writer, "%0*d\n", 10 * i, i);
    }
    assert_int_equal(fflush(plain), 0);
    assert_int_equal(gzclose(writer), Z_OK);
    assert_true(no_memory_run(read_lines, plain) > 3);
    assert_true(no_memory_run(read_lines, zipped) > 3);
    (void)fclose(plain);
    (void)fclose(zipped);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else
int main(void)
{
    return 0;
}
#endif
