/* SPDX-License-Identifier: Apache-2.0 */
#include "config/setting.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void refuse(const char *name, const char *message)
{
    struct error error;
    assert_false(setting_check_name(name, &error));
    assert_int_equal(error.code, ERROR_USAGE);
    assert_string_equal(error.message, message);
}

static void names(void **state)
{
    (void)state;
    struct error error;
    static const char *const known[] = {"EXPORTD_QUEUE", "EXPORTD_DATABASE_URL",
                                        "EXPORTD_DATABASE_URL_FILE", "EXPORTD_MAX_FILE_BYTES"};
    for (size_t i = 0; i < ARRAY_LENGTH(known); i++)
        assert_true(setting_check_name(known[i], &error));
    refuse("EXPORTD_QUEU", "EXPORTD_QUEU: no such setting; is EXPORTD_QUEUE meant?");
    refuse("EXPORTD_MAIL_FORM", "EXPORTD_MAIL_FORM: no such setting; is EXPORTD_MAIL_FROM meant?");
    refuse("EXPORTD_QUEUE_FILE", "EXPORTD_QUEUE_FILE: no such setting; see `exportd help config`");
    refuse("EXPORTD_", "EXPORTD_: no such setting; see `exportd help config`");
    refuse("EXPORTD_SENTRY_DSN_FILE",
           "EXPORTD_SENTRY_DSN: this version does not have the part that it sets");
}

static void a_very_long_name(void **state)
{
    (void)state;
    struct error error;
    char name[5000];
    memset(name, 'A', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    assert_false(setting_check_name(name, &error));
    assert_true(strlen(error.message) < 200);
}

/* Each has what documents need, and values that are taken. */
static void lines_of_the_table(void **state)
{
    (void)state;
    size_t at = 0, count = 0;
    struct config_setting setting;
    const char *section = NULL;
    while (config_next_setting(&at, &setting)) {
        count++;
        section = setting.section != NULL ? setting.section : section;
        assert_non_null(section);
        assert_string_not_equal(setting.name, "EXPORTD_MAX_FILE_BYTES");
        assert_true(strlen(setting.meaning) > 10);
        assert_int_equal(setting.meaning[strlen(setting.meaning) - 1], '.');
        if (text_equal(setting.name, "EXPORTD_DATABASE_URL"))
            assert_true(setting.secret && text_equal(section, "Servers"));
        if (text_equal(setting.name, "EXPORTD_PAGE_SIZE"))
            assert_true(!setting.secret && setting.min == 1 && setting.max == 10000 &&
                        text_equal(setting.fallback, "1000"));
        if (text_equal(setting.name, "EXPORTD_SNUBA_DIALECT"))
            assert_string_equal(setting.words, " 2018 2020 ");
        if (text_equal(setting.name, "EXPORTD_CSV_FORMULA_GUARD"))
            assert_string_equal(setting.words, " on off ");
    }
    assert_true(count > 30);
    assert_false(config_next_setting(&at, &setting));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(a_very_long_name),
        cmocka_unit_test(lines_of_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
