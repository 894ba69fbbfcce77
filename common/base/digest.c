/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

struct sha1 {
    EVP_MD_CTX *context;
};

static void to_hex(const unsigned char *bytes, size_t size, char *hex)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        hex[2 * i] = digits[bytes[i] >> 4];
        hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    hex[2 * size] = '\0';
}

/* Here libcrypto fails only without memory or if its installation is broken. Then no result would
   be right. */
static void abort_unless(bool done)
{
    if (!done)
        abort();
}

struct sha1 *sha1_new(void)
{
    struct sha1 *sha1 = memory_zeroed(1, sizeof(*sha1));
    if (sha1 == NULL)
        return NULL;
    sha1->context = EVP_MD_CTX_new();
    if (sha1->context == NULL || EVP_DigestInit_ex(sha1->context, EVP_sha1(), NULL) != 1) {
        sha1_free(sha1);
        return NULL;
    }
    return sha1;
}

void sha1_free(struct sha1 *sha1)
{
    if (sha1 == NULL)
        return;
    EVP_MD_CTX_free(sha1->context);
    free(sha1);
}

void sha1_update(struct sha1 *sha1, const void *bytes, size_t size)
{
    abort_unless(EVP_DigestUpdate(sha1->context, bytes, size) == 1);
}

void sha1_finish(struct sha1 *sha1, char hex[SHA1_HEX_SIZE])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    abort_unless(EVP_DigestFinal_ex(sha1->context, digest, NULL) == 1 &&
                 EVP_DigestInit_ex(sha1->context, EVP_sha1(), NULL) == 1);
    to_hex(digest, 20, hex);
}

void sha1_hex(const void *bytes, size_t size, char hex[SHA1_HEX_SIZE])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    abort_unless(EVP_Digest(bytes, size, digest, NULL, EVP_sha1(), NULL) == 1);
    to_hex(digest, 20, hex);
}

void md5_hex(const void *bytes, size_t size, char hex[MD5_HEX_SIZE])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    abort_unless(EVP_Digest(bytes, size, digest, NULL, EVP_md5(), NULL) == 1);
    to_hex(digest, 16, hex);
}

void random_hex(char hex[RANDOM_HEX_SIZE])
{
    unsigned char bytes[16];
    abort_unless(RAND_bytes(bytes, sizeof(bytes)) == 1);
    to_hex(bytes, sizeof(bytes), hex);
}

uint32_t random_below(uint32_t bound)
{
    uint64_t number = 0;
    abort_unless(RAND_bytes((unsigned char *)&number, sizeof(number)) == 1);
    return (uint32_t)(number % bound);
}
