/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/each_export.h"

#include "capture.h"
#include "words.h"

/* The action succeeds for id 1, and fails with one of these codes for the others. */
static const enum error_code codes[] = {
    [2] = ERROR_NOT_FOUND, [3] = ERROR_CONFLICT, [4] = ERROR_BUSY, [5] = ERROR_AWAY};

static bool act_by_id(void *with, int64_t id, int64_t *result, struct error *error)
{
    int *calls = with;
    ++*calls;
    *result = id + 100;
    return codes[id] == ERROR_NONE || error_set(error, codes[id], "reason %" PRId64, id);
}

/* Runs a command; what it prints is in `capture`. */
static bool run_command(struct each_export each, const char *line, struct capture *capture,
                        struct error *error)
{
    struct word_list words;
    split_words(&words, line);
    bool parsed = each_export_parse(&each, words.argc, words.argv, error);
    if (!parsed)
        fail_msg("%s: %s", line, error->message);
    capture_start(capture);
    bool done = each_export_act(&each, error);
    capture_end(capture);
    each_export_free(&each);
    return done;
}

static void lines(void **state)
{
    (void)state;
    struct capture capture;
    struct error error;
    int calls = 0;
    const struct each_export each = {.participle = "cancelled", .act = act_by_id, .with = &calls};
    assert_true(run_command(each, "cancel 1", &capture, &error));
    assert_string_equal(capture.out, "cancelled 1\n");
    assert_string_equal(capture.err, "");

    assert_false(run_command(each, "cancel 2 3 1 4", &capture, &error));
    assert_int_equal(error.code, ERROR_CONFLICT);
    assert_string_equal(error.message, "3 of 4 could not be cancelled");
    assert_string_equal(capture.out, "cancelled 1\n");
    assert_string_equal(capture.err, "not cancelled: reason 2\nnot cancelled: reason 3\n"
                                     "not cancelled: reason 4\n");
}

static void lines_with_a_result(void **state)
{
    (void)state;
    struct capture capture;
    struct error error;
    int calls = 0;
    const struct each_export each = {
        .participle = "retried", .result = "retried_as", .act = act_by_id, .with = &calls};
    assert_true(run_command(each, "retry 1", &capture, &error));
    assert_string_equal(capture.out, "101\n");
    assert_false(run_command(each, "retry 2 1 --json", &capture, &error));
    assert_string_equal(capture.out,
                        "{\"id\":2,\"retried\":false,\"retried_as\":null,\"error\":\"reason 2\"}\n"
                        "{\"id\":1,\"retried\":true,\"retried_as\":101,\"error\":null}\n");
    assert_string_equal(capture.err, "");
}

static void json_lines(void **state)
{
    (void)state;
    struct capture capture;
    struct error error;
    int calls = 0;
    const struct each_export each = {.participle = "deleted", .act = act_by_id, .with = &calls};
    assert_false(run_command(each, "delete --json 1 3", &capture, &error));
    assert_string_equal(error.message, "1 of 2 could not be deleted");
    assert_string_equal(capture.out, "{\"id\":1,\"deleted\":true,\"error\":null}\n"
                                     "{\"id\":3,\"deleted\":false,\"error\":\"reason 3\"}\n");
}

/* A server that is away would fail for every other export, too. */
static void another_error_stops(void **state)
{
    (void)state;
    struct capture capture;
    struct error error;
    int calls = 0;
    const struct each_export each = {.participle = "cancelled", .act = act_by_id, .with = &calls};
    assert_false(run_command(each, "cancel 1 5 1", &capture, &error));
    assert_int_equal(error.code, ERROR_AWAY);
    assert_string_equal(error.message, "reason 5");
    assert_string_equal(capture.out, "cancelled 1\n");
    assert_string_equal(capture.err, "");
    assert_int_equal(calls, 2);
}

static void all(void **state)
{
    (void)state;
    struct word_list words;
    struct error error;
    struct each_export each = {.participle = "resent", .takes_all = true};
    split_words(&words, "resend --all --json");
    assert_true(each_export_parse(&each, words.argc, words.argv, &error));
    assert_true(each.all);
    assert_int_equal(each.count, 0);
    assert_true(each_export_add(&each, 27, &error));
    assert_true(each_export_add(&each, 28, &error));
    assert_int_equal(each.count, 2);
    assert_int_equal(each.ids[1], 28);
    each_export_free(&each);
}

static void wrong_usage(void **state)
{
    (void)state;
    static const struct {
        bool takes_all;
        const char *line, *message;
    } cases[] = {
        {false, "cancel", "an argument is missing"},
        {false, "cancel --all", "unknown option --all"},
        {false, "cancel 1 0", "'0' is not the id of an export"},
        {false, "cancel one", "'one' is not the id of an export"},
        {true, "resend", "the id of an export is needed"},
        {true, "resend --all 27", "--all goes without ids"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct word_list words;
        struct error error;
        struct each_export each = {.takes_all = cases[i].takes_all};
        split_words(&words, cases[i].line);
        if (each_export_parse(&each, words.argc, words.argv, &error))
            fail_msg("taken: %s", cases[i].line);
        each_export_free(&each);
        assert_int_equal(error.code, ERROR_USAGE);
        assert_string_equal(error.message, cases[i].message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines),      cmocka_unit_test(lines_with_a_result),
        cmocka_unit_test(json_lines), cmocka_unit_test(another_error_stops),
        cmocka_unit_test(all),        cmocka_unit_test(wrong_usage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
