/* SPDX-License-Identifier: Apache-2.0 */
/* Each value has a node that counts its depth and weight, so that the limits are checked before
   memory is used.
   Tested by tests/unit/wire/pickle_test.c. */
#include "wire/pickle_stack.h"

/* Enough for two pointers per byte of the largest message, and all nodes. */
enum { MEMORY_MAX = 32 * 1024 * 1024 };

bool pickle_stack_init(struct pickle_stack *stack, size_t size, struct error *error)
{
    *stack = (struct pickle_stack){.arena = arena_new(MEMORY_MAX), .room = size};
    if (stack->arena == NULL)
        return error_no_memory(error);
    stack->stack = arena_array(stack->arena, size, sizeof(struct pickle_node *), error);
    if (stack->stack != NULL)
        stack->memo = arena_array(stack->arena, size, sizeof(struct pickle_node *), error);
    return stack->memo != NULL;
}

void pickle_stack_free(struct pickle_stack *stack)
{
    for (struct pickle_node *node = stack->nodes; node != NULL; node = node->older)
        json_decref(node->value);
    arena_free(stack->arena);
}

/* ---- pushing ---- */

/* Takes over `value`, also after an error. */
static struct pickle_node *push(struct pickle_stack *stack, json_t *value, struct error *error)
{
    struct pickle_node *node = NULL;
    if (value == NULL)
        error_no_memory(error);
    else if (stack->node_count == PICKLE_VALUES_MAX)
        error_set(error, ERROR_TOO_LARGE, "more than %d values", PICKLE_VALUES_MAX);
    else
        node = arena_alloc(stack->arena, sizeof(*node), error);
    if (node == NULL) {
        json_decref(value);
        return NULL;
    }
    *node = (struct pickle_node){
        .older = stack->nodes, .value = value, .weight = 1, .is_complete = true};
    stack->nodes = node;
    stack->node_count++;
    stack->stack[stack->size++] = node;
    return node;
}

bool pickle_push(struct pickle_stack *stack, json_t *value, struct error *error)
{
    return push(stack, value, error) != NULL;
}

bool pickle_push_text(struct pickle_stack *stack, json_t *value, struct error *error)
{
    struct pickle_node *node = push(stack, value, error);
    if (node != NULL)
        node->is_text = true;
    return node != NULL;
}

bool pickle_push_container(struct pickle_stack *stack, json_t *value, struct error *error)
{
    struct pickle_node *node = push(stack, value, error);
    if (node != NULL) {
        node->depth = 1;
        node->is_complete = false;
    }
    return node != NULL;
}

/* ---- marks ---- */

/* The number of values above the last mark, which an opcode may use. */
static size_t available(const struct pickle_stack *stack)
{
    return stack->size - (stack->mark_count == 0 ? 0 : stack->marks[stack->mark_count - 1]);
}

/* Fails if an opcode needs more values than there are above the last mark. */
static bool check_available(const struct pickle_stack *stack, size_t count, struct error *error)
{
    return available(stack) >= count ||
           error_set(error, ERROR_INVALID, "too few values on the stack");
}

bool pickle_mark(struct pickle_stack *stack, struct error *error)
{
    if (stack->mark_count == ARRAY_LENGTH(stack->marks))
        return error_set(error, ERROR_TOO_LARGE, "nested more than %d deep", PICKLE_DEPTH_MAX);
    stack->marks[stack->mark_count++] = stack->size;
    return true;
}

bool pickle_pop_mark(struct pickle_stack *stack, size_t *count, struct error *error)
{
    if (stack->mark_count == 0)
        return error_set(error, ERROR_INVALID, "no mark on the stack");
    *count = available(stack);
    stack->mark_count--;
    return true;
}

/* ---- containers ---- */

/* Counts `item` in `container`. The caller changes the JSON value. */
static bool count_item(struct pickle_node *container, struct pickle_node *item, struct error *error)
{
    item->is_complete = true;
    if (container->is_complete)
        return error_set(error, ERROR_INVALID, "a recursive or belated change");
    container->weight += item->weight;
    if (item->depth >= container->depth)
        container->depth = item->depth + 1;
    if (container->depth > PICKLE_DEPTH_MAX)
        return error_set(error, ERROR_TOO_LARGE, "nested more than %d deep", PICKLE_DEPTH_MAX);
    if (container->weight > PICKLE_VALUES_MAX)
        return error_set(error, ERROR_TOO_LARGE, "more than %d values", PICKLE_VALUES_MAX);
    return true;
}

/* Appends the items, in order. */
static bool append_items(struct pickle_node *list, struct pickle_node **items, size_t count,
                         struct error *error)
{
    for (size_t i = 0; i < count; i++) {
        if (!count_item(list, items[i], error))
            return false;
        if (json_array_append(list->value, items[i]->value) != 0)
            return error_no_memory(error);
    }
    return true;
}

/* `items` are keys and values in turn. */
static bool set_items(struct pickle_node *dict, struct pickle_node **items, size_t count,
                      struct error *error)
{
    for (size_t i = 0; i + 1 < count; i += 2) {
        if (!items[i]->is_text)
            return error_set(error, ERROR_INVALID, "a dict's key that is no text");
        if (!count_item(dict, items[i + 1], error))
            return false;
        if (json_object_set(dict->value, json_string_value(items[i]->value), items[i + 1]->value))
            return error_no_memory(error);
    }
    return true;
}

bool pickle_fill_list(struct pickle_stack *stack, size_t count, struct error *error)
{
    if (!check_available(stack, count + 1, error))
        return false;
    struct pickle_node **items = stack->stack + stack->size - count;
    if (!json_is_array(items[-1]->value))
        return error_set(error, ERROR_INVALID, "no list to append to");
    stack->size -= count;
    return append_items(items[-1], items, count, error);
}

bool pickle_fill_dict(struct pickle_stack *stack, size_t count, struct error *error)
{
    if (!check_available(stack, count + 1, error))
        return false;
    struct pickle_node **items = stack->stack + stack->size - count;
    if (!json_is_object(items[-1]->value))
        return error_set(error, ERROR_INVALID, "no dict to set items of");
    if (count % 2 != 0)
        return error_set(error, ERROR_INVALID, "a key without a value");
    stack->size -= count;
    return set_items(items[-1], items, count, error);
}

bool pickle_make_tuple(struct pickle_stack *stack, size_t count, struct error *error)
{
    if (!check_available(stack, count, error) || !pickle_push_container(stack, json_array(), error))
        return false;
    struct pickle_node *tuple = stack->stack[stack->size - 1];
    stack->size -= count + 1;
    if (!append_items(tuple, stack->stack + stack->size, count, error))
        return false;
    tuple->is_complete = true;
    stack->stack[stack->size++] = tuple;
    return true;
}

/* ---- the memo and the result ---- */

bool pickle_remember(struct pickle_stack *stack, uint64_t entry, struct error *error)
{
    if (!check_available(stack, 1, error))
        return false;
    if (entry >= stack->room) /* Python numbers the entries from 0 */
        return error_set(error, ERROR_INVALID, "a memo entry out of order");
    if (stack->memo[entry] == NULL)
        stack->memo_count++;
    stack->memo[entry] = stack->stack[stack->size - 1];
    return true;
}

bool pickle_memoize(struct pickle_stack *stack, struct error *error)
{
    return pickle_remember(stack, stack->memo_count, error);
}

bool pickle_recall(struct pickle_stack *stack, uint64_t entry, struct error *error)
{
    if (entry >= stack->room || stack->memo[entry] == NULL)
        return error_set(error, ERROR_INVALID, "no such memo entry");
    stack->stack[stack->size++] = stack->memo[entry];
    return true;
}

bool pickle_result(const struct pickle_stack *stack, json_t **value, struct error *error)
{
    if (!check_available(stack, 1, error))
        return false;
    if (stack->size != 1 || stack->mark_count != 0)
        return error_set(error, ERROR_INVALID, "more than one value at the end");
    *value = json_incref(stack->stack[0]->value);
    return true;
}
