/* SPDX-License-Identifier: Apache-2.0 */
#include "tagstore/snuba/border.h"

#include "base/utf8.h"

void border_init(struct border *border)
{
    *border = (struct border){.bytes = BORDER_FIRST};
    buffer_init(&border->last, SIZE_MAX / 2);
    buffer_init(&border->asked, BORDER_MAX);
}

void border_free(struct border *border)
{
    buffer_free(&border->last);
    buffer_free(&border->asked);
}

const char *border_text(const struct border *border)
{
    return border->asked.data;
}

bool border_is_whole(const struct border *border)
{
    return border->asked.size == border->last.size;
}

bool border_judge(const struct border *border, const struct snuba_answer *answer,
                  struct border_rows *rows)
{
    const char *before = border->is_set ? border->asked.data : NULL;
    *rows = (struct border_rows){0};
    for (size_t i = 0; i < answer->rows; i++) {
        const struct snuba_cell *cell = snuba_cell(answer, i, 0);
        if (cell->kind != SNUBA_CELL_TEXT)
            return false;
        if (!snuba_text_is_certain(answer, i))
            continue;
        if (before != NULL && strcmp(cell->text, before) <= 0)
            return false;
        before = cell->text;
        if (border->is_set && strcmp(cell->text, border->last.data) <= 0)
            rows->first = i + 1;
        else
            rows->end = i + 1;
    }
    return true;
}

/* The bytes of a character in a request. A quote and a backslash are escaped. In 2018 every byte
   that is not ASCII is escaped, too. */
static size_t request_bytes_of(const char *character, size_t length)
{
    if (length == 1)
        return *character == '\'' || *character == '\\' ? 2 : 1;
    return 4 * length;
}

/* How many bytes of the value fit into `bytes` of a request. Whole characters only. */
static size_t size_of_beginning(const struct buffer *value, size_t bytes)
{
    size_t size = 0;
    size_t cost = 0;
    while (size < value->size) {
        bool valid = false;
        size_t length = utf8_step(&value->data[size], value->size - size, &valid);
        cost += request_bytes_of(&value->data[size], length);
        if (cost > bytes)
            break;
        size += length;
    }
    return size;
}

static bool set_asked(struct border *border, struct error *error)
{
    buffer_clear(&border->asked);
    return buffer_append(&border->asked, border->last.data,
                         size_of_beginning(&border->last, border->bytes), error);
}

bool border_move(struct border *border, const char *value, struct error *error)
{
    buffer_clear(&border->last);
    border->is_set = buffer_append_text(&border->last, value, error) && set_asked(border, error);
    return border->is_set;
}

bool border_lengthen(struct border *border, bool *done, struct error *error)
{
    size_t before = border->asked.size;
    bool can_grow = border->is_set && !border_is_whole(border) && border->bytes < BORDER_MAX;
    *done = false;
    if (!can_grow)
        return true;
    border->bytes = border->bytes * 2 < BORDER_MAX ? border->bytes * 2 : BORDER_MAX;
    if (!set_asked(border, error))
        return false;
    *done = border->asked.size > before;
    return true;
}
