/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the program of a pickle, opcode by opcode, by a table of functions. pickle_stack.c has the
   stack machine and its limits. */
#include "wire/pickle.h"

#include "wire/clean_text.h"
#include "wire/pickle_stack.h"

#include <math.h>

enum {
    PROTO = 0x80,
    FIRST_PROTOCOL = 2,
    LAST_PROTOCOL = 5,
    HEADER_SIZE = 2, /* PROTO and the protocol's number */
};

struct reader {
    const unsigned char *start, *at, *end;
    const struct opcode *opcode; /* the present one */
    struct pickle_stack stack;
    struct buffer text; /* the last text, cleaned */
    json_t *result;     /* NULL until STOP */
    struct error *error;
};

struct opcode {
    const char *name;
    bool (*run)(struct reader *reader); /* NULL: refused */
    unsigned width;                     /* of its number (a value, length or memo entry) in bytes */
};

/* ---- bytes ---- */

/* Takes the next `size` bytes of the program. */
static bool take_bytes(struct reader *reader, uint64_t size, const unsigned char **bytes)
{
    if (size > (uint64_t)(reader->end - reader->at))
        return error_set(reader->error, ERROR_INVALID, "it ends too early");
    *bytes = reader->at;
    reader->at += size;
    return true;
}

/* Reads the number after the opcode: unsigned, least byte first. */
static bool take_number(struct reader *reader, uint64_t *number)
{
    const unsigned char *bytes = NULL;
    unsigned width = reader->opcode->width;
    *number = 0;
    if (!take_bytes(reader, width, &bytes))
        return false;
    for (unsigned i = 0; i < width; i++)
        *number |= (uint64_t)bytes[i] << (8 * i);
    return true;
}

/* ---- opcodes: scalars ---- */

static bool push_scalar(struct reader *reader, json_t *value)
{
    return pickle_push(&reader->stack, value, reader->error);
}

static bool run_none(struct reader *reader)
{
    return push_scalar(reader, json_null());
}

static bool run_true(struct reader *reader)
{
    return push_scalar(reader, json_true());
}

static bool run_false(struct reader *reader)
{
    return push_scalar(reader, json_false());
}

static bool run_unsigned(struct reader *reader)
{
    uint64_t number = 0;
    return take_number(reader, &number) && push_scalar(reader, json_integer((json_int_t)number));
}

static bool run_signed(struct reader *reader)
{
    uint64_t number = 0;
    return take_number(reader, &number) && push_scalar(reader, json_integer((int32_t)number));
}

/* Whether a number in two's complement, of any length and least byte first, fits into 64 bits. */
static bool fits_64_bits(const unsigned char *bytes, uint64_t size)
{
    unsigned char sign = 0;
    if (size > sizeof(int64_t))
        sign = bytes[sizeof(int64_t) - 1] >= 0x80 ? 0xff : 0;
    for (uint64_t i = sizeof(int64_t); i < size; i++)
        if (bytes[i] != sign)
            return false;
    return true;
}

/* No bytes at all are 0. */
static bool run_long(struct reader *reader)
{
    const unsigned char *bytes = NULL;
    uint64_t size = 0, number = 0;
    if (!take_number(reader, &size) || !take_bytes(reader, size, &bytes))
        return false;
    if (!fits_64_bits(bytes, size))
        return push_scalar(reader, json_string("a whole number of more than 64 bits"));
    if (size > 0 && bytes[size - 1] >= 0x80)
        number = UINT64_MAX; /* the sign fills the missing bytes */
    for (size_t i = 0; i < size && i < sizeof(number); i++)
        number = (number & ~((uint64_t)0xff << (8 * i))) | (uint64_t)bytes[i] << (8 * i);
    return push_scalar(reader, json_integer((json_int_t)number));
}

/* The only number with its greatest byte first. */
static bool run_float(struct reader *reader)
{
    const unsigned char *bytes = NULL;
    uint64_t bits = 0;
    double number = 0;
    if (!take_bytes(reader, sizeof(bits), &bytes))
        return false;
    for (size_t i = 0; i < sizeof(bits); i++)
        bits = bits << 8 | bytes[i];
    memcpy(&number, &bits, sizeof(number));
    return push_scalar(reader, isfinite(number) ? json_real(number) : json_string("not finite"));
}

/* Also for bytes, which are the texts of Python 2. */
static bool run_text(struct reader *reader)
{
    const unsigned char *bytes = NULL;
    uint64_t size = 0;
    if (!take_number(reader, &size) || !take_bytes(reader, size, &bytes))
        return false;
    buffer_clear(&reader->text);
    return clean_text((const char *)bytes, size, &reader->text, reader->error) &&
           pickle_push_text(&reader->stack, json_stringn(reader->text.data, reader->text.size),
                            reader->error);
}

/* ---- opcodes: containers ---- */

static bool run_empty_list(struct reader *reader)
{
    return pickle_push_container(&reader->stack, json_array(), reader->error);
}

static bool run_empty_dict(struct reader *reader)
{
    return pickle_push_container(&reader->stack, json_object(), reader->error);
}

/* EMPTY_TUPLE and TUPLE1 to TUPLE3 need no mark. */
static bool run_empty_tuple(struct reader *reader)
{
    return pickle_make_tuple(&reader->stack, 0, reader->error);
}

static bool run_tuple1(struct reader *reader)
{
    return pickle_make_tuple(&reader->stack, 1, reader->error);
}

static bool run_tuple2(struct reader *reader)
{
    return pickle_make_tuple(&reader->stack, 2, reader->error);
}

static bool run_tuple3(struct reader *reader)
{
    return pickle_make_tuple(&reader->stack, 3, reader->error);
}

/* A mark begins the values of the next TUPLE, APPENDS or SETITEMS. */
static bool run_mark(struct reader *reader)
{
    return pickle_mark(&reader->stack, reader->error);
}

static bool run_tuple(struct reader *reader)
{
    size_t count = 0;
    return pickle_pop_mark(&reader->stack, &count, reader->error) &&
           pickle_make_tuple(&reader->stack, count, reader->error);
}

static bool run_append(struct reader *reader)
{
    return pickle_fill_list(&reader->stack, 1, reader->error);
}

static bool run_appends(struct reader *reader)
{
    size_t count = 0;
    return pickle_pop_mark(&reader->stack, &count, reader->error) &&
           pickle_fill_list(&reader->stack, count, reader->error);
}

static bool run_set_item(struct reader *reader)
{
    return pickle_fill_dict(&reader->stack, 2, reader->error);
}

static bool run_set_items(struct reader *reader)
{
    size_t count = 0;
    return pickle_pop_mark(&reader->stack, &count, reader->error) &&
           pickle_fill_dict(&reader->stack, count, reader->error);
}

/* ---- opcodes: the memo, the frame, the end ---- */

/* BINPUT and LONG_BINPUT name the entry; Python numbers the entries from 0. */
static bool run_put(struct reader *reader)
{
    uint64_t entry = 0;
    return take_number(reader, &entry) && pickle_remember(&reader->stack, entry, reader->error);
}

static bool run_memoize(struct reader *reader)
{
    return pickle_memoize(&reader->stack, reader->error);
}

static bool run_get(struct reader *reader)
{
    uint64_t entry = 0;
    return take_number(reader, &entry) && pickle_recall(&reader->stack, entry, reader->error);
}

/* A frame has no effect; its size must be valid. */
static bool run_frame(struct reader *reader)
{
    uint64_t size = 0;
    if (!take_number(reader, &size))
        return false;
    return size <= (uint64_t)(reader->end - reader->at) ||
           error_set(reader->error, ERROR_INVALID, "it ends too early");
}

/* The end of the program must be the end of the bytes. */
static bool run_stop(struct reader *reader)
{
    if (reader->at != reader->end)
        return error_set(reader->error, ERROR_INVALID, "bytes behind the end");
    return pickle_result(&reader->stack, &reader->result, reader->error);
}

/* ---- all opcodes ---- */

static const struct opcode opcodes[256] = {
    ['N'] = {"NONE", run_none, 0},
    [0x88] = {"NEWTRUE", run_true, 0},
    [0x89] = {"NEWFALSE", run_false, 0},
    ['K'] = {"BININT1", run_unsigned, 1},
    ['M'] = {"BININT2", run_unsigned, 2},
    ['J'] = {"BININT", run_signed, 4},
    [0x8a] = {"LONG1", run_long, 1},
    [0x8b] = {"LONG4", run_long, 4},
    ['G'] = {"BINFLOAT", run_float, 0},
    ['U'] = {"SHORT_BINSTRING", run_text, 1},
    ['T'] = {"BINSTRING", run_text, 4},
    ['X'] = {"BINUNICODE", run_text, 4},
    [0x8c] = {"SHORT_BINUNICODE", run_text, 1},
    [0x8d] = {"BINUNICODE8", run_text, 8},
    ['C'] = {"SHORT_BINBYTES", run_text, 1},
    ['B'] = {"BINBYTES", run_text, 4},
    [0x8e] = {"BINBYTES8", run_text, 8},
    [0x96] = {"BYTEARRAY8", run_text, 8},
    [']'] = {"EMPTY_LIST", run_empty_list, 0},
    ['}'] = {"EMPTY_DICT", run_empty_dict, 0},
    [')'] = {"EMPTY_TUPLE", run_empty_tuple, 0},
    [0x8f] = {"EMPTY_SET", run_empty_list, 0},
    ['('] = {"MARK", run_mark, 0},
    [0x85] = {"TUPLE1", run_tuple1, 0},
    [0x86] = {"TUPLE2", run_tuple2, 0},
    [0x87] = {"TUPLE3", run_tuple3, 0},
    ['t'] = {"TUPLE", run_tuple, 0},
    [0x91] = {"FROZENSET", run_tuple, 0},
    ['a'] = {"APPEND", run_append, 0},
    ['e'] = {"APPENDS", run_appends, 0},
    [0x90] = {"ADDITEMS", run_appends, 0},
    ['s'] = {"SETITEM", run_set_item, 0},
    ['u'] = {"SETITEMS", run_set_items, 0},
    ['q'] = {"BINPUT", run_put, 1},
    ['r'] = {"LONG_BINPUT", run_put, 4},
    [0x94] = {"MEMOIZE", run_memoize, 0},
    ['h'] = {"BINGET", run_get, 1},
    ['j'] = {"LONG_BINGET", run_get, 4},
    [0x95] = {"FRAME", run_frame, 8},
    ['.'] = {"STOP", run_stop, 0},

    /* known, but refused */
    [PROTO] = {"PROTO", NULL, 0},
    ['0'] = {"POP", NULL, 0},
    ['1'] = {"POP_MARK", NULL, 0},
    ['2'] = {"DUP", NULL, 0},
    ['F'] = {"FLOAT", NULL, 0},
    ['I'] = {"INT", NULL, 0},
    ['L'] = {"LONG", NULL, 0},
    ['S'] = {"STRING", NULL, 0},
    ['V'] = {"UNICODE", NULL, 0},
    ['d'] = {"DICT", NULL, 0},
    ['l'] = {"LIST", NULL, 0},
    ['g'] = {"GET", NULL, 0},
    ['p'] = {"PUT", NULL, 0},
    ['P'] = {"PERSID", NULL, 0},
    ['Q'] = {"BINPERSID", NULL, 0},
    ['R'] = {"REDUCE", NULL, 0},
    ['b'] = {"BUILD", NULL, 0},
    ['c'] = {"GLOBAL", NULL, 0},
    ['i'] = {"INST", NULL, 0},
    ['o'] = {"OBJ", NULL, 0},
    [0x81] = {"NEWOBJ", NULL, 0},
    [0x82] = {"EXT1", NULL, 0},
    [0x83] = {"EXT2", NULL, 0},
    [0x84] = {"EXT4", NULL, 0},
    [0x92] = {"NEWOBJ_EX", NULL, 0},
    [0x93] = {"STACK_GLOBAL", NULL, 0},
    [0x97] = {"NEXT_BUFFER", NULL, 0},
    [0x98] = {"READONLY_BUFFER", NULL, 0},
};

/* Runs one opcode. An error begins with its name and position. */
static bool run_opcode(struct reader *reader)
{
    if (reader->at == reader->end)
        return error_set(reader->error, ERROR_INVALID, "a broken pickle: it has no end");
    ptrdiff_t place = reader->at - reader->start;
    unsigned char code = *reader->at++;
    reader->opcode = &opcodes[code];
    if (reader->opcode->name == NULL)
        return error_set(reader->error, ERROR_INVALID,
                         "a broken pickle: 0x%02x at byte %td is no opcode", code, place);
    bool done = reader->opcode->run != NULL
                    ? reader->opcode->run(reader)
                    : error_set(reader->error, ERROR_INVALID,
                                "only plain data of protocols 2 to 5 is read");
    return done ||
           error_prefix(reader->error, "a pickle's %s at byte %td", reader->opcode->name, place);
}

/* A pickle of protocol 2 or later begins with its protocol. */
static bool check_header(const unsigned char *bytes, size_t size, struct error *error)
{
    if (size < HEADER_SIZE || bytes[0] != PROTO)
        return error_set(error, ERROR_INVALID,
                         "no pickle of protocol 2 to 5 (those of 0 and 1 are not read)");
    if (bytes[1] < FIRST_PROTOCOL || bytes[1] > LAST_PROTOCOL)
        return error_set(error, ERROR_INVALID, "a pickle of protocol %d; 2 to 5 are read",
                         bytes[1]);
    return true;
}

bool pickle_parse(const char *bytes, size_t size, json_t **value, struct error *error)
{
    const unsigned char *start = (const unsigned char *)bytes;
    *value = NULL;
    if (!check_header(start, size, error))
        return false;
    struct reader reader = {
        .start = start, .at = start + HEADER_SIZE, .end = start + size, .error = error};
    buffer_init(&reader.text, 3 * size);
    bool done = pickle_stack_init(&reader.stack, size, error);
    while (done && reader.result == NULL)
        done = run_opcode(&reader);
    *value = reader.result;
    pickle_stack_free(&reader.stack);
    buffer_free(&reader.text);
    return done;
}
