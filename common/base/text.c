#include "base/text.h"

#include <errno.h>
#include <unistd.h>

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
    return strdup(text);
}

bool text_equal(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

bool text_starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

bool text_ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);
    size_t tail = strlen(end);
    return length >= tail && memcmp(text + length - tail, end, tail) == 0;
}

bool text_has_control(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    return false;
}

void text_print(FILE *out, const char *text)
{
    if (!isatty(fileno(out))) {
        (void)fputs(text, out);
        return;
    }
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        bool c1 = c[0] == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f;
        if (c1) {
            (void)fprintf(out, "\\x%02x", c[1]);
            c++;
        } else if (*c < 0x20 || *c == 0x7f) {
            (void)fprintf(out, "\\x%02x", *c);
        } else {
            (void)fputc(*c, out);
        }
    }
}

const char *text_plural(int64_t count)
{
    return count == 1 ? "" : "s";
}
