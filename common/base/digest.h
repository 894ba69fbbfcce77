/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-1, MD5 and random names, by libcrypto. */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include "base/error.h"

#define SHA1_HEX_SIZE   41 /* 40 lower-case hex digits and a NUL */
#define MD5_HEX_SIZE    33
#define RANDOM_HEX_SIZE 33

/* A SHA-1 over many pieces. */
struct sha1;

/* NULL without memory. */
struct sha1 *sha1_new(void);
void sha1_free(struct sha1 *sha1);
void sha1_update(struct sha1 *sha1, const void *bytes, size_t size);

/* Writes the digest and starts anew. */
void sha1_finish(struct sha1 *sha1, char hex[SHA1_HEX_SIZE]);

void sha1_hex(const void *bytes, size_t size, char hex[SHA1_HEX_SIZE]);
void md5_hex(const void *bytes, size_t size, char hex[MD5_HEX_SIZE]);

/* 16 random bytes in hex (a random UUID without its dashes and version bits). Aborts the process
   when the system has no randomness, which a caller could not survive anyway. */
void random_hex(char hex[RANDOM_HEX_SIZE]);

/* An even random number 0 <= n < bound, for jitter. */
uint32_t random_below(uint32_t bound);

#endif
