/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times. A moment is an int64_t of microseconds since 1970-01-01T00:00:00Z (`usec`); a duration is
 * measured on the monotonic clock. Nothing here looks at the locale or at the machine's time zone.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/error.h"

#define USEC_PER_SECOND INT64_C(1000000)

/* A moment that is not there: SQL NULL. */
#define USEC_NONE INT64_MIN

/* The years that exportd reads and writes: 0001 to 9999. */
#define USEC_FIRST INT64_C(-62135596800000000)
#define USEC_LAST  INT64_C(253402300799999999)

#define CLOCK_TEXT_MAX 64

/* Milliseconds of the monotonic clock, for durations only. */
int64_t clock_monotonic_ms(void);

/* This machine's idea of now. For log lines and mail dates; rows take the database's now(). */
int64_t clock_wall_usec(void);

/* Sleeps `ms` milliseconds, signals notwithstanding; not at all for 0 and less. */
void clock_sleep_ms(int64_t ms);

/* "2020-03-25T16:12:18.123456Z": always six digits of fraction, as the CSV and JSON show times.
   `usec` must be within USEC_FIRST and USEC_LAST. Returns `text`. */
char *clock_format_iso(int64_t usec, char text[CLOCK_TEXT_MAX]);

/* "12:05 AM on July 04, 2020 (UTC)": hour without leading zero, day with one,
   English: a date in a mail. */
char *clock_format_mail(int64_t usec, char text[CLOCK_TEXT_MAX]);

/* "Sat, 21 Nov 2026 03:40:00 +0000": a mail's Date header. */
char *clock_format_rfc5322(int64_t usec, char text[CLOCK_TEXT_MAX]);

/* "2020-July-21": the day in an export's file name, English. */
char *clock_format_file_day(int64_t usec, char text[CLOCK_TEXT_MAX]);

/* Reads ISO-8601: a date, "T" or a space, hh:mm:ss, a fraction of up to nine digits (cut to six),
   and nothing, "Z" or an offset (+hh:mm, +hhmm, +hh). Without a zone it is UTC. The whole of `text`
   must be read. ERROR_INVALID otherwise, also outside the years 0001 to 9999. */
bool clock_parse_iso(const char *text, size_t size, int64_t *usec, struct error *error) MUST_CHECK;

#endif
