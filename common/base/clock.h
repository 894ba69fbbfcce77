/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times. A moment is an int64_t, in microseconds since 1970-01-01T00:00:00Z (`usec`). A duration is
 * measured by the monotonic clock. The locale and the machine's time zone have no influence.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/error.h"

#define USEC_PER_SECOND INT64_C(1000000)

/* No moment, as SQL NULL. */
#define USEC_NONE INT64_MIN

/* The years that exportd reads and writes: 0001 to 9999. */
#define USEC_FIRST INT64_C(-62135596800000000)
#define USEC_LAST  INT64_C(253402300799999999)

#define CLOCK_TEXT_MAX 64

/* Milliseconds and microseconds of the monotonic clock, for durations only. */
int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_usec(void);

/* This machine's present time, for log lines and mail dates. Rows take the database's now(). */
int64_t clock_wall_usec(void);

/* Sleeps `ms` milliseconds, also if signals arrive. Returns at once for 0 or less. */
void clock_sleep_ms(int64_t ms);

/* All clock_format functions write to `text`, in English, and return it. `usec` must be from
   USEC_FIRST to USEC_LAST.

   "2020-03-25T16:12:18.123456Z", for CSV and JSON: always six digits of fraction. */
char *clock_format_iso(int64_t usec, char text[CLOCK_TEXT_MAX]);

/* "12:05 AM on July 04, 2020 (UTC)", for the text of a mail: the hour without a leading zero, the
   day with one. */
char *clock_format_mail(int64_t usec, char text[CLOCK_TEXT_MAX]);

/* "Sat, 21 Nov 2026 03:40:00 +0000", for the Date header of a mail. */
char *clock_format_rfc5322(int64_t usec, char text[CLOCK_TEXT_MAX]);

/* "2020-July-21", for the file name of an export. */
char *clock_format_file_day(int64_t usec, char text[CLOCK_TEXT_MAX]);

/* Reads a time of ISO 8601: a date, "T" or a space, hh:mm:ss, perhaps a fraction of one to nine
   digits (cut to six), perhaps "Z" or an offset (+hh:mm, +hhmm, +hh). Without a zone it is UTC.
   ERROR_INVALID if any part of `text` does not fit, or outside of the years 0001 to 9999. */
bool clock_parse_iso(const char *text, size_t size, int64_t *usec, struct error *error) MUST_CHECK;

#endif
