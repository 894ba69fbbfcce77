/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include "base/utf8.h"

#include <errno.h>
#include <locale.h>
#include <unistd.h>
#include <wchar.h>

bool text_to_int64(const char *text, int64_t min, int64_t max, int64_t *value)
{
    const char *digits = text[0] == '-' ? text + 1 : text;
    if (digits[0] == '\0' || strspn(digits, "0123456789") != strlen(digits))
        return false;
    errno = 0;
    long long number = strtoll(text, NULL, 10);
    if (errno != 0 || number < min || number > max)
        return false;
    *value = number;
    return true;
}

bool text_copy(char *to, size_t size, const char *text)
{
    size_t length = strlen(text);
    if (length >= size)
        return false;
    memcpy(to, text, length + 1);
    return true;
}

char *text_duplicate(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = memory_alloc(size);
    return copy == NULL ? NULL : memcpy(copy, text, size);
}

bool text_equal(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

bool text_starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

bool text_has_control(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    return false;
}

/* Whether the character of `size` bytes is a control character of a terminal. */
static bool is_control(const unsigned char *at, size_t size)
{
    if (size == 1)
        return at[0] < 0x20 || at[0] == 0x7f;
    return size == 2 && at[0] == 0xc2 && at[1] <= 0x9f; /* C1 */
}

void text_print_escaped(FILE *out, const char *text)
{
    size_t size = strlen(text);
    for (size_t i = 0; i < size;) {
        const unsigned char *at = (const unsigned char *)text + i;
        bool valid = false;
        size_t step = utf8_step(text + i, size - i, &valid);
        if (valid && !is_control(at, step))
            (void)fwrite(at, 1, step, out);
        else
            for (size_t k = 0; k < step; k++)
                (void)fprintf(out, "\\x%02x", at[k]);
        i += step;
    }
}

void text_print(FILE *out, const char *text)
{
    if (isatty(fileno(out)))
        text_print_escaped(out, text);
    else
        (void)fputs(text, out);
}

/* ---- width ---- */

/* The code point of a valid character of `size` bytes. */
static wchar_t code_point_of(const unsigned char *at, size_t size)
{
    static const unsigned char first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    unsigned code = at[0] & first_bits[size];
    for (size_t i = 1; i < size; i++)
        code = code << 6 | (at[i] & 0x3fu);
    return (wchar_t)code;
}

/* One that wcwidth does not know is taken for a narrow one. */
static size_t character_width(const unsigned char *at, size_t size)
{
    int width = wcwidth(code_point_of(at, size));
    return width < 0 ? 1 : (size_t)width;
}

/* wcwidth goes by the locale of the thread. The process keeps "C". */
size_t text_width(const char *text)
{
    locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    locale_t usual = locale == (locale_t)0 ? (locale_t)0 : uselocale(locale);
    size_t width = 0;
    size_t size = strlen(text);
    for (size_t i = 0; i < size;) {
        const unsigned char *at = (const unsigned char *)text + i;
        bool valid = false;
        size_t step = utf8_step(text + i, size - i, &valid);
        width += valid && !is_control(at, step) ? character_width(at, step) : 4 * step;
        i += step;
    }
    if (locale != (locale_t)0) {
        (void)uselocale(usual);
        freelocale(locale);
    }
    return width;
}

/* ---- numbers ---- */

const char *text_plural(int64_t count)
{
    return count == 1 ? "" : "s";
}

char *text_size(int64_t bytes, char text[TEXT_SIZE_MAX])
{
    static const char *const units[] = {"kB", "MB", "GB", "TB"};
    double size = (double)bytes / 1000;
    size_t unit = 0;
    if (bytes < 1000) {
        (void)snprintf(text, TEXT_SIZE_MAX, "%" PRId64 " byte%s", bytes, text_plural(bytes));
        return text;
    }
    /* 999.95 would be printed as 1000.0 */
    while (size >= 999.95 && unit + 1 < ARRAY_LENGTH(units)) {
        size /= 1000;
        unit++;
    }
    (void)snprintf(text, TEXT_SIZE_MAX, "%.1f %s", size, units[unit]);
    return text;
}
