/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The values of a pickle under way: the stack with its marks, the memo, and the lists and dicts
 * that grow. For wire/pickle.c only. It keeps the bounds of wire/pickle.h: ERROR_TOO_LARGE;
 * ERROR_INVALID for what no pickler writes; ERROR_AWAY without memory.
 */
#ifndef WIRE_PICKLE_STACK_H
#define WIRE_PICKLE_STACK_H

#include "base/arena.h"
#include "wire/pickle.h"

/* A value on the stack or in the memo. A list or dict that has been put into another is complete:
   if it could still change, it could contain itself, and its depth and weight would not hold. */
struct pickle_node {
    struct pickle_node *older; /* all of them, so that their values can be freed */
    json_t *value;
    size_t depth;  /* 0 for a scalar */
    size_t weight; /* values in it, itself included */
    bool is_text, is_complete;
};

struct pickle_stack {
    struct arena *arena;
    struct pickle_node *nodes; /* newest first */
    size_t node_count;
    struct pickle_node **stack, **memo;
    size_t room; /* of the stack, and of the memo */
    size_t size, memo_count;
    size_t marks[PICKLE_DEPTH_MAX]; /* sizes of the stack */
    size_t mark_count;
};

/* For a pickle of `size` bytes: no opcode pushes or remembers more than one value, so that this is
   room enough. Free with pickle_stack_free, also after an error. */
bool pickle_stack_init(struct pickle_stack *stack, size_t size, struct error *error) MUST_CHECK;
void pickle_stack_free(struct pickle_stack *stack);

/* Push a value that is complete, a text, or an empty list or dict that grows. They steal `value`;
   NULL means that there was no memory for it. */
bool pickle_push(struct pickle_stack *stack, json_t *value, struct error *error) MUST_CHECK;
bool pickle_push_text(struct pickle_stack *stack, json_t *value, struct error *error) MUST_CHECK;
bool pickle_push_container(struct pickle_stack *stack, json_t *value,
                           struct error *error) MUST_CHECK;

bool pickle_mark(struct pickle_stack *stack, struct error *error) MUST_CHECK;

/* How many values stand above the last mark; the mark goes. */
bool pickle_pop_mark(struct pickle_stack *stack, size_t *count, struct error *error) MUST_CHECK;

/* Take `count` values from the top and put them into the list or dict below, or into a tuple that
   takes their place. */
bool pickle_fill_list(struct pickle_stack *stack, size_t count, struct error *error) MUST_CHECK;
bool pickle_fill_dict(struct pickle_stack *stack, size_t count, struct error *error) MUST_CHECK;
bool pickle_make_tuple(struct pickle_stack *stack, size_t count, struct error *error) MUST_CHECK;

/* The memo: the top of the stack goes into an entry (the next one), an entry onto the stack. */
bool pickle_remember(struct pickle_stack *stack, uint64_t entry, struct error *error) MUST_CHECK;
bool pickle_memoize(struct pickle_stack *stack, struct error *error) MUST_CHECK;
bool pickle_recall(struct pickle_stack *stack, uint64_t entry, struct error *error) MUST_CHECK;

/* The only value, at the end; the caller's (json_decref). */
bool pickle_result(const struct pickle_stack *stack, json_t **value,
                   struct error *error) MUST_CHECK;

#endif
