/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/order_words.h"

#include "model/exported_data.h"
#include "words.h"

static struct word_list given;

static bool parse(struct order_words *words, bool enqueues, const char *line, struct error *error)
{
    *words = (struct order_words){.enqueues = enqueues};
    split_words(&given, line);
    return order_words_parse(given.argc, given.argv, words, error);
}

static void expect_taken(struct order_words *words, bool enqueues, const char *line)
{
    struct error error;
    if (!parse(words, enqueues, line, &error))
        fail_msg("%s: %s", line, error.message);
}

static void issues_by_tag(void **state)
{
    (void)state;
    struct order_words words;
    expect_taken(&words, true,
                 "enqueue --organization acme --user 5 --project -9223372036854775808 --group 12"
                 " --key browser --environment production --limit 100 --json --wait --force");
    assert_int_equal(words.order.query_type, QUERY_ISSUES_BY_TAG);
    assert_string_equal(words.order.organization, "acme");
    assert_string_equal(words.order.user, "5");
    assert_string_equal(words.order.project, "-9223372036854775808");
    assert_int_equal(words.order.group_id, 12);
    assert_string_equal(words.order.key, "browser");
    assert_string_equal(words.order.environment, "production");
    assert_int_equal(words.order.limit, 100);
    assert_null(words.order.query_info);
    assert_true(words.json && words.wait && words.force);
    order_words_free(&words);
}

static void what_is_absent(void **state)
{
    (void)state;
    struct order_words words;
    expect_taken(&words, false,
                 "estimate --organization acme --project 7 --group 12 --key browser");
    assert_null(words.order.user);
    assert_null(words.order.environment);
    assert_int_equal(words.order.limit, 0);
    assert_false(words.json || words.wait || words.force);
    order_words_free(&words);
}

static void discover(void **state)
{
    (void)state;
    struct order_words words;
    expect_taken(&words, true,
                 "enqueue --organization acme --user 5 --type discover --query-info {\"a\":[1]}");
    assert_int_equal(words.order.query_type, QUERY_DISCOVER);
    assert_int_equal(
        json_integer_value(json_array_get(json_object_get(words.order.query_info, "a"), 0)), 1);
    order_words_free(&words);
}

#define OWNER "enqueue --organization acme --user 5 "

static void wrong_usage(void **state)
{
    (void)state;
    static const char no_discover[] =
        "--type discover takes --query-info instead of --project, --group, --key";
    static const char needed[] = "--project, --group and --key are needed";
    static const struct {
        const char *line, *message;
    } cases[] = {
        {"enqueue --organization acme --project 7 --group 12 --key browser", "--user is missing"},
        {"enqueue --user 5 --project 7 --group 12 --key browser", "--organization is missing"},
        {OWNER, needed},
        {OWNER "--group 12 --key browser", needed},
        {OWNER "--project 7 --key browser", needed},
        {OWNER "--project 7 --group 12", needed},
        {OWNER "--project 7 --group shop-1 --key browser",
         "--group: not a whole number of 64 bits"},
        {OWNER "--project 7 --group 9223372036854775808 --key browser",
         "--group: not a whole number of 64 bits"},
        {OWNER "--project 7 --group 12 --key browser --type fly",
         "--type: must be issues-by-tag or discover"},
        {OWNER "--project 7 --group 12 --key browser --query-info {}",
         "--query-info goes with --type discover"},
        {OWNER "--type discover", no_discover},
        {OWNER "--type discover --query-info {} --project 7", no_discover},
        {OWNER "--type discover --query-info {} --key browser", no_discover},
        {OWNER "--type discover --query-info []", "--query-info: not a JSON object"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct order_words words;
        struct error error;
        if (parse(&words, true, cases[i].line, &error))
            fail_msg("taken: %s", cases[i].line);
        order_words_free(&words);
        assert_int_equal(error.code, ERROR_USAGE);
        assert_string_equal(error.message, cases[i].message);
    }
}

static void options_of_enqueue_alone(void **state)
{
    (void)state;
    static const char *const options[] = {"--wait", "--force"};
    for (size_t i = 0; i < ARRAY_LENGTH(options); i++) {
        char line[128];
        char message[64];
        struct order_words words;
        struct error error;
        (void)snprintf(line, sizeof(line),
                       "estimate --organization acme --project 7 --group 12 --key browser %s",
                       options[i]);
        (void)snprintf(message, sizeof(message), "unknown option %s", options[i]);
        assert_false(parse(&words, false, line, &error));
        order_words_free(&words);
        assert_string_equal(error.message, message);
    }
}

static void no_json(void **state)
{
    (void)state;
    struct order_words words;
    struct error error;
    assert_false(parse(&words, true, OWNER "--type discover --query-info {\"a\":}", &error));
    order_words_free(&words);
    assert_int_equal(error.code, ERROR_USAGE);
    assert_true(text_starts_with(error.message, "--query-info: "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(issues_by_tag), cmocka_unit_test(what_is_absent),
        cmocka_unit_test(discover),      cmocka_unit_test(wrong_usage),
        cmocka_unit_test(no_json),       cmocka_unit_test(options_of_enqueue_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
