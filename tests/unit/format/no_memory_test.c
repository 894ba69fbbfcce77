/* SPDX-License-Identifier: Apache-2.0 */
/* row_writer.c, csv.c and sink.c when an allocation fails: each one in turn. */
#include "../no_memory.h"

#include "format/row_writer.h"

#ifdef EXPORTD_FAULTS

static bool write_file(const void *context, struct error *error)
{
    (void)context;
    static const char text[] =
        "cell, with \"quotes\" and \xff and much more than goes into 64 bytes";
    static const struct row_column columns[] = {{"t", ROW_TEXT}, {"n", ROW_INTEGER}};
    const union row_cell cells[] = {{.text = {text, sizeof(text) - 1}}, {.integer = 7}};
    struct row_output output = {.format = row_format_default(),
                                .options.formula_guard = true,
                                .sink = sink_to_temporary("/tmp", INT32_MAX, error)};
    struct row_writer *writer = NULL;
    bool done = output.sink != NULL &&
                row_writer_open(&output, (struct row_columns){columns, 2}, &writer, error);
    for (int i = 0; done && i < 10; i++)
        done = row_writer_put(writer, cells, error);
    done = done && row_writer_finish(writer, error);
    row_writer_free(writer);
    sink_free(output.sink);
    return done;
}

static void writing(void **state)
{
    (void)state;
    assert_true(no_memory_run(write_file, NULL) >= 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(writing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else
int main(void)
{
    return 0;
}
#endif
