/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

size_t utf8_step(const char *at, size_t size, bool *valid)
{
    const unsigned char *bytes = (const unsigned char *)at;
    unsigned char lead = bytes[0];
    *valid = lead < 0x80;
    if (lead < 0xc2 || lead > 0xf4)
        return 1;
    size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    /* the range of the second byte excludes overlong forms, surrogates and what is above
       U+10FFFF */
    unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    size_t i = 1;
    for (; i < length && i < size && bytes[i] >= low && bytes[i] <= high; i++) {
        low = 0x80;
        high = 0xbf;
    }
    *valid = i == length;
    return i;
}

void utf8_mend(char *text)
{
    size_t size = strlen(text);
    for (size_t i = 0; i < size;) {
        bool valid = false;
        size_t step = utf8_step(text + i, size - i, &valid);
        if (!valid)
            memset(text + i, '?', step);
        i += step;
    }
}
