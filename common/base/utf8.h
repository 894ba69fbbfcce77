/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 as Unicode defines it: no surrogates, no overlong forms, no code points above U+10FFFF. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/prelude.h"

#define UTF8_REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* Reads the character at `at`, of at most `size` bytes (size > 0). If it is valid, sets *valid and
   returns its length. Otherwise returns the number of bytes that one U+FFFD should replace: the
   longest beginning of a character, at least 1 (Unicode's "maximal subpart", as Python's
   errors="replace" does). Such bytes contain no ASCII character. */
size_t utf8_step(const char *at, size_t size, bool *valid);

/* Replaces each byte that does not belong to a valid character by "?". */
void utf8_mend(char *text);

#endif
