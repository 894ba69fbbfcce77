/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/mime.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define BOUNDARY "=_exportd_alternative"

static struct buffer mail;

static int set_up(void **state)
{
    (void)state;
    buffer_init(&mail, MAIL_MAX);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buffer_free(&mail);
    return 0;
}

static bool print(const char *recipient, const char *subject, const char *text, struct error *error)
{
    struct mail_envelope envelope = {.sender = "exports@example.com",
                                     .recipient = recipient,
                                     .message_id = "<27.1.abc@example.com>",
                                     .date = INT64_C(1593821100000000)};
    struct mail_content content = {.subject = subject, .text = text, .html = "<p>\xc3\xb6</p>\n"};
    buffer_clear(&mail);
    return mail_print(&envelope, &content, &mail, error);
}

static void print_good(const char *subject, const char *text)
{
    struct error error;
    if (!print("ann@example.com", subject, text, &error))
        fail_msg("%s", error.message);
}

/* ---- reading back ---- */

static int hex_digit(char c)
{
    const char *at = strchr("0123456789ABCDEF", c);
    assert_true(at != NULL && c != '\0');
    return (int)(at - "0123456789ABCDEF");
}

/* Decodes quoted-printable strictly; CR LF becomes LF. */
static void decode_quoted(const char *from, const char *end, char *to)
{
    while (from < end) {
        if (end - from >= 3 && memcmp(from, "=\r\n", 3) == 0) {
            from += 3;
        } else if (*from == '=') {
            assert_true(end - from >= 3);
            *to++ = (char)(hex_digit(from[1]) * 16 + hex_digit(from[2]));
            from += 3;
        } else if (*from == '\r') {
            assert_true(end - from >= 2 && from[1] == '\n');
            *to++ = '\n';
            from += 2;
        } else {
            assert_true((*from >= ' ' && *from < 0x7f) || *from == '\t');
            *to++ = *from++;
        }
    }
    *to = '\0';
}

static const char *text_start(void)
{
    const char *part = strstr(mail.data, "Content-Type: text/plain");
    assert_non_null(part);
    return strstr(part, "\r\n\r\n") + 4;
}

static const char *text_end(void)
{
    const char *end = strstr(text_start(), "\r\n--" BOUNDARY "\r\n");
    assert_non_null(end);
    return end;
}

/* No line is longer than 76 columns or ends in white space; no bare CR or LF. */
static void check_lines(void)
{
    const char *at = mail.data;
    while (*at != '\0') {
        size_t length = strcspn(at, "\r\n");
        assert_in_range(length, 0, 76);
        assert_true(length == 0 || (at[length - 1] != ' ' && at[length - 1] != '\t'));
        assert_int_equal(strncmp(at + length, "\r\n", 2), 0);
        at += length + 2;
    }
}

static void check_round_trip(const char *text)
{
    static char decoded[MAIL_MAX];
    print_good("x", text);
    check_lines();
    decode_quoted(text_start(), text_end(), decoded);
    assert_string_equal(decoded, text);
}

static void assert_header(const char *line)
{
    const char *at = strstr(mail.data, line);
    const char *end = strstr(mail.data, "\r\n\r\n");
    if (at == NULL || at > end)
        fail_msg("%s is not a header of:\n%s", line, mail.data);
}

/* ---- a whole mail ---- */

static void test_exact_bytes(void **state)
{
    (void)state;
    print_good("Your Download is Ready!", "a = b\n\nend \n");
    assert_string_equal(mail.data,
                        "From: exports@example.com\r\n"
                        "To: ann@example.com\r\n"
                        "Subject: Your Download is Ready!\r\n"
                        "Date: Sat, 04 Jul 2020 00:05:00 +0000\r\n"
                        "Message-ID: <27.1.abc@example.com>\r\n"
                        "MIME-Version: 1.0\r\n"
                        "Auto-Submitted: auto-generated\r\n"
                        "Content-Type: multipart/alternative; boundary=\"" BOUNDARY "\"\r\n"
                        "\r\n"
                        "--" BOUNDARY "\r\n"
                        "Content-Type: text/plain; charset=utf-8\r\n"
                        "Content-Transfer-Encoding: quoted-printable\r\n"
                        "\r\n"
                        "a =3D b\r\n"
                        "\r\n"
                        "end=20\r\n"
                        "\r\n"
                        "--" BOUNDARY "\r\n"
                        "Content-Type: text/html; charset=utf-8\r\n"
                        "Content-Transfer-Encoding: quoted-printable\r\n"
                        "\r\n"
                        "<p>=C3=B6</p>\r\n"
                        "\r\n"
                        "--" BOUNDARY "--\r\n");
}

static void test_too_large(void **state)
{
    (void)state;
    struct error error;
    mail.maximum = 500;
    assert_false(print("ann@example.com", "x", "a text that does not fit any more", &error));
    assert_int_equal(error.code, ERROR_TOO_LARGE);
}

/* ---- quoted-printable ---- */

static void test_quoted_printable(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "\n",
        " ",
        "\t\n \n",
        "no line end",
        "=\n==3D\n",
        ".\n..\n.dot\n",
        "From me\n>From you\nFrom\nFromage\n",
        "--" BOUNDARY "\n--" BOUNDARY "--\n",
        "\xe6\x9d\xb1\xe4\xba\xac \xf0\x9f\xab\x96\n",
        "tab\tinside\tand behind\t\nspace behind \n",
        "control \x01\x7f\n",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        check_round_trip(texts[i]);
}

/* Lines of all lengths around the limit, for each kind of byte and each kind of last byte. */
static void test_line_lengths(void **state)
{
    (void)state;
    static const char *const fillings[] = {"x", " ", ".", "=", "\xc3\xb6", "From "};
    static const char *const ends[] = {"", "\n", " \n", ".", "\t", "=\n"};
    char text[512];
    for (size_t f = 0; f < ARRAY_LENGTH(fillings); f++)
        for (size_t e = 0; e < ARRAY_LENGTH(ends); e++)
            for (size_t count = 1; count < 80; count++) {
                size_t used = 0;
                for (size_t i = 0; i < count; i++)
                    used += (size_t)snprintf(text + used, sizeof(text) - used, "%s", fillings[f]);
                (void)snprintf(text + used, sizeof(text) - used, "%s", ends[e]);
                check_round_trip(text);
            }
}

static void test_line_starts(void **state)
{
    (void)state;
    print_good("x", ".\nFrom me\nthen. From\n");
    assert_int_equal(strncmp(text_start(), "=2E\r\n=46rom me\r\nthen. From\r\n", 28), 0);
}

static void test_line_breaks(void **state)
{
    (void)state;
    char decoded[64];
    print_good("x", "a\r\nb \r\nc\rd\n");
    decode_quoted(text_start(), text_end(), decoded);
    assert_string_equal(decoded, "a\nb \nc\rd\n");
    check_lines();
}

/* ---- headers ---- */

static void test_subject_ends_at_its_first_line_break(void **state)
{
    (void)state;
    static const char *const subjects[] = {"Hello\r\nBcc: eve@example.com", "Hello\nBcc: eve@x",
                                           "Hello\rBcc: eve@x"};
    for (size_t i = 0; i < ARRAY_LENGTH(subjects); i++) {
        print_good(subjects[i], "x");
        assert_header("\r\nSubject: Hello\r\nDate: ");
        assert_null(strstr(mail.data, "Bcc"));
    }
}

static void test_other_control_characters_are_refused(void **state)
{
    (void)state;
    struct error error;
    assert_false(print("ann@example.com", "a\tb", "x", &error));
    assert_int_equal(error.code, ERROR_INVALID);
    assert_false(print("ann@example.com\r\nBcc: eve@example.com", "x", "x", &error));
    assert_int_equal(error.code, ERROR_INVALID);
    assert_null(strstr(error.message, "eve"));
    assert_false(print("ann@example.com", "\xff", "x", &error));
    assert_int_equal(error.code, ERROR_INVALID);
}

/* Decodes the words "=?utf-8?Q?...?=" of a folded header. */
static void decode_subject(char *to)
{
    const char *at = strstr(mail.data, "\r\nSubject: ") + strlen("\r\nSubject: ");
    const char *end = strstr(at, "\r\nDate: ");
    while (at < end) {
        assert_int_equal(strncmp(at, "=?utf-8?Q?", 10), 0);
        const char *stop = strstr(at + 10, "?=");
        assert_true(stop - at + 2 <= 75);
        for (at += 10; at < stop; at++) {
            assert_true(*at > ' ' && *at < 0x7f && *at != '?');
            if (*at != '=') {
                *to++ = *at == '_' ? ' ' : *at;
                continue;
            }
            *to++ = (char)(hex_digit(at[1]) * 16 + hex_digit(at[2]));
            at += 2;
        }
        /* each word holds whole characters: the next byte must start one */
        at = stop + 2;
        assert_true(at == end || strncmp(at, "\r\n =", 4) == 0);
        at += at == end ? 0 : 3;
        assert_true(at == end || at[10] != '=' || hex_digit(at[11]) < 8 || hex_digit(at[11]) > 0xb);
    }
    *to = '\0';
}

static void check_subject(const char *subject)
{
    char decoded[2048];
    print_good(subject, "x");
    check_lines();
    decode_subject(decoded);
    assert_string_equal(decoded, subject);
}

static void test_encoded_subjects(void **state)
{
    (void)state;
    char subject[1024];
    check_subject("\xc3\x96"
                  "dp\xc3\xb6n");
    check_subject("=?utf-8?Q?not_decoded?=");
    check_subject("under_score \"quotes\" ?=\xc3\xb6");
    for (size_t count = 1; count < 120; count += 7) {
        size_t used = 0;
        for (size_t i = 0; i < count; i++)
            used += (size_t)snprintf(subject + used, sizeof(subject) - used, "%s",
                                     i % 3 == 0   ? "\xf0\x9f\xab\x96"
                                     : i % 3 == 1 ? " "
                                                  : "o");
        check_subject(subject);
    }
    memset(subject, 'x', 68);
    subject[68] = '\0';
    check_subject(subject);
    subject[67] = '\0';
    print_good(subject, "x");
    assert_non_null(strstr(mail.data, "\r\nSubject: xxxx"));
    check_lines();
}

/* ---- the sender's name ---- */

static void check_from(const char *name, const char *expected)
{
    struct error error;
    const struct mail_envelope envelope = {.sender = "exports@example.com",
                                           .sender_name = name,
                                           .recipient = "ann@example.com",
                                           .message_id = "<27.1.abc@example.com>"};
    const struct mail_content content = {"x", "x", "x"};
    buffer_clear(&mail);
    if (!mail_print(&envelope, &content, &mail, &error))
        fail_msg("%s", error.message);
    if (strncmp(mail.data, expected, strlen(expected)) != 0)
        fail_msg("not %s but %.200s", expected, mail.data);
}

static void test_sender_names(void **state)
{
    (void)state;
    struct error error;
    struct mail_envelope envelope = {.sender = "a@b.c",
                                     .sender_name = "x\r\nBcc: d@e.f",
                                     .recipient = "a@b.c",
                                     .message_id = "<1>"};
    const struct mail_content content = {"x", "x", "x"};
    check_from(NULL, "From: exports@example.com\r\nTo: ");
    check_from("", "From: exports@example.com\r\nTo: ");
    check_from("Exports, Inc.", "From: \"Exports, Inc.\"\r\n <exports@example.com>\r\nTo: ");
    check_from("Z\xc3\xbcrich (Exports)", "From: =?utf-8?Q?Z=C3=BCrich_=28Exports=29?=\r\n"
                                          " <exports@example.com>\r\nTo: ");
    assert_false(mail_print(&envelope, &content, &mail, &error));
    assert_int_equal(error.code, ERROR_INVALID);
}

/* ---- addresses ---- */

static void test_addresses(void **state)
{
    (void)state;
    static const char *const good[] = {"a@b", "o'brien+tag@sub.example.com", "root@localhost",
                                       "r\xc3\xb6sti@z\xc3\xbcrich.example", "{x}/y%z@example.com"};
    static const char *const bad[] = {
        "",      "a",     "@b",      "a@",      "a@b@c",       "a@b\r\nRCPT TO:<eve@example.com>",
        "a b@c", "<a@b>", "\"a\"@b", "a@b,c@d", "a@[1.2.3.4]", "a(x)@b",
        "a@b;",  "a\t@b", "a\x7f@b", "a\xff@b", "a\\@b",       "group:a@b",
    };
    struct error error;
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++)
        assert_true(mail_check_address(good[i], &error));
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        error.code = ERROR_NONE;
        assert_false(mail_check_address(bad[i], &error));
        assert_int_equal(error.code, ERROR_INVALID);
        assert_true(strlen(bad[i]) < 3 || strstr(error.message, bad[i]) == NULL);
    }
}

static void test_address_length(void **state)
{
    (void)state;
    struct error error;
    char address[256];
    memset(address, 'a', sizeof(address));
    address[100] = '@';
    address[254] = '\0';
    assert_true(mail_check_address(address, &error));
    address[254] = 'a';
    address[255] = '\0';
    assert_false(mail_check_address(address, &error));
}

static void test_message_id(void **state)
{
    (void)state;
    char one[MAIL_MESSAGE_ID_MAX];
    char other[MAIL_MESSAGE_ID_MAX];
    struct error error;
    assert_true(mail_message_id("exports@example.com", 27, 3, one, &error));
    assert_true(mail_message_id("exports@example.com", 27, 3, other, &error));
    assert_true(text_starts_with(one, "<27.3."));
    assert_string_equal(strchr(one, '@'), "@example.com>");
    assert_int_equal(strlen(one), strlen("<27.3.@example.com>") + 32);
    assert_string_not_equal(one, other);
    assert_false(mail_message_id("no address", 27, 3, one, &error));
    assert_int_equal(error.code, ERROR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_exact_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_large, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_quoted_printable, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_line_lengths, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_line_starts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_line_breaks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_subject_ends_at_its_first_line_break, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_other_control_characters_are_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_encoded_subjects, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sender_names, set_up, tear_down),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_address_length),
        cmocka_unit_test(test_message_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
