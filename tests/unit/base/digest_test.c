/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void known_digests(void **state)
{
    (void)state;
    char sha1[SHA1_HEX_SIZE];
    char md5[MD5_HEX_SIZE];
    sha1_hex("", 0, sha1);
    assert_string_equal(sha1, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    sha1_hex("abc", 3, sha1);
    assert_string_equal(sha1, "a9993e364706816aba3e25717850c26c9cd0d89d");
    md5_hex("", 0, md5);
    assert_string_equal(md5, "d41d8cd98f00b204e9800998ecf8427e");
    md5_hex("a\0b", 3, md5);
    assert_string_equal(md5, "70350f6027bce3713f6b76473084309b");
}

static void pieces(void **state)
{
    (void)state;
    char hex[SHA1_HEX_SIZE];
    struct sha1 *sha1 = sha1_new();
    assert_non_null(sha1);
    for (int round = 0; round < 2; round++) {
        sha1_update(sha1, "a", 1);
        sha1_update(sha1, "", 0);
        sha1_update(sha1, "bc", 2);
        sha1_finish(sha1, hex); /* and starts again */
        assert_string_equal(hex, "a9993e364706816aba3e25717850c26c9cd0d89d");
    }
    sha1_free(sha1);
    sha1_free(NULL);
}

static void randomness(void **state)
{
    (void)state;
    char one[RANDOM_HEX_SIZE];
    char two[RANDOM_HEX_SIZE];
    random_hex(one);
    random_hex(two);
    assert_int_equal(strlen(one), 32);
    assert_int_equal(strspn(one, "0123456789abcdef"), 32);
    assert_string_not_equal(one, two);
    bool seen[3] = {false, false, false};
    for (int i = 0; i < 1000; i++) {
        uint32_t number = random_below(3);
        assert_true(number < 3);
        seen[number] = true;
    }
    assert_true(seen[0] && seen[1] && seen[2]);
    assert_int_equal(random_below(1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_digests),
        cmocka_unit_test(pieces),
        cmocka_unit_test(randomness),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
