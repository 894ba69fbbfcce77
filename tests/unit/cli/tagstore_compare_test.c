/* SPDX-License-Identifier: Apache-2.0 */
/* Compares the answers of a method that says what the test wants. No server is asked. */
#include "cli/tagstore_compare.h"

#include "capture.h"

/* The answers of the left and the right backend; a code other than ERROR_NONE is a failure. */
static struct answer {
    const char *text;
    enum error_code code;
} answers[2];
static size_t asked;
static bool whole_seconds;

static bool answer_as_told(const struct request *request, struct error *error)
{
    const struct answer *answer = &answers[asked++];
    whole_seconds = request->printer.whole_seconds;
    assert_non_null(request->store);
    (void)fputs(answer->text, request->printer.out);
    return answer->code == ERROR_NONE || error_set(error, answer->code, "no luck");
}

static bool compare(struct answer left, struct answer right, const char *right_backend,
                    struct capture *capture, struct error *error)
{
    static const struct method method = {.name = "get_answer", .run = answer_as_told};
    char url[] = "http://127.0.0.1:1218", dialect[] = "2020", tmpdir[] = "/tmp";
    const struct config config = {
        .snuba_url = url, .snuba_dialect = dialect, .tmpdir = tmpdir, .page_size_max = 1000};
    const struct comparison comparison = {
        .config = &config, .method = &method, .left = "postgres", .right = right_backend};
    struct request request = {.limit = 0};
    answers[0] = left;
    answers[1] = right;
    asked = 0;
    capture_start(capture);
    bool done = tagstore_compare(&comparison, &request, error);
    capture_end(capture);
    return done;
}

static void equal_answers(void **state)
{
    (void)state;
    static const struct {
        const char *left, *right;
    } cases[] = {{"", ""}, {"a\n", "a\n"}, {"b\na\nb\n", "b\nb\na\n"}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct capture capture;
        struct error error;
        if (!compare((struct answer){cases[i].left, ERROR_NONE},
                     (struct answer){cases[i].right, ERROR_NONE}, "postgres", &capture, &error))
            fail_msg("%s", error.message);
        assert_string_equal(capture.out, "equal\n");
        assert_int_equal(asked, 2);
    }
}

static void different_answers(void **state)
{
    (void)state;
    static const struct {
        const char *left, *right, *printed, *message;
    } cases[] = {
        {"a\n", "", "left: a\n", "the answers differ: 1 line of postgres, 0 of postgres"},
        {"", "b\na\n", "right: a\nright: b\n",
         "the answers differ: 0 lines of postgres, 2 of postgres"},
        {"c\na\nb\n", "b\nd\n", "left: a\nleft: c\nright: d\n",
         "the answers differ: 2 lines of postgres, 1 of postgres"},
        /* as often as on the other side */
        {"a\na\n", "a\n", "left: a\n", "the answers differ: 1 line of postgres, 0 of postgres"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct capture capture;
        struct error error;
        assert_false(compare((struct answer){cases[i].left, ERROR_NONE},
                             (struct answer){cases[i].right, ERROR_NONE}, "postgres", &capture,
                             &error));
        assert_int_equal(error.code, ERROR_CONFLICT);
        assert_string_equal(error.message, cases[i].message);
        assert_string_equal(capture.out, cases[i].printed);
    }
}

static void not_found_is_an_answer(void **state)
{
    (void)state;
    struct capture capture;
    struct error error;
    const struct answer missing = {"", ERROR_NOT_FOUND}, found = {"a\n", ERROR_NONE};
    assert_true(compare(missing, missing, "postgres", &capture, &error));
    assert_string_equal(capture.out, "equal\n");
    assert_false(compare(missing, found, "postgres", &capture, &error));
    assert_int_equal(error.code, ERROR_CONFLICT);
    assert_string_equal(capture.out, "right: a\nleft: not found\n");
}

static void another_failure_is_an_error(void **state)
{
    (void)state;
    struct capture capture;
    struct error error;
    const struct answer good = {"a\n", ERROR_NONE}, away = {"", ERROR_AWAY};
    assert_false(compare(away, good, "postgres", &capture, &error));
    assert_int_equal(error.code, ERROR_AWAY);
    assert_string_equal(error.message, "left (postgres): no luck");
    assert_int_equal(asked, 1);
    assert_false(compare(good, away, "snuba", &capture, &error));
    assert_int_equal(error.code, ERROR_AWAY);
    assert_string_equal(error.message, "right (snuba): no luck");
    assert_string_equal(capture.out, "");
}

/* Fractions of seconds count only between two backends of one kind. */
static void fractions(void **state)
{
    (void)state;
    struct capture capture;
    struct error error;
    const struct answer same = {"a\n", ERROR_NONE};
    assert_true(compare(same, same, "postgres", &capture, &error));
    assert_false(whole_seconds);
    assert_true(compare(same, same, "snuba", &capture, &error));
    assert_true(whole_seconds);
}

static void an_unknown_backend(void **state)
{
    (void)state;
    struct capture capture;
    struct error error;
    const struct answer same = {"a\n", ERROR_NONE};
    assert_false(compare(same, same, "cassandra", &capture, &error));
    assert_int_equal(error.code, ERROR_USAGE);
    assert_string_equal(error.message, "right (cassandra): there is no tagstore 'cassandra'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_answers),
        cmocka_unit_test(different_answers),
        cmocka_unit_test(not_found_is_an_answer),
        cmocka_unit_test(another_failure_is_an_error),
        cmocka_unit_test(fractions),
        cmocka_unit_test(an_unknown_backend),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
