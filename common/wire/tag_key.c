/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/unit/wire/event_line_test.c. */
#include "wire/tag_key.h"

#include "base/text.h"

bool tag_key_is_reserved(const char *key)
{
    static const char *const reserved[] = {"release", "dist", "user", "filename", "function"};
    for (size_t i = 0; i < ARRAY_LENGTH(reserved); i++)
        if (text_equal(key, reserved[i]))
            return true;
    return false;
}
