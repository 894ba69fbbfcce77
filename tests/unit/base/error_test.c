/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include "base/utf8.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void setting_and_prefixing(void **state)
{
    (void)state;
    struct error error;
    assert_false(error_set(&error, ERROR_INVALID, "bad %d", 5));
    assert_int_equal(error.code, ERROR_INVALID);
    assert_string_equal(error.message, "bad 5");
    assert_false(error_prefix(&error, "line %d", 7));
    assert_string_equal(error.message, "line 7: bad 5");
    assert_false(error_set(&error, ERROR_AWAY, "again: %s", error.message));
    assert_string_equal(error.message, "again: line 7: bad 5");
    assert_string_equal(error_code_name(ERROR_NOT_FOUND), "not-found");
    assert_string_equal(error_code_name((enum error_code)99), "unknown");
}

/* Each errno has the code that decides what happens next. */
static void codes_of_errno(void **state)
{
    (void)state;
    static const struct {
        int number;
        enum error_code code;
    } cases[] = {
        {ENOSPC, ERROR_AWAY},     {EDQUOT, ERROR_AWAY},     {EROFS, ERROR_AWAY},
        {ENOMEM, ERROR_AWAY},     {EMFILE, ERROR_AWAY},     {EIO, ERROR_AWAY},
        {ENODEV, ERROR_AWAY},     {ESTALE, ERROR_AWAY},     {ETIMEDOUT, ERROR_AWAY},
        {ENOTCONN, ERROR_AWAY},   {EHOSTDOWN, ERROR_AWAY},  {ENETUNREACH, ERROR_AWAY},
        {EACCES, ERROR_DENIED},   {EPERM, ERROR_DENIED},    {ENOENT, ERROR_NOT_FOUND},
        {EEXIST, ERROR_CONFLICT}, {EINVAL, ERROR_INTERNAL},
    };
    struct error error;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_false(error_set_errno(&error, cases[i].number, "x"));
        assert_int_equal(error.code, cases[i].code);
    }
    assert_false(error_set_errno(&error, ENOSPC, "cannot write"));
    assert_string_equal(error.message, "cannot write: No space left on device");
}

/* Messages are stored in Postgres, which refuses text that is not UTF-8. */
static void messages_are_utf8(void **state)
{
    (void)state;
    struct error error;
    char text[600];
    error_set(&error, ERROR_AWAY, "said \xff \xc3\xa9 \xe2\x82");
    assert_string_equal(error.message, "said ? \xc3\xa9 ??");
    for (size_t i = 0; i < 299; i++)
        memcpy(text + 2 * i, "\xc3\xa9", 2);
    text[598] = '\0';
    error_set(&error, ERROR_AWAY, "%s", text); /* cut in the middle of a character */
    assert_int_equal(strlen(error.message), ERROR_MESSAGE_MAX - 1);
    assert_string_equal(error.message + ERROR_MESSAGE_MAX - 4, "\xc3\xa9?");
    error_prefix(&error, "%s", text);
    bool valid = true;
    size_t size = strlen(error.message);
    for (size_t i = 0; i < size && valid;)
        i += utf8_step(error.message + i, size - i, &valid);
    assert_true(valid && size < ERROR_MESSAGE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(setting_and_prefixing),
        cmocka_unit_test(codes_of_errno),
        cmocka_unit_test(messages_are_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
