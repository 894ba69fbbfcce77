#include "wire/pickle.h"

#include "base/arena.h"
#include "wire/clean_text.h"

#include <math.h>

enum {
    PROTO = 0x80,
    FIRST_PROTOCOL = 2,
    LAST_PROTOCOL = 5,
    HEADER_SIZE = 2, /* PROTO and the protocol's number */
    MEMORY_MAX = 32 * 1024 * 1024,
};

/* A value on the stack or in the memo. A list or dict that has been put into another is complete:
   if it could still change, it could contain itself, and its depth and weight would not hold. */
struct node {
    struct node *older; /* all of them, so that their values can be freed */
    json_t *value;
    size_t depth;  /* 0 for a scalar */
    size_t weight; /* values in it, itself included */
    bool is_text, is_complete;
};

struct reader {
    const unsigned char *start, *at, *end;
    const unsigned char *opcode; /* the one at work */
    struct arena *arena;
    struct node *nodes;
    size_t node_count;

    /* No opcode pushes or remembers more than one value, so the input's size is room enough. */
    struct node **stack, **memo;
    size_t stack_size, memo_size, memo_count;
    size_t marks[PICKLE_DEPTH_MAX]; /* heights of the stack */
    size_t mark_count;
    bool is_done;

    struct buffer text; /* the last text, cleaned */
    struct error *error;
};

struct opcode {
    const char *name;
    bool (*run)(struct reader *reader); /* NULL: not read here */
    unsigned width;                     /* bytes of its number: a value, a length, a memo entry */
};

static const struct opcode opcodes[256];

static const struct opcode *current(const struct reader *reader)
{
    return &opcodes[*reader->opcode];
}

static bool broken(struct reader *reader, const char *what)
{
    return error_set(reader->error, ERROR_INVALID, "a broken pickle: %s at byte %td (%s)", what,
                     reader->opcode - reader->start, current(reader)->name);
}

/* ---- bytes ---- */

static bool take(struct reader *reader, uint64_t size, const unsigned char **bytes)
{
    if (size > (uint64_t)(reader->end - reader->at))
        return broken(reader, "it ends too early");
    *bytes = reader->at;
    reader->at += size;
    return true;
}

/* The number of the opcode's width that follows it: little-endian, without a sign. */
static bool take_number(struct reader *reader, uint64_t *number)
{
    const unsigned char *bytes = NULL;
    unsigned width = current(reader)->width;
    *number = 0;
    if (!take(reader, width, &bytes))
        return false;
    for (unsigned i = 0; i < width; i++)
        *number |= (uint64_t)bytes[i] << (8 * i);
    return true;
}

/* ---- nodes ---- */

static bool no_memory(struct reader *reader)
{
    return error_set(reader->error, ERROR_AWAY, "no memory for a pickle");
}

/* Pushes a new value, which it steals; NULL: there was no memory for it. */
static struct node *push_new(struct reader *reader, json_t *value)
{
    struct node *node = NULL;
    if (value == NULL)
        no_memory(reader);
    else if (reader->node_count == PICKLE_VALUES_MAX)
        error_set(reader->error, ERROR_TOO_LARGE, "a pickle of more than %d values",
                  PICKLE_VALUES_MAX);
    else
        node = arena_alloc(reader->arena, sizeof(*node), reader->error);
    if (node == NULL) {
        json_decref(value);
        return NULL;
    }
    *node = (struct node){.older = reader->nodes, .value = value, .weight = 1, .is_complete = true};
    reader->nodes = node;
    reader->node_count++;
    reader->stack[reader->stack_size++] = node;
    return node;
}

static bool push_scalar(struct reader *reader, json_t *value)
{
    return push_new(reader, value) != NULL;
}

/* An empty list or dict, open for what follows. */
static struct node *push_container(struct reader *reader, json_t *value)
{
    struct node *node = push_new(reader, value);
    if (node != NULL) {
        node->depth = 1;
        node->is_complete = false;
    }
    return node;
}

/* What stands above the last mark, or on the whole stack, belongs to the part under way. */
static size_t floor_of(const struct reader *reader)
{
    return reader->mark_count == 0 ? 0 : reader->marks[reader->mark_count - 1];
}

/* The value `down` places below the top. */
static struct node *peek(struct reader *reader, size_t down)
{
    if (reader->stack_size - floor_of(reader) <= down) {
        broken(reader, "too few values on the stack");
        return NULL;
    }
    return reader->stack[reader->stack_size - 1 - down];
}

static bool pop_mark(struct reader *reader, size_t *first)
{
    if (reader->mark_count == 0)
        return broken(reader, "no mark on the stack");
    *first = reader->marks[--reader->mark_count];
    return true;
}

/* Accounts for `item` in `container`, whose JSON value is changed by the caller. */
static bool adopt(struct reader *reader, struct node *container, struct node *item)
{
    item->is_complete = true;
    if (container->is_complete)
        return broken(reader, "a recursive or belated change");
    container->weight += item->weight;
    if (item->depth >= container->depth)
        container->depth = item->depth + 1;
    if (container->depth > PICKLE_DEPTH_MAX)
        return error_set(reader->error, ERROR_TOO_LARGE, "a pickle nested more than %d deep",
                         PICKLE_DEPTH_MAX);
    if (container->weight > PICKLE_VALUES_MAX)
        return error_set(reader->error, ERROR_TOO_LARGE, "a pickle of more than %d values",
                         PICKLE_VALUES_MAX);
    return true;
}

/* Moves what stands on the stack from `first` on into the list. */
static bool fill_list(struct reader *reader, struct node *list, size_t first)
{
    if (!json_is_array(list->value))
        return broken(reader, "no list to append to");
    for (size_t i = first; i < reader->stack_size; i++) {
        if (!adopt(reader, list, reader->stack[i]))
            return false;
        if (json_array_append(list->value, reader->stack[i]->value) != 0)
            return no_memory(reader);
    }
    reader->stack_size = first;
    return true;
}

static bool fill_dict(struct reader *reader, struct node *dict, size_t first)
{
    if (!json_is_object(dict->value))
        return broken(reader, "no dict to set items of");
    if ((reader->stack_size - first) % 2 != 0)
        return broken(reader, "a key without a value");
    for (size_t i = first; i < reader->stack_size; i += 2) {
        struct node *key = reader->stack[i], *value = reader->stack[i + 1];
        if (!key->is_text)
            return error_set(reader->error, ERROR_INVALID,
                             "a pickle with a dict whose keys are not all texts");
        if (!adopt(reader, dict, value))
            return false;
        if (json_object_set(dict->value, json_string_value(key->value), value->value) != 0)
            return no_memory(reader);
    }
    reader->stack_size = first;
    return true;
}

/* A tuple of what stands on the stack from `first` on. */
static bool make_tuple(struct reader *reader, size_t first)
{
    struct node *tuple = push_container(reader, json_array());
    if (tuple == NULL)
        return false;
    reader->stack_size--; /* it goes where its items stand */
    if (!fill_list(reader, tuple, first))
        return false;
    tuple->is_complete = true;
    reader->stack[reader->stack_size++] = tuple;
    return true;
}

/* ---- opcodes: scalars ---- */

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

/* Two's complement of any length, least byte first; no bytes are 0. */
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

static bool run_long(struct reader *reader)
{
    const unsigned char *bytes = NULL;
    uint64_t size = 0, number = 0;
    if (!take_number(reader, &size) || !take(reader, size, &bytes))
        return false;
    if (!fits_64_bits(bytes, size))
        return push_scalar(reader, json_string("a whole number of more than 64 bits"));
    if (size > 0 && bytes[size - 1] >= 0x80)
        number = UINT64_MAX; /* the sign, for the bytes that are not there */
    for (size_t i = 0; i < size && i < sizeof(number); i++)
        number = (number & ~((uint64_t)0xff << (8 * i))) | (uint64_t)bytes[i] << (8 * i);
    return push_scalar(reader, json_integer((json_int_t)number));
}

/* The only number that is written with its greatest byte first. */
static bool run_float(struct reader *reader)
{
    const unsigned char *bytes = NULL;
    uint64_t bits = 0;
    double number = 0;
    if (!take(reader, sizeof(bits), &bytes))
        return false;
    for (size_t i = 0; i < sizeof(bits); i++)
        bits = bits << 8 | bytes[i];
    memcpy(&number, &bits, sizeof(number));
    return push_scalar(reader, isfinite(number) ? json_real(number) : json_string("not finite"));
}

static bool run_text(struct reader *reader)
{
    const unsigned char *bytes = NULL;
    uint64_t size = 0;
    if (!take_number(reader, &size) || !take(reader, size, &bytes))
        return false;
    buffer_clear(&reader->text);
    if (!clean_text((const char *)bytes, size, &reader->text, reader->error))
        return false;
    struct node *node = push_new(reader, json_stringn(reader->text.data, reader->text.size));
    if (node != NULL)
        node->is_text = true;
    return node != NULL;
}

/* ---- opcodes: containers ---- */

static bool run_empty_list(struct reader *reader)
{
    return push_container(reader, json_array()) != NULL;
}

static bool run_empty_dict(struct reader *reader)
{
    return push_container(reader, json_object()) != NULL;
}

static bool run_empty_tuple(struct reader *reader)
{
    return make_tuple(reader, reader->stack_size);
}

static bool run_tuple_of(struct reader *reader, size_t count)
{
    return peek(reader, count - 1) != NULL && make_tuple(reader, reader->stack_size - count);
}

static bool run_tuple1(struct reader *reader)
{
    return run_tuple_of(reader, 1);
}

static bool run_tuple2(struct reader *reader)
{
    return run_tuple_of(reader, 2);
}

static bool run_tuple3(struct reader *reader)
{
    return run_tuple_of(reader, 3);
}

static bool run_mark(struct reader *reader)
{
    if (reader->mark_count == ARRAY_LENGTH(reader->marks))
        return error_set(reader->error, ERROR_TOO_LARGE, "a pickle nested more than %d deep",
                         PICKLE_DEPTH_MAX);
    reader->marks[reader->mark_count++] = reader->stack_size;
    return true;
}

static bool run_tuple(struct reader *reader)
{
    size_t first = 0;
    return pop_mark(reader, &first) && make_tuple(reader, first);
}

/* The container below the last mark, which goes; the items above it start at *first. */
static struct node *pop_to_container(struct reader *reader, size_t *first)
{
    if (!pop_mark(reader, first))
        return NULL;
    return peek(reader, reader->stack_size - *first);
}

static bool run_append(struct reader *reader)
{
    struct node *list = peek(reader, 1);
    return list != NULL && fill_list(reader, list, reader->stack_size - 1);
}

static bool run_appends(struct reader *reader)
{
    size_t first = 0;
    struct node *list = pop_to_container(reader, &first);
    return list != NULL && fill_list(reader, list, first);
}

static bool run_set_item(struct reader *reader)
{
    struct node *dict = peek(reader, 2);
    return dict != NULL && fill_dict(reader, dict, reader->stack_size - 2);
}

static bool run_set_items(struct reader *reader)
{
    size_t first = 0;
    struct node *dict = pop_to_container(reader, &first);
    return dict != NULL && fill_dict(reader, dict, first);
}

/* ---- opcodes: the memo, the frame ---- */

static bool remember(struct reader *reader, uint64_t entry)
{
    struct node *top = peek(reader, 0);
    if (top == NULL)
        return false;
    if (entry >= reader->memo_size) /* Python numbers them one after the other */
        return broken(reader, "a memo entry out of order");
    if (reader->memo[entry] == NULL)
        reader->memo_count++;
    reader->memo[entry] = top;
    return true;
}

static bool run_put(struct reader *reader)
{
    uint64_t entry = 0;
    return take_number(reader, &entry) && remember(reader, entry);
}

static bool run_memoize(struct reader *reader)
{
    return remember(reader, reader->memo_count);
}

static bool run_get(struct reader *reader)
{
    uint64_t entry = 0;
    if (!take_number(reader, &entry))
        return false;
    if (entry >= reader->memo_size || reader->memo[entry] == NULL)
        return broken(reader, "no such memo entry");
    reader->stack[reader->stack_size++] = reader->memo[entry];
    return true;
}

/* Only says how many bytes may be read ahead. */
static bool run_frame(struct reader *reader)
{
    uint64_t size = 0;
    if (!take_number(reader, &size))
        return false;
    return size <= (uint64_t)(reader->end - reader->at) || broken(reader, "it ends too early");
}

static bool run_stop(struct reader *reader)
{
    if (peek(reader, 0) == NULL)
        return false;
    if (reader->stack_size != 1 || reader->mark_count != 0)
        return broken(reader, "more than one value at the end");
    if (reader->at != reader->end)
        return broken(reader, "bytes behind the end");
    reader->is_done = true;
    return true;
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

    /* known, and refused */
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

static bool refuse(struct reader *reader)
{
    ptrdiff_t place = reader->opcode - reader->start;
    if (current(reader)->name == NULL)
        return error_set(reader->error, ERROR_INVALID,
                         "a broken pickle: no opcode 0x%02x, at byte %td", *reader->opcode, place);
    return error_set(reader->error, ERROR_INVALID,
                     "a pickle with the opcode %s at byte %td: only plain data is read, no objects",
                     current(reader)->name, place);
}

static bool run(struct reader *reader)
{
    while (!reader->is_done) {
        if (reader->at == reader->end)
            return error_set(reader->error, ERROR_INVALID, "a broken pickle: it has no end");
        reader->opcode = reader->at++;
        if (current(reader)->run == NULL)
            return refuse(reader);
        if (!current(reader)->run(reader))
            return false;
    }
    return true;
}

/* ---- from outside ---- */

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

static bool make_room(struct reader *reader, size_t size)
{
    reader->memo_size = size;
    reader->stack = arena_array(reader->arena, size, sizeof(struct node *), reader->error);
    if (reader->stack != NULL)
        reader->memo = arena_array(reader->arena, size, sizeof(struct node *), reader->error);
    return reader->memo != NULL;
}

static void free_nodes(struct node *node)
{
    for (; node != NULL; node = node->older)
        json_decref(node->value);
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
    reader.arena = arena_new(MEMORY_MAX);
    bool done =
        reader.arena == NULL ? no_memory(&reader) : make_room(&reader, size) && run(&reader);
    if (done)
        *value = json_incref(reader.stack[0]->value);
    free_nodes(reader.nodes);
    arena_free(reader.arena);
    buffer_free(&reader.text);
    return done;
}
