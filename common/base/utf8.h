/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 as Unicode defines it: no surrogates, nothing overlong, nothing beyond U+10FFFF. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/prelude.h"

#define UTF8_REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* Looks at the bytes that begin at `at` (size > 0). *valid: they begin with a character; returns
   its length. Otherwise returns how many bytes one U+FFFD should stand for: the longest start of a
   character, at least 1 (Unicode's "maximal subpart", and what Python's errors="replace" does). A
   byte below 0x80 is never part of them. */
size_t utf8_step(const char *at, size_t size, bool *valid);

/* Puts "?" in the place of every byte that belongs to no character. */
void utf8_mend(char *text);

#endif
