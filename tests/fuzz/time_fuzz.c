/* SPDX-License-Identifier: Apache-2.0 */
/* A time in ISO-8601: a time that is read and printed is read again as the same time. */
#include "base/clock.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct error error;
    int64_t usec = 0, again = 0;
    char text[CLOCK_TEXT_MAX];
    if (!clock_parse_iso((const char *)bytes, size, &usec, &error)) {
        CHECK(error.code == ERROR_INVALID);
        return 0;
    }
    CHECK(usec >= USEC_FIRST && usec <= USEC_LAST);
    CHECK(strlen(clock_format_iso(usec, text)) == strlen("2020-03-25T16:12:18.123456Z"));
    CHECK(clock_parse_iso(text, strlen(text), &again, &error) && again == usec);
    CHECK(strlen(clock_format_mail(usec, text)) < CLOCK_TEXT_MAX);
    CHECK(strlen(clock_format_rfc5322(usec, text)) < CLOCK_TEXT_MAX);
    CHECK(strlen(clock_format_file_day(usec, text)) < CLOCK_TEXT_MAX);
    return 0;
}
