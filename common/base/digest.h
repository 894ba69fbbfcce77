/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-1, MD5 and random numbers, by libcrypto. All hex texts are in lower case. */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include "base/error.h"

#define SHA1_HEX_SIZE   41 /* 40 digits and a NUL */
#define MD5_HEX_SIZE    33
#define RANDOM_HEX_SIZE 33

/* A SHA-1 of many pieces. */
struct sha1;

/* A new SHA-1; NULL without memory. Free with sha1_free, which takes NULL, too. */
struct sha1 *sha1_new(void);
void sha1_free(struct sha1 *sha1);
void sha1_update(struct sha1 *sha1, const void *bytes, size_t size);

/* Writes the digest, and starts again with no bytes. */
void sha1_finish(struct sha1 *sha1, char hex[SHA1_HEX_SIZE]);

void sha1_hex(const void *bytes, size_t size, char hex[SHA1_HEX_SIZE]);
void md5_hex(const void *bytes, size_t size, char hex[MD5_HEX_SIZE]);

/* Writes 16 random bytes in hex. Aborts the process if the system gives no random bytes. */
void random_hex(char hex[RANDOM_HEX_SIZE]);

/* A random number 0 <= n < bound, evenly distributed, for jitter. Aborts as random_hex. */
uint32_t random_below(uint32_t bound);

#endif
