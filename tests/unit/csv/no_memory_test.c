#include "../no_memory.h"

#include "csv/writer.h"

#include <fcntl.h>
#include <unistd.h>

#ifdef EXPORTD_FAULTS

static bool write_file(const void *context, struct error *error)
{
    (void)context;
    static const char text[] =
        "cell, with \"quotes\" and \xff and much more than goes into 64 bytes";
    int file = open("/dev/null", O_WRONLY | O_CLOEXEC);
    assert_true(file >= 0);
    struct csv_writer *writer = csv_writer_new(file, INT32_MAX, true);
    bool done = writer != NULL || error_no_memory(error);
    for (int i = 0; done && i < 10; i++)
        done = csv_writer_text(writer, text, sizeof(text) - 1, error) &&
               csv_writer_int(writer, i, error) && csv_writer_time(writer, i, error) &&
               csv_writer_end_row(writer, error);
    done = done && csv_writer_flush(writer, error);
    csv_writer_free(writer);
    (void)close(file);
    return done;
}

static void writing(void **state)
{
    (void)state;
    assert_true(no_memory_run(write_file, NULL) >= 3);
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
