/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include "words.h"

enum { FREE_WORDS = 2 };

/* What a command with every type of option has read. */
struct values {
    struct word_list given;
    bool json;
    const char *name;
    int64_t limit;
    struct option_texts tags;
    const char *tag_items[WORDS_MAX];
    const char *words[FREE_WORDS];
    int count;
};

static bool parse(struct values *values, const char *line, struct error *error)
{
    *values = (struct values){.limit = -7};
    values->tags.items = values->tag_items;
    const struct option_spec specs[] = {
        {"json", 0, false, OPTION_SWITCH, &values->json, 0, 0},
        {"name", 'n', true, OPTION_TEXT, &values->name, 0, 0},
        {"limit", 'l', false, OPTION_NUMBER, &values->limit, 1, 10},
        {"tag", 0, false, OPTION_TEXTS, &values->tags, 0, 0},
        {.name = NULL},
    };
    struct positional positional = {.min = 1, .max = FREE_WORDS, .words = values->words};
    split_words(&values->given, line);
    bool done = options_parse(values->given.argc, values->given.argv, specs, &positional, error);
    values->count = positional.count;
    return done;
}

static void all_types(void **state)
{
    (void)state;
    struct values values;
    struct error error;
    if (!parse(&values, "run a --tag x --json --name=n=m b --limit 10 --tag=--json", &error))
        fail_msg("%s", error.message);
    assert_true(values.json);
    assert_string_equal(values.name, "n=m");
    assert_int_equal(values.limit, 10);
    assert_int_equal(values.tags.count, 2);
    assert_string_equal(values.tags.items[0], "x");
    assert_string_equal(values.tags.items[1], "--json");
    assert_int_equal(values.count, 2);
    assert_string_equal(values.words[0], "a");
    assert_string_equal(values.words[1], "b");
}

static void what_is_absent_stays(void **state)
{
    (void)state;
    struct values values;
    struct error error;
    assert_true(parse(&values, "run a --name n", &error));
    assert_false(values.json);
    assert_int_equal(values.limit, -7);
    assert_int_equal(values.tags.count, 0);
    assert_int_equal(values.count, 1);
    assert_null(values.words[1]);
}

static void letters(void **state)
{
    (void)state;
    struct values values;
    struct error error;
    assert_true(parse(&values, "run -n --json a -l 3", &error));
    assert_string_equal(values.name, "--json"); /* a value may look like an option */
    assert_false(values.json);
    assert_int_equal(values.limit, 3);
}

static void dashes(void **state)
{
    (void)state;
    struct values values;
    struct error error;
    assert_true(parse(&values, "run --name n - -- --json", &error));
    assert_false(values.json);
    assert_int_equal(values.count, 2);
    assert_string_equal(values.words[0], "-");
    assert_string_equal(values.words[1], "--json");
}

static void wrong_usage(void **state)
{
    (void)state;
    static const struct {
        const char *line, *message;
    } cases[] = {
        {"run --name n", "an argument is missing"},
        {"run a", "--name is missing"},
        {"run a b c --name n", "unexpected argument 'c'"},
        {"run a --name n --name m", "--name is given twice"},
        {"run a --name n --json --json", "--json is given twice"},
        {"run a --name n --json=yes", "--json takes no value"},
        {"run a --name", "--name needs a value"},
        {"run a --name n --limit 0", "--limit: not a whole number from 1 to 10"},
        {"run a --name n --limit 11", "--limit: not a whole number from 1 to 10"},
        {"run a --name n -l x", "--limit: not a whole number from 1 to 10"},
        {"run a --name n --limit=", "--limit: not a whole number from 1 to 10"},
        {"run a --name n --nam x", "unknown option --nam"},
        {"run a --name n --names x", "unknown option --names"},
        {"run a --name n --fly=secret", "unknown option --fly"},
        {"run a -x", "unknown option -x"},
        {"run a -nn", "unknown option -nn"},
        {"run a -n=x", "unknown option -n=x"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct values values;
        struct error error;
        if (parse(&values, cases[i].line, &error))
            fail_msg("taken: %s", cases[i].line);
        assert_int_equal(error.code, ERROR_USAGE);
        assert_string_equal(error.message, cases[i].message);
    }
}

static void a_command_without_arguments(void **state)
{
    (void)state;
    static const struct option_spec specs[] = {{.name = NULL}};
    struct word_list words;
    struct error error;
    split_words(&words, "run");
    assert_true(options_parse(words.argc, words.argv, specs, NULL, &error));
    split_words(&words, "run a");
    assert_false(options_parse(words.argc, words.argv, specs, NULL, &error));
    assert_string_equal(error.message, "unexpected argument 'a'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_types),   cmocka_unit_test(what_is_absent_stays),
        cmocka_unit_test(letters),     cmocka_unit_test(dashes),
        cmocka_unit_test(wrong_usage), cmocka_unit_test(a_command_without_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
