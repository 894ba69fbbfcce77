/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/pickle.h"

#include "mutate.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* A string constant and its number of bytes, with the NULs in it, but without the last NUL. */
#define BYTES(constant) constant, sizeof(constant) - 1
#define P2              "\x80\x02"
#define P4              "\x80\x04"

static json_t *parse(const char *bytes, size_t size)
{
    struct error error;
    json_t *value = NULL;
    char *copy = mutate_exact_copy(bytes, size);
    if (!pickle_parse(copy, size, &value, &error))
        fail_msg("%s", error.message);
    free(copy);
    return value;
}

/* Asserts that the value, as JSON with sorted keys, is `expected`. */
static void assert_reads(const char *bytes, size_t size, const char *expected)
{
    json_t *value = parse(bytes, size);
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
    json_decref(value);
}

/* Asserts that the error message ends with `reason`. */
static void assert_fails(const char *bytes, size_t size, enum error_code code, const char *reason)
{
    struct error error;
    json_t *value = json_null();
    char *copy = mutate_exact_copy(bytes, size);
    if (pickle_parse(copy, size, &value, &error))
        fail_msg("taken instead of: %s", reason);
    free(copy);
    assert_null(value);
    size_t length = strlen(error.message), expected = strlen(reason);
    if (length < expected || strcmp(error.message + length - expected, reason) != 0)
        fail_msg("%s instead of: %s", error.message, reason);
    assert_int_equal(error.code, code);
}

static void assert_refused(const char *bytes, size_t size, const char *reason)
{
    assert_fails(bytes, size, ERROR_INVALID, reason);
}

/* ---- what Python writes ---- */

/* {"a": [1, (2,), -3, 300, 70000, 1 << 40, -(1 << 40), 1.5, None, True, False, "é", ()]} */
#define PYTHON_2                                                                                   \
    P2 "}q\x00X\x01\x00\x00\x00"                                                                   \
       "aq\x01]q\x02(K\x01K\x02\x85q\x03J\xfd\xff\xff\xffM,\x01Jp\x11\x01\x00\x8a\x06\x00\x00\x00" \
       "\x00\x00\x01\x8a\x06\x00\x00\x00\x00\x00\xffG?\xf8\x00\x00\x00\x00\x00\x00N\x88\x89X\x02"  \
       "\x00\x00\x00\xc3\xa9q\x04)es."
#define PYTHON_4_BODY                                                                              \
    "\x95\x41\x00\x00\x00\x00\x00\x00\x00}\x94\x8c\x01"                                            \
    "a\x94]\x94(K\x01K\x02\x85\x94J\xfd\xff\xff\xffM,\x01Jp\x11\x01\x00\x8a\x06\x00\x00\x00\x00"   \
    "\x00\x01\x8a\x06\x00\x00\x00\x00\x00\xffG?\xf8\x00\x00\x00\x00\x00\x00N\x88\x89\x8c\x02\xc3"  \
    "\xa9\x94)es."
#define PYTHON_VALUE                                                                               \
    "{\"a\":[1,[2],-3,300,70000,1099511627776,-1099511627776,1.5,null,true,false,\"\xc3\xa9\",[]]" \
    "}"

static void protocols_2_to_5(void **state)
{
    (void)state;
    char third[sizeof(PYTHON_2)] = PYTHON_2; /* the same except the number */
    third[1] = 3;
    assert_reads(BYTES(PYTHON_2), PYTHON_VALUE);
    assert_reads(BYTES(third), PYTHON_VALUE);
    assert_reads(BYTES(P4 PYTHON_4_BODY), PYTHON_VALUE);
    assert_reads(BYTES("\x80\x05" PYTHON_4_BODY), PYTHON_VALUE);
}

static void other_protocols(void **state)
{
    (void)state;
    static const char old[] = "no pickle of protocol 2 to 5 (those of 0 and 1 are not read)";
    assert_refused(BYTES("(dp0\nVa\np1\nI1\ns."), old); /* protocol 0 */
    assert_refused(BYTES("}q\x00X\x01\x00\x00\x00"
                         "aq\x01K\x01s."),
                   old);
    assert_refused(BYTES(""), old);
    assert_refused(BYTES("\x80"), old);
    assert_refused(BYTES("{\"a\": 1}"), old);
    assert_refused(BYTES("\x80\x00N."), "a pickle of protocol 0; 2 to 5 are read");
    assert_refused(BYTES("\x80\x01N."), "a pickle of protocol 1; 2 to 5 are read");
    assert_refused(BYTES("\x80\x06N."), "a pickle of protocol 6; 2 to 5 are read");
    assert_refused(BYTES("\x80\xffN."), "a pickle of protocol 255; 2 to 5 are read");
}

/* ---- each opcode ---- */

static void numbers(void **state)
{
    (void)state;
    static const char huge[] = "\"a whole number of more than 64 bits\"";
    assert_reads(BYTES(P2 "K\x00."), "0");
    assert_reads(BYTES(P2 "K\xff."), "255");
    assert_reads(BYTES(P2 "M\xff\xff."), "65535");
    assert_reads(BYTES(P2 "J\xff\xff\xff\x7f."), "2147483647");
    assert_reads(BYTES(P2 "J\x00\x00\x00\x80."), "-2147483648");
    assert_reads(BYTES(P2 "\x8a\x00."), "0");
    assert_reads(BYTES(P2 "\x8a\x01\x1b."), "27");
    assert_reads(BYTES(P2 "\x8a\x01\xff."), "-1");
    assert_reads(BYTES(P2 "\x8a\x02\xff\x00."), "255");
    assert_reads(BYTES(P2 "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f."), "9223372036854775807");
    assert_reads(BYTES(P2 "\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x80."), "-9223372036854775808");
    assert_reads(BYTES(P2 "\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x80\x00."), huge);
    assert_reads(BYTES(P2 "\x8a\x09\xff\xff\xff\xff\xff\xff\xff\x7f\xff."), huge);
    assert_reads(BYTES(P2 "\x8a\x0a\x1b\x00\x00\x00\x00\x00\x00\x00\x00\x00."), "27");
    assert_reads(BYTES(P2 "\x8a\x09\xfe\xff\xff\xff\xff\xff\xff\xff\xff."), "-2");
    assert_reads(BYTES(P2 "\x8b\x01\x00\x00\x00\x1b."), "27");
    assert_reads(BYTES(P2 "\x8b\x09\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01."), huge);
    assert_reads(BYTES(P2 "G\xbf\xf0\x00\x00\x00\x00\x00\x00."), "-1.0");
    assert_reads(BYTES(P2 "G\x7f\xf0\x00\x00\x00\x00\x00\x00."), "\"not finite\"");
    assert_reads(BYTES(P2 "G\x7f\xf8\x00\x00\x00\x00\x00\x00."), "\"not finite\"");
}

static void texts(void **state)
{
    (void)state;
    assert_reads(BYTES(P2 "U\x02hi."), "\"hi\"");
    assert_reads(BYTES(P2 "U\x00."), "\"\"");
    assert_reads(BYTES(P2 "T\x02\x00\x00\x00hi."), "\"hi\"");
    assert_reads(BYTES(P2 "X\x03\x00\x00\x00\xe2\x82\xac."), "\"\xe2\x82\xac\"");
    assert_reads(BYTES(P4 "\x8c\x02hi."), "\"hi\"");
    assert_reads(BYTES(P4 "\x8d\x02\x00\x00\x00\x00\x00\x00\x00hi."), "\"hi\"");
    assert_reads(BYTES("\x80\x03"
                       "C\x02hi."),
                 "\"hi\"");
    assert_reads(BYTES("\x80\x03"
                       "B\x02\x00\x00\x00hi."),
                 "\"hi\"");
    assert_reads(BYTES(P4 "\x8e\x02\x00\x00\x00\x00\x00\x00\x00hi."), "\"hi\"");
    assert_reads(BYTES("\x80\x05\x96\x02\x00\x00\x00\x00\x00\x00\x00hi."), "\"hi\"");
    /* cleaned: bytes that are not UTF-8, a lone surrogate as Python writes it, a NUL */
    assert_reads(BYTES(P2 "U\x03"
                          "a\xff"
                          "b."),
                 "\"a\xef\xbf\xbd"
                 "b\"");
    assert_reads(BYTES(P2 "X\x03\x00\x00\x00\xed\xa0\x80."),
                 "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
    assert_reads(BYTES(P2 "U\x03"
                          "a\0b."),
                 "\"ab\"");
}

static void containers(void **state)
{
    (void)state;
    assert_reads(BYTES(P2 "]."), "[]");
    assert_reads(BYTES(P2 "}."), "{}");
    assert_reads(BYTES(P2 ")."), "[]");
    assert_reads(BYTES(P4 "\x8f."), "[]");
    assert_reads(BYTES(P2 "]K\x01"
                          "a."),
                 "[1]");
    assert_reads(BYTES(P2 "](K\x01K\x02"
                          "eK\x03"
                          "a."),
                 "[1,2,3]");
    assert_reads(BYTES(P2 "](e."), "[]");
    assert_reads(BYTES(P4 "\x8f(K\x01K\x02\x90."), "[1,2]");
    assert_reads(BYTES(P4 "(K\x01K\x02\x91."), "[1,2]");
    assert_reads(BYTES(P2 "(t."), "[]");
    assert_reads(BYTES(P2 "(K\x01K\x02K\x03K\x04t."), "[1,2,3,4]");
    assert_reads(BYTES(P2 "K\x01\x85."), "[1]");
    assert_reads(BYTES(P2 "K\x01K\x02\x86."), "[1,2]");
    assert_reads(BYTES(P2 "K\x01K\x02K\x03\x87."), "[1,2,3]");
    assert_reads(BYTES(P2 "}U\x01"
                          "aK\x01s."),
                 "{\"a\":1}");
    assert_reads(BYTES(P2 "}(U\x01"
                          "aK\x01U\x01"
                          "bK\x02uU\x01"
                          "cNs."),
                 "{\"a\":1,\"b\":2,\"c\":null}");
    assert_reads(BYTES(P2 "}(U\x01"
                          "aK\x01U\x01"
                          "aK\x02u."),
                 "{\"a\":2}");
    assert_reads(BYTES(P2 "}(u."), "{}");
    assert_reads(BYTES(P2 "](](K\x01"
                          "e}(U\x01"
                          "kNue."),
                 "[[1],{\"k\":null}]");
}

static void the_memo(void **state)
{
    (void)state;
    assert_reads(BYTES(P2 "](U\x01"
                          "aq\x00h\x00"
                          "e."),
                 "[\"a\",\"a\"]");
    assert_reads(BYTES(P2 "](U\x01"
                          "ar\x01\x00\x00\x00j\x01\x00\x00\x00"
                          "e."),
                 "[\"a\",\"a\"]");
    assert_reads(BYTES(P4 "]\x94(\x8c\x01"
                          "a\x94h\x01"
                          "e."),
                 "[\"a\",\"a\"]");
    assert_reads(BYTES(P2 "](]q\x00h\x00h\x00"
                          "e."),
                 "[[],[],[]]");
    assert_reads(BYTES(P2 "}q\x00(U\x01"
                          "aq\x01h\x01u."),
                 "{\"a\":\"a\"}");
    assert_reads(BYTES(P2 "](K\x01q\x00K\x02q\x00h\x00"
                          "e."),
                 "[1,2,2]");
    assert_refused(BYTES(P2 "h\x00."), "a pickle's BINGET at byte 2: no such memo entry");
    assert_refused(BYTES(P2 "Nq\x00h\x01."), "a pickle's BINGET at byte 5: no such memo entry");
    assert_refused(BYTES(P2 "Nq\x00j\xff\xff\xff\xff."),
                   "a pickle's LONG_BINGET at byte 5: no such memo entry");
    assert_refused(BYTES(P2 "Nr\xff\xff\xff\xff."),
                   "a pickle's LONG_BINPUT at byte 3: a memo entry out of order");
    assert_refused(BYTES(P2 "q\x00."), "a pickle's BINPUT at byte 2: too few values on the stack");
    assert_refused(BYTES(P4 "\x94."), "a pickle's MEMOIZE at byte 2: too few values on the stack");
}

static void frames(void **state)
{
    (void)state;
    assert_reads(BYTES(P4 "\x95\x02\x00\x00\x00\x00\x00\x00\x00N."), "null");
    assert_reads(BYTES(P4 "\x95\x00\x00\x00\x00\x00\x00\x00\x00N."), "null");
    assert_refused(BYTES(P4 "\x95\x03\x00\x00\x00\x00\x00\x00\x00N."),
                   "a pickle's FRAME at byte 2: it ends too early");
    assert_refused(BYTES(P4 "\x95\xff\xff\xff\xff\xff\xff\xff\xffN."),
                   "a pickle's FRAME at byte 2: it ends too early");
}

/* ---- each refusal ---- */

static void opcodes_of_objects(void **state)
{
    (void)state;
    static const struct {
        unsigned char code;
        const char *name;
    } refused[] = {
        {'0', "POP"},           {'1', "POP_MARK"},     {'2', "DUP"},
        {'F', "FLOAT"},         {'I', "INT"},          {'L', "LONG"},
        {'S', "STRING"},        {'V', "UNICODE"},      {'d', "DICT"},
        {'l', "LIST"},          {'g', "GET"},          {'p', "PUT"},
        {'P', "PERSID"},        {'Q', "BINPERSID"},    {'R', "REDUCE"},
        {'b', "BUILD"},         {'c', "GLOBAL"},       {'i', "INST"},
        {'o', "OBJ"},           {0x81, "NEWOBJ"},      {0x82, "EXT1"},
        {0x83, "EXT2"},         {0x84, "EXT4"},        {0x92, "NEWOBJ_EX"},
        {0x93, "STACK_GLOBAL"}, {0x97, "NEXT_BUFFER"}, {0x98, "READONLY_BUFFER"},
        {0x80, "PROTO"},
    };
    char bytes[] = P2 "NN?\x01\n.", reason[100];
    for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
        bytes[4] = (char)refused[i].code;
        (void)snprintf(reason, sizeof(reason),
                       "a pickle's %s at byte 4: only plain data of protocols 2 to 5 is read",
                       refused[i].name);
        assert_refused(BYTES(bytes), reason);
    }
    /* datetime.datetime(2030, 1, 1) */
    assert_refused(BYTES("\x80\x03"
                         "cdatetime\ndatetime\nq\x00"
                         "C\n\x07\xee\x01\x01\x00\x00\x00"
                         "\x00\x00\x00q\x01\x85q\x02Rq\x03."),
                   "a pickle's GLOBAL at byte 2: only plain data of protocols 2 to 5 is read");
    assert_refused(
        BYTES(P4 "\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R."),
        "a pickle's STACK_GLOBAL at byte 14: only plain data of protocols 2 to 5 is read");
}

/* Every byte is an opcode that is read, an opcode that is refused by name, or not an opcode. */
static void bytes_that_are_no_opcode(void **state)
{
    (void)state;
    size_t unknown = 0;
    for (unsigned byte = 0; byte < 256; byte++) {
        const char bytes[] = {'\x80', 4, (char)byte};
        struct error error;
        json_t *value = NULL;
        char reason[100];
        (void)snprintf(reason, sizeof(reason), "a broken pickle: 0x%02x at byte 2 is no opcode",
                       byte);
        assert_false(pickle_parse(bytes, sizeof(bytes), &value, &error));
        if (strcmp(error.message, reason) == 0)
            unknown++;
    }
    assert_int_equal(unknown, 256 - 68); /* Python's pickletools knows 68 */
}

static void broken_programs(void **state)
{
    (void)state;
    assert_refused(BYTES(P2), "a broken pickle: it has no end");
    assert_refused(BYTES(P2 "N"), "a broken pickle: it has no end");
    assert_refused(BYTES(P2 "."), "a pickle's STOP at byte 2: too few values on the stack");
    assert_refused(BYTES(P2 "N.N"), "a pickle's STOP at byte 3: bytes behind the end");
    assert_refused(BYTES(P2 "NN."), "a pickle's STOP at byte 4: more than one value at the end");
    assert_refused(BYTES(P2 "N(N."), "a pickle's STOP at byte 5: more than one value at the end");
    assert_refused(BYTES(P2 "N(."), "a pickle's STOP at byte 4: too few values on the stack");
    assert_refused(BYTES(P2 "e."), "a pickle's APPENDS at byte 2: no mark on the stack");
    assert_refused(BYTES(P2 "u."), "a pickle's SETITEMS at byte 2: no mark on the stack");
    assert_refused(BYTES(P2 "t."), "a pickle's TUPLE at byte 2: no mark on the stack");
    assert_refused(BYTES(P2 "(e."), "a pickle's APPENDS at byte 3: too few values on the stack");
    assert_refused(BYTES(P2 "](Na."), "a pickle's APPEND at byte 5: too few values on the stack");
    assert_refused(BYTES(P2 "N(\x85."), "a pickle's TUPLE1 at byte 4: too few values on the stack");
    assert_refused(BYTES(P2 "NN\x87."), "a pickle's TUPLE3 at byte 4: too few values on the stack");
}

static void wrong_kinds(void **state)
{
    (void)state;
    static const char keys[] = "a dict's key that is no text";
    assert_refused(BYTES(P2 "}Na."), "a pickle's APPEND at byte 4: no list to append to");
    assert_refused(BYTES(P2 "N(Ne."), "a pickle's APPENDS at byte 5: no list to append to");
    assert_refused(BYTES(P2 "]NNs."), "a pickle's SETITEM at byte 5: no dict to set items of");
    assert_refused(BYTES(P2 "}(Nu."), "a pickle's SETITEMS at byte 5: a key without a value");
    assert_refused(BYTES(P2 "}K\x01Ns."), keys);
    assert_refused(BYTES(P2 "}NNs."), keys);
    assert_refused(BYTES(P2 "})Ns."), keys);
    assert_refused(BYTES(P2 "}\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01Ns."), keys);
    assert_refused(BYTES(P2 "}(U\x01"
                            "aNG\x7f\xf8\x00\x00\x00\x00\x00\x00Nu."),
                   keys);
}

static void recursion(void **state)
{
    (void)state;
    /* a = []; a.append(a), as Python writes it; then through a dict, a tuple, and from below */
    assert_refused(BYTES(P2 "]q\x00h\x00"
                            "a."),
                   "a pickle's APPEND at byte 7: a recursive or belated change");
    assert_refused(BYTES(P2 "}q\x00U\x01"
                            "ah\x00s."),
                   "a pickle's SETITEM at byte 10: a recursive or belated change");
    assert_refused(BYTES(P2 "]q\x00h\x00\x85"
                            "a."),
                   "a pickle's APPEND at byte 8: a recursive or belated change");
    assert_refused(BYTES(P2 "]q\x00}q\x01U\x01"
                            "ah\x00sa."),
                   "a pickle's APPEND at byte 14: a recursive or belated change");
    assert_refused(BYTES(P2 "K\x01\x85Na."),
                   "a pickle's APPEND at byte 6: a recursive or belated change");
}

/* ---- limits ---- */

/* Returns `before`, `count` times `bytes`, and `behind`. */
static void repeat(struct buffer *out, const char *before, const char *bytes, size_t size,
                   size_t count, const char *behind)
{
    struct error error;
    buffer_init(out, (size_t)16 * 1024 * 1024);
    assert_true(buffer_append(out, BYTES(P2), &error));
    assert_true(buffer_append_text(out, before, &error));
    for (size_t i = 0; i < count; i++)
        assert_true(buffer_append(out, bytes, size, &error));
    assert_true(buffer_append_text(out, behind, &error));
}

static void check_repeated(const char *before, const char *bytes, size_t size, size_t count,
                           const char *behind, const char *too_large)
{
    struct buffer pickle;
    repeat(&pickle, before, bytes, size, count, behind);
    if (too_large == NULL)
        json_decref(parse(pickle.data, pickle.size));
    else
        assert_fails(pickle.data, pickle.size, ERROR_TOO_LARGE, too_large);
    buffer_free(&pickle);
}

static void depth_is_bounded(void **state)
{
    (void)state;
    static const char deep[] = "nested more than 100 deep";
    check_repeated(")", BYTES("\x85"), 99, ".", NULL);
    check_repeated(")", BYTES("\x85"), 100, ".", deep);
    check_repeated(")", BYTES("\x85"), 1000000, ".", deep);
    check_repeated("", BYTES("("), 1000000, ".", deep);
    check_repeated("", BYTES("]("), 101, "", deep);
}

static void values_are_bounded(void **state)
{
    (void)state;
    static const char many[] = "more than 100000 values";
    check_repeated("](", BYTES("N"), PICKLE_VALUES_MAX - 1, "e.", NULL);
    check_repeated("](", BYTES("N"), PICKLE_VALUES_MAX, "e.", many);
    check_repeated("](", BYTES("N"), 1000000, "e.", many);
    check_repeated("](U\x01"
                   "aq\x01",
                   BYTES("h\x01"), PICKLE_VALUES_MAX - 2, "e.", NULL);
    check_repeated("](U\x01"
                   "aq\x01",
                   BYTES("h\x01"), PICKLE_VALUES_MAX - 1, "e.", many);
    check_repeated("(U\x01"
                   "aq\x01",
                   BYTES("h\x01"), 500000, "t.", many);
}

/* Each tuple has the tuple before it twice: 300 bytes for 2 to the power of 64 values. */
static void a_bomb_of_references(void **state)
{
    (void)state;
    static const char many[] = "more than 100000 values";
    check_repeated(")q\x01", BYTES("h\x01\x86q\x01"), 15, ".", NULL);
    check_repeated(")q\x01", BYTES("h\x01\x86q\x01"), 64, ".", many);
    check_repeated("]q\x01",
                   BYTES("]h\x01"
                         "ah\x01"
                         "aq\x01"),
                   64, ".", many);
}

/* ---- random bytes ---- */

static void check_any(const char *bytes, size_t size)
{
    struct error error = {.code = ERROR_NONE};
    json_t *value = NULL;
    char *copy = mutate_exact_copy(bytes, size);
    if (pickle_parse(copy, size, &value, &error)) {
        char *text = json_dumps(value, JSON_ENCODE_ANY);
        assert_non_null(text);
        free(text);
    } else {
        assert_true(error.code == ERROR_INVALID || error.code == ERROR_TOO_LARGE);
        assert_null(value);
    }
    json_decref(value);
    free(copy);
}

static void cut_anywhere(void **state)
{
    (void)state;
    static const char second[] = PYTHON_2, fourth[] = P4 PYTHON_4_BODY;
    struct error error;
    json_t *value = NULL;
    for (size_t size = 0; size < sizeof(second) - 1; size++) {
        assert_false(pickle_parse(second, size, &value, &error));
        check_any(second, size);
    }
    for (size_t size = 0; size < sizeof(fourth) - 1; size++) {
        assert_false(pickle_parse(fourth, size, &value, &error));
        check_any(fourth, size);
    }
}

static void spoiled_anywhere(void **state)
{
    (void)state;
    static const char second[] = PYTHON_2, fourth[] = P4 PYTHON_4_BODY;
    struct mutator mutator = {.state = 20200325};
    char bytes[512];
    for (size_t i = 0; i < 50000; i++) {
        size_t size = i % 2 == 0 ? sizeof(second) - 1 : sizeof(fourth) - 1;
        memcpy(bytes, i % 2 == 0 ? second : fourth, size);
        check_any(bytes, mutate(&mutator, bytes, size, sizeof(bytes)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(protocols_2_to_5),
        cmocka_unit_test(other_protocols),
        cmocka_unit_test(numbers),
        cmocka_unit_test(texts),
        cmocka_unit_test(containers),
        cmocka_unit_test(the_memo),
        cmocka_unit_test(frames),
        cmocka_unit_test(opcodes_of_objects),
        cmocka_unit_test(bytes_that_are_no_opcode),
        cmocka_unit_test(broken_programs),
        cmocka_unit_test(wrong_kinds),
        cmocka_unit_test(recursion),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(values_are_bounded),
        cmocka_unit_test(a_bomb_of_references),
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(spoiled_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
