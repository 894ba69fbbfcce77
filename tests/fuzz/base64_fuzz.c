/* SPDX-License-Identifier: Apache-2.0 */
/* Base64: libcrypto encodes the decoded bytes again, to the same text without its line ends. */
#include "wire/base64.h"

#include "fuzz.h"

#include <openssl/evp.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct error error;
    struct buffer out;
    size_t length = 0;
    buffer_init(&out, size);
    if (!base64_decode((const char *)bytes, size, &out, &error)) {
        check_error(&error);
        buffer_free(&out);
        return 0;
    }
    unsigned char *again = malloc(size + 5);
    CHECK(again != NULL);
    int encoded = EVP_EncodeBlock(again, (const unsigned char *)out.data, (int)out.size);
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != '\r' && bytes[i] != '\n')
            CHECK(length < (size_t)encoded && again[length++] == bytes[i]);
    CHECK(length == (size_t)encoded);
    free(again);
    buffer_free(&out);
    return 0;
}
