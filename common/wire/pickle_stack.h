/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stack machine of a pickle: the stack with its marks, the memo, and growing lists and dicts.
 * For wire/pickle.c only. ERROR_TOO_LARGE beyond the limits of wire/pickle.h; ERROR_INVALID for
 * programs that no pickler writes; ERROR_AWAY without memory.
 */
#ifndef WIRE_PICKLE_STACK_H
#define WIRE_PICKLE_STACK_H

#include "base/arena.h"
#include "wire/pickle.h"

/* A value on the stack or in the memo. A list or dict is complete as soon as it is in another one.
   If it could still change, it could contain itself, and depth and weight would be wrong. */
struct pickle_node {
    struct pickle_node *older; /* a list of all nodes, to free their values */
    json_t *value;
    size_t depth;  /* of nesting; 0 for a scalar */
    size_t weight; /* the number of values in it, itself included */
    bool is_text, is_complete;
};

struct pickle_stack {
    struct arena *arena;
    struct pickle_node *nodes; /* newest first */
    size_t node_count;
    struct pickle_node **stack, **memo;
    size_t room; /* the length of stack and memo */
    size_t size, memo_count;
    size_t marks[PICKLE_DEPTH_MAX]; /* the size of the stack at each mark */
    size_t mark_count;
};

/* Prepares for a pickle of `size` bytes. An opcode pushes or memoizes at most one value, so stack
   and memo of this length suffice. Free with pickle_stack_free, also after an error. */
bool pickle_stack_init(struct pickle_stack *stack, size_t size, struct error *error) MUST_CHECK;
void pickle_stack_free(struct pickle_stack *stack);

/* Push a complete value, a text, or an empty list or dict that will grow. They take over `value`;
   if it is NULL, they fail with ERROR_AWAY. */
bool pickle_push(struct pickle_stack *stack, json_t *value, struct error *error) MUST_CHECK;
bool pickle_push_text(struct pickle_stack *stack, json_t *value, struct error *error) MUST_CHECK;
bool pickle_push_container(struct pickle_stack *stack, json_t *value,
                           struct error *error) MUST_CHECK;

/* Pushes a mark. */
bool pickle_mark(struct pickle_stack *stack, struct error *error) MUST_CHECK;

/* Counts the values above the last mark, and removes the mark. */
bool pickle_pop_mark(struct pickle_stack *stack, size_t *count, struct error *error) MUST_CHECK;

/* Pop `count` values and put them into the list or dict below them, or into a new tuple, which is
   pushed. */
bool pickle_fill_list(struct pickle_stack *stack, size_t count, struct error *error) MUST_CHECK;
bool pickle_fill_dict(struct pickle_stack *stack, size_t count, struct error *error) MUST_CHECK;
bool pickle_make_tuple(struct pickle_stack *stack, size_t count, struct error *error) MUST_CHECK;

/* The memo. remember stores the top of the stack in an entry, memoize in the next entry; recall
   pushes an entry. */
bool pickle_remember(struct pickle_stack *stack, uint64_t entry, struct error *error) MUST_CHECK;
bool pickle_memoize(struct pickle_stack *stack, struct error *error) MUST_CHECK;
bool pickle_recall(struct pickle_stack *stack, uint64_t entry, struct error *error) MUST_CHECK;

/* The result: the only value on the stack. The caller releases *value (json_decref). */
bool pickle_result(const struct pickle_stack *stack, json_t **value,
                   struct error *error) MUST_CHECK;

#endif
