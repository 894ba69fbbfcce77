/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct {
    int64_t usec;
    const char *iso, *mail, *rfc5322, *day;
} known[] = {
    {USEC_FIRST, "0001-01-01T00:00:00.000000Z", "12:00 AM on January 01, 0001 (UTC)",
     "Mon, 01 Jan 0001 00:00:00 +0000", "0001-January-01"},
    {-62104060800000001, "0001-12-31T23:59:59.999999Z", "11:59 PM on December 31, 0001 (UTC)",
     "Mon, 31 Dec 0001 23:59:59 +0000", "0001-December-31"},
    {-11670998400000000, "1600-02-29T00:00:00.000000Z", "12:00 AM on February 29, 1600 (UTC)",
     "Tue, 29 Feb 1600 00:00:00 +0000", "1600-February-29"},
    {-2203891200000000, "1900-03-01T00:00:00.000000Z", "12:00 AM on March 01, 1900 (UTC)",
     "Thu, 01 Mar 1900 00:00:00 +0000", "1900-March-01"},
    {-1, "1969-12-31T23:59:59.999999Z", "11:59 PM on December 31, 1969 (UTC)",
     "Wed, 31 Dec 1969 23:59:59 +0000", "1969-December-31"},
    {0, "1970-01-01T00:00:00.000000Z", "12:00 AM on January 01, 1970 (UTC)",
     "Thu, 01 Jan 1970 00:00:00 +0000", "1970-January-01"},
    {951825600000001, "2000-02-29T12:00:00.000001Z", "12:00 PM on February 29, 2000 (UTC)",
     "Tue, 29 Feb 2000 12:00:00 +0000", "2000-February-29"},
    {1585152738123456, "2020-03-25T16:12:18.123456Z", "4:12 PM on March 25, 2020 (UTC)",
     "Wed, 25 Mar 2020 16:12:18 +0000", "2020-March-25"},
    {2147483648000000, "2038-01-19T03:14:08.000000Z", "3:14 AM on January 19, 2038 (UTC)",
     "Tue, 19 Jan 2038 03:14:08 +0000", "2038-January-19"},
    {4107542399000000, "2100-02-28T23:59:59.000000Z", "11:59 PM on February 28, 2100 (UTC)",
     "Sun, 28 Feb 2100 23:59:59 +0000", "2100-February-28"},
    {4107542400000000, "2100-03-01T00:00:00.000000Z", "12:00 AM on March 01, 2100 (UTC)",
     "Mon, 01 Mar 2100 00:00:00 +0000", "2100-March-01"},
    {USEC_LAST, "9999-12-31T23:59:59.999999Z", "11:59 PM on December 31, 9999 (UTC)",
     "Fri, 31 Dec 9999 23:59:59 +0000", "9999-December-31"},
};

static bool parse(const char *text, int64_t *usec)
{
    struct error error;
    bool done = clock_parse_iso(text, strlen(text), usec, &error);
    if (!done)
        assert_int_equal(error.code, ERROR_INVALID);
    return done;
}

static void known_moments(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(known); i++) {
        char text[CLOCK_TEXT_MAX];
        int64_t usec = 1;
        assert_string_equal(clock_format_iso(known[i].usec, text), known[i].iso);
        assert_string_equal(clock_format_mail(known[i].usec, text), known[i].mail);
        assert_string_equal(clock_format_rfc5322(known[i].usec, text), known[i].rfc5322);
        assert_string_equal(clock_format_file_day(known[i].usec, text), known[i].day);
        assert_true(parse(known[i].iso, &usec));
        assert_int_equal(usec, known[i].usec);
    }
}

static void assert_parses(const char *text, int64_t expected)
{
    int64_t usec = 1;
    if (!parse(text, &usec))
        fail_msg("refused: %s", text);
    assert_int_equal(usec, expected);
}

static void zones(void **state)
{
    (void)state;
    const int64_t moment = INT64_C(1585152738) * USEC_PER_SECOND;
    assert_parses("2020-03-25T16:12:18", moment);
    assert_parses("2020-03-25 16:12:18", moment);
    assert_parses("2020-03-25T16:12:18+00:00", moment);
    assert_parses("2020-03-25T16:12:18-00:00", moment);
    assert_parses("2020-03-25T18:12:18+02:00", moment);
    assert_parses("2020-03-25T18:12:18+02", moment);
    assert_parses("2020-03-25 21:42:18+0530", moment);
    assert_parses("2020-03-25T06:42:18-09:30", moment);
    assert_parses("2020-03-26T00:12:18+08:00", moment);
    assert_parses("2020-02-29T23:30:00-01:00", INT64_C(1583022600) * USEC_PER_SECOND);
}

static void fractions(void **state)
{
    (void)state;
    assert_parses("1970-01-01T00:00:00.5Z", 500000);
    assert_parses("1970-01-01T00:00:00.000001Z", 1);
    assert_parses("1970-01-01T00:00:00.123456789Z", 123456);
    assert_parses("1970-01-01T00:00:00.9999999+00:00", 999999);
    assert_parses("1969-12-31T23:59:59.25", -750000);
}

static void the_years_are_bounded(void **state)
{
    (void)state;
    assert_parses("0001-01-01T01:00:00+01:00", USEC_FIRST);
    assert_parses("9999-12-31T22:59:59.999999-01:00", USEC_LAST);
    int64_t usec = 0;
    assert_false(parse("0001-01-01T00:00:00+00:01", &usec));
    assert_false(parse("9999-12-31T23:59:59-00:01", &usec));
    assert_false(parse("0000-12-31T00:00:00Z", &usec));
}

static void what_is_no_time(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "2020",
                                      "2020-03-25",
                                      "2020-03-25T",
                                      "2020-03-25T16:12",
                                      "2020-03-25T16:12:18 ",
                                      " 2020-03-25T16:12:18",
                                      "2020-03-25T16:12:18x",
                                      "2020-03-25T16:12:18ZZ",
                                      "2020-03-25T16:12:18.",
                                      "2020-03-25T16:12:18.Z",
                                      "2020-03-25T16:12:18.1234567890",
                                      "2020-03-25T16:12:18,5",
                                      "2020-03-25T16:12:18+",
                                      "2020-03-25T16:12:18+2",
                                      "2020-03-25T16:12:18+02:",
                                      "2020-03-25T16:12:18+02:0",
                                      "2020-03-25T16:12:18+020",
                                      "2020-03-25T16:12:18+24:00",
                                      "2020-03-25T16:12:18+02:60",
                                      "2020-03-25T16:12:18+02:00Z",
                                      "2020-00-25T16:12:18",
                                      "2020-13-25T16:12:18",
                                      "2020-03-00T16:12:18",
                                      "2020-03-32T16:12:18",
                                      "2020-04-31T16:12:18",
                                      "2019-02-29T16:12:18",
                                      "1900-02-29T16:12:18",
                                      "2020-02-30T16:12:18",
                                      "2020-03-25T24:00:00",
                                      "2020-03-25T16:60:18",
                                      "2020-03-25T16:12:60",
                                      "+020-03-25T16:12:18",
                                      "2020-3-25T16:12:18",
                                      "20200325T161218",
                                      "2020/03/25T16:12:18",
                                      "tomorrow",
                                      "2020-03-25t16:12:18",
                                      "-2020-03-25T16:12:18",
                                      "12020-03-25T16:12:18"};
    int64_t usec = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
        if (parse(bad[i], &usec))
            fail_msg("taken: '%s'", bad[i]);
    struct error error;
    assert_true(clock_parse_iso("1970-01-01T00:00:00Zjunk", 20, &usec, &error));
    assert_false(clock_parse_iso("1970-01-01T00:00:00\0", 20, &usec, &error));
}

/* Every day of the calendar, counted by the plain rule of leap years. */
static void all_days(void **state)
{
    (void)state;
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t usec = USEC_FIRST;
    for (int year = 1; year <= 9999; year++) {
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        for (int month = 1; month <= 12; month++) {
            int days = lengths[month - 1] + (month == 2 && leap ? 1 : 0);
            for (int day = 1; day <= days; day++) {
                char expected[CLOCK_TEXT_MAX];
                char text[CLOCK_TEXT_MAX];
                (void)snprintf(expected, sizeof(expected), "%04d-%02d-%02dT00:00:00.000000Z", year,
                               month, day);
                if (strcmp(clock_format_iso(usec, text), expected) != 0)
                    fail_msg("%s, not %s", text, expected);
                usec += INT64_C(86400) * USEC_PER_SECOND;
            }
        }
    }
    assert_int_equal(usec, USEC_LAST + 1);
}

static void what_is_written_reads_back(void **state)
{
    (void)state;
    uint64_t random = 42;
    for (int i = 0; i < 200000; i++) {
        random = random * 6364136223846793005U + 1442695040888963407U;
        int64_t usec = USEC_FIRST + (int64_t)(random % (uint64_t)(USEC_LAST - USEC_FIRST + 1));
        char text[CLOCK_TEXT_MAX];
        assert_parses(clock_format_iso(usec, text), usec);
    }
}

static void clocks_go_on(void **state)
{
    (void)state;
    int64_t start = clock_monotonic_ms();
    clock_sleep_ms(20);
    int64_t passed = clock_monotonic_ms() - start;
    assert_true(passed >= 19 && passed < 10000);
    assert_true(clock_wall_usec() > INT64_C(1700000000) * USEC_PER_SECOND);
    clock_sleep_ms(0);
    clock_sleep_ms(-1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_moments),
        cmocka_unit_test(zones),
        cmocka_unit_test(fractions),
        cmocka_unit_test(the_years_are_bounded),
        cmocka_unit_test(what_is_no_time),
        cmocka_unit_test(all_days),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(clocks_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
