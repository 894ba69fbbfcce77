/* SPDX-License-Identifier: Apache-2.0 */
/* Converts times by arithmetic on days. The C library's functions are not used: they depend on
   locale and time zone. */
#include "base/clock.h"

#include <errno.h>

static const char *const months[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};
/* 1970-01-01 was a Thursday. */
static const char *const weekdays[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};

/* A date of the proleptic Gregorian calendar and a time of day, in UTC. */
struct civil {
    int64_t days; /* since 1970-01-01 */
    int year, month, day, hour, minute, second, usec;
};

int64_t clock_monotonic_usec(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * USEC_PER_SECOND + now.tv_nsec / 1000;
}

int64_t clock_monotonic_ms(void)
{
    return clock_monotonic_usec() / 1000;
}

int64_t clock_wall_usec(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * USEC_PER_SECOND + now.tv_nsec / 1000;
}

void clock_sleep_ms(int64_t ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

/* Rounds down, also for negative numbers; `b` is positive. */
static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

/* Days from 1970-01-01 to a date. The years of this calculation begin in March, so that a leap day
   is the last day of its year. An era of 400 years has 146097 days. */
static int64_t days_of_date(int64_t year, int month, int day)
{
    int64_t shifted = month <= 2 ? year - 1 : year;
    int64_t era = floor_divide(shifted, 400);
    int64_t year_of_era = shifted - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

/* The inverse of days_of_date, with the time of day. */
static struct civil civil_of(int64_t usec)
{
    int64_t seconds = floor_divide(usec, USEC_PER_SECOND);
    int64_t days = floor_divide(seconds, 86400);
    int64_t of_day = seconds - days * 86400;
    int64_t shifted = days + 719468;
    int64_t era = floor_divide(shifted, 146097);
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_of_year = (5 * day_of_year + 2) / 153;
    int month = (int)(month_of_year < 10 ? month_of_year + 3 : month_of_year - 9);
    return (struct civil){
        .days = days,
        .year = (int)(year_of_era + era * 400 + (month <= 2 ? 1 : 0)),
        .month = month,
        .day = (int)(day_of_year - (153 * month_of_year + 2) / 5 + 1),
        .hour = (int)(of_day / 3600),
        .minute = (int)(of_day / 60 % 60),
        .second = (int)(of_day % 60),
        .usec = (int)(usec - seconds * USEC_PER_SECOND),
    };
}

/* Writes `value` in decimal, with leading zeros. */
static void write_digits(char *at, int width, int value)
{
    for (int i = width - 1; i >= 0; i--) {
        at[i] = (char)('0' + value % 10);
        value /= 10;
    }
}

/* Not by printf, which is slower: the CSV has two of these per row. */
char *clock_format_iso(int64_t usec, char text[CLOCK_TEXT_MAX])
{
    struct civil c = civil_of(usec);
    memcpy(text, "0000-00-00T00:00:00.000000Z", 28);
    write_digits(text, 4, c.year);
    write_digits(text + 5, 2, c.month);
    write_digits(text + 8, 2, c.day);
    write_digits(text + 11, 2, c.hour);
    write_digits(text + 14, 2, c.minute);
    write_digits(text + 17, 2, c.second);
    write_digits(text + 20, 6, c.usec);
    return text;
}

char *clock_format_mail(int64_t usec, char text[CLOCK_TEXT_MAX])
{
    struct civil c = civil_of(usec);
    int hour = c.hour % 12 == 0 ? 12 : c.hour % 12;
    (void)snprintf(text, CLOCK_TEXT_MAX, "%d:%02d %s on %s %02d, %04d (UTC)", hour, c.minute,
                   c.hour < 12 ? "AM" : "PM", months[c.month - 1], c.day, c.year);
    return text;
}

char *clock_format_rfc5322(int64_t usec, char text[CLOCK_TEXT_MAX])
{
    struct civil c = civil_of(usec);
    int64_t weekday = c.days - floor_divide(c.days, 7) * 7;
    (void)snprintf(text, CLOCK_TEXT_MAX, "%s, %02d %.3s %04d %02d:%02d:%02d +0000",
                   weekdays[weekday], c.day, months[c.month - 1], c.year, c.hour, c.minute,
                   c.second);
    return text;
}

char *clock_format_file_day(int64_t usec, char text[CLOCK_TEXT_MAX])
{
    struct civil c = civil_of(usec);
    (void)snprintf(text, CLOCK_TEXT_MAX, "%04d-%s-%02d", c.year, months[c.month - 1], c.day);
    return text;
}

/* ---- reading ---- */

struct reader {
    const char *at, *end;
};

/* Reads exactly `width` digits. */
static bool read_number(struct reader *in, int width, int *value)
{
    if (in->end - in->at < width)
        return false;
    *value = 0;
    for (int i = 0; i < width; i++) {
        char c = in->at[i];
        if (c < '0' || c > '9')
            return false;
        *value = *value * 10 + (c - '0');
    }
    in->at += width;
    return true;
}

static bool read_char(struct reader *in, char wanted)
{
    if (in->at == in->end || *in->at != wanted)
        return false;
    in->at++;
    return true;
}

/* An optional fraction of a second. */
static bool read_fraction(struct reader *in, int *usec)
{
    *usec = 0;
    if (!read_char(in, '.'))
        return true;
    int digits = 0;
    for (; in->at < in->end && *in->at >= '0' && *in->at <= '9'; in->at++, digits++)
        if (digits < 6)
            *usec = *usec * 10 + (*in->at - '0');
    for (int i = digits; i < 6; i++)
        *usec *= 10;
    return digits >= 1 && digits <= 9;
}

/* An optional zone; *offset in seconds east of UTC. */
static bool read_zone(struct reader *in, int *offset)
{
    *offset = 0;
    if (in->at == in->end || read_char(in, 'Z'))
        return true;
    int sign = *in->at == '-' ? -1 : 1;
    if (!read_char(in, '+') && !read_char(in, '-'))
        return false;
    int hours = 0;
    int minutes = 0;
    if (!read_number(in, 2, &hours))
        return false;
    bool colon = read_char(in, ':');
    if (in->at != in->end && !read_number(in, 2, &minutes))
        return false;
    /* no minutes after the colon */
    if (colon && in->at[-1] == ':')
        return false;
    *offset = sign * (hours * 3600 + minutes * 60);
    return hours <= 23 && minutes <= 59;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

/* False if any part is missing, out of range or followed by more text. */
static bool parse_time(struct reader *in, int64_t *usec)
{
    struct civil c = {0};
    int offset = 0;
    bool read = read_number(in, 4, &c.year) && read_char(in, '-') && read_number(in, 2, &c.month) &&
                read_char(in, '-') && read_number(in, 2, &c.day) &&
                (read_char(in, 'T') || read_char(in, ' ')) && read_number(in, 2, &c.hour) &&
                read_char(in, ':') && read_number(in, 2, &c.minute) && read_char(in, ':') &&
                read_number(in, 2, &c.second) && read_fraction(in, &c.usec) &&
                read_zone(in, &offset) && in->at == in->end;
    if (!read || c.year < 1 || c.month < 1 || c.month > 12 || c.day < 1 ||
        c.day > days_in_month(c.year, c.month) || c.hour > 23 || c.minute > 59 || c.second > 59)
        return false;
    int64_t seconds = days_of_date(c.year, c.month, c.day) * 86400 + c.hour * 3600 + c.minute * 60 +
                      c.second - offset;
    *usec = seconds * USEC_PER_SECOND + c.usec;
    return *usec >= USEC_FIRST && *usec <= USEC_LAST;
}

bool clock_parse_iso(const char *text, size_t size, int64_t *usec, struct error *error)
{
    struct reader in = {.at = text, .end = text + size};
    if (!parse_time(&in, usec))
        return error_set(error, ERROR_INVALID,
                         "not a time as in 2020-03-25T16:12:18Z of the years 0001 to 9999");
    return true;
}
