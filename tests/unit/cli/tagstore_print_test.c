/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/tagstore_print.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* A printer into memory. */
struct printed {
    struct printer printer;
    struct error error;
    char *text; /* all lines so far */
    size_t size;
    size_t seen; /* bytes of earlier lines */
};

static int start(void **state)
{
    static struct printed printed;
    printed = (struct printed){.text = NULL};
    printed.printer.out = open_memstream(&printed.text, &printed.size);
    *state = &printed;
    return printed.printer.out == NULL;
}

static int end(void **state)
{
    struct printed *printed = *state;
    (void)fclose(printed->printer.out);
    free(printed->text);
    return 0;
}

/* `done` is the result of the print function that has printed the last line. */
static void expect(struct printed *printed, bool done, const char *line)
{
    if (!done)
        fail_msg("%s", printed->error.message);
    (void)fflush(printed->printer.out);
    assert_string_equal(printed->text + printed->seen, line);
    printed->seen = printed->size;
}

static void keys(void **state)
{
    struct printed *printed = *state;
    const struct tag_key of_group = {
        .key = "browser", .group_id = 12, .times_seen = 10, .values_seen = 0};
    const struct tag_key of_project = {.key = "browser", .times_seen = 10, .values_seen = -1};
    expect(printed, print_tag_key(&printed->printer, &of_group, &printed->error),
           "{\"key\":\"browser\",\"times_seen\":10,\"values_seen\":0,\"group_id\":12}\n");
    expect(printed, print_tag_key(&printed->printer, &of_project, &printed->error),
           "{\"key\":\"browser\",\"times_seen\":10,\"values_seen\":null,\"group_id\":null}\n");
}

static const int64_t noon = 1585137600 * USEC_PER_SECOND; /* of 2020-03-25 */

static void values(void **state)
{
    struct printed *printed = *state;
    const struct group_tag_value row = {.group_id = 12,
                                        .value = "Firefox",
                                        .times_seen = 7,
                                        .first_seen = noon + 250000,
                                        .last_seen = USEC_NONE};
    expect(printed, print_tag_value(&printed->printer, "browser", &row, 0, &printed->error),
           "{\"key\":\"browser\",\"value\":\"Firefox\",\"times_seen\":7,"
           "\"first_seen\":\"2020-03-25T12:00:00.250000Z\",\"last_seen\":null,"
           "\"group_id\":12}\n");
    expect(printed, print_tag_value(&printed->printer, "browser", &row, 3, &printed->error),
           "{\"key\":\"browser\",\"value\":\"Firefox\",\"times_seen\":7,"
           "\"first_seen\":\"2020-03-25T12:00:00.250000Z\",\"last_seen\":null,"
           "\"project_id\":3}\n");
}

static void whole_seconds(void **state)
{
    struct printed *printed = *state;
    const struct group_tag_value row = {.value = "v",
                                        .times_seen = 1,
                                        .first_seen = -1, /* a microsecond before 1970 */
                                        .last_seen = noon + 999999};
    printed->printer.whole_seconds = true;
    expect(printed, print_tag_value(&printed->printer, "k", &row, 0, &printed->error),
           "{\"key\":\"k\",\"value\":\"v\",\"times_seen\":1,"
           "\"first_seen\":\"1969-12-31T23:59:59.000000Z\","
           "\"last_seen\":\"2020-03-25T12:00:00.000000Z\",\"group_id\":null}\n");
}

/* Invalid UTF-8 becomes U+FFFD: JSON must stay valid. */
static void foreign_bytes(void **state)
{
    struct printed *printed = *state;
    expect(printed, print_text(&printed->printer, "release", "a\xff", &printed->error),
           "{\"release\":\"a\xef\xbf\xbd\"}\n");
}

static void summaries(void **state)
{
    struct printed *printed = *state;
    struct arena *arena = arena_new(4096);
    struct group_tag_value top[] = {{.value = "id:1"}, {.value = "other"}};
    struct tag_key_summary summary = {.key = "sentry:user",
                                      .unique_values = 2,
                                      .total_values = 10,
                                      .top_values = {.items = top, .count = 2}};
    assert_non_null(arena);
    expect(printed, print_key_summary(&printed->printer, &summary, arena, &printed->error),
           "{\"id\":\"sentry:user\",\"name\":\"User\",\"key\":\"user\",\"uniqueValues\":2,"
           "\"totalValues\":10,\"topValues\":["
           "{\"id\":\"id:1\",\"name\":\"1\",\"key\":\"user\",\"value\":\"id:1\"},"
           "{\"id\":\"other\",\"name\":\"other\",\"key\":\"user\",\"value\":\"other\"}]}\n");
    summary.top_values.count = 0;
    expect(printed, print_key_summary(&printed->printer, &summary, arena, &printed->error),
           "{\"id\":\"sentry:user\",\"name\":\"User\",\"key\":\"user\",\"uniqueValues\":2,"
           "\"totalValues\":10,\"topValues\":[]}\n");
    arena_free(arena);
}

static void single_members(void **state)
{
    struct printed *printed = *state;
    expect(printed, print_text(&printed->printer, "release", NULL, &printed->error),
           "{\"release\":null}\n");
    expect(printed, print_number(&printed->printer, "count", INT64_MIN, &printed->error),
           "{\"count\":-9223372036854775808}\n");
    expect(printed, print_user_count(&printed->printer, 12, 0, &printed->error),
           "{\"group_id\":12,\"count\":0}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keys, start, end),
        cmocka_unit_test_setup_teardown(values, start, end),
        cmocka_unit_test_setup_teardown(whole_seconds, start, end),
        cmocka_unit_test_setup_teardown(foreign_bytes, start, end),
        cmocka_unit_test_setup_teardown(summaries, start, end),
        cmocka_unit_test_setup_teardown(single_members, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
