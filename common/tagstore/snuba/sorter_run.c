/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/unit/tagstore/snuba/sorter_test.c. */
#include "tagstore/snuba/sorter_run.h"

#include <errno.h>
#include <unistd.h>

struct head {
    int64_t first_seen, last_seen, times_seen;
    size_t value_size;
};

/* ---- rows ---- */

/* A row has no alignment, so its numbers are copied out. */
static struct head head_of(const char *row)
{
    struct head head;
    memcpy(&head, row, sizeof(head));
    return head;
}

bool sorted_row_append(struct buffer *buffer, const struct group_tag_value *row,
                       struct error *error)
{
    const struct head head = {.first_seen = row->first_seen,
                              .last_seen = row->last_seen,
                              .times_seen = row->times_seen,
                              .value_size = row->value_size};
    if (!buffer_reserve(buffer, sizeof(head) + row->value_size, error))
        return false;
    return buffer_append(buffer, &head, sizeof(head), error) &&
           buffer_append(buffer, row->value, row->value_size, error);
}

size_t sorted_row_size(const char *row)
{
    return sizeof(struct head) + head_of(row).value_size;
}

bool sorted_row_read(const char *bytes, struct arena *arena, struct group_tag_value *row,
                     struct error *error)
{
    const struct head head = head_of(bytes);
    *row = (struct group_tag_value){
        .value = arena_copy(arena, bytes + sizeof(head), head.value_size, error),
        .value_size = head.value_size,
        .times_seen = head.times_seen,
        .first_seen = head.first_seen,
        .last_seen = head.last_seen};
    return row->value != NULL;
}

int sorted_row_compare(const char *a, const char *b)
{
    const struct head left = head_of(a);
    const struct head right = head_of(b);
    if (left.first_seen != right.first_seen)
        return left.first_seen > right.first_seen ? -1 : 1;
    size_t common = left.value_size < right.value_size ? left.value_size : right.value_size;
    int order = memcmp(a + sizeof(left), b + sizeof(right), common);
    if (order != 0 || left.value_size == right.value_size)
        return order;
    return left.value_size < right.value_size ? -1 : 1;
}

/* ---- the file ---- */

bool sorter_write(int fd, int64_t at, const char *bytes, size_t size, struct error *error)
{
    while (size > 0) {
        ssize_t written = pwrite(fd, bytes, size, (off_t)at);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return error_set_errno(error, written == 0 ? ENOSPC : errno,
                                   "cannot write a temporary file");
        bytes += written;
        size -= (size_t)written;
        at += written;
    }
    return true;
}

/* Reads more of the file behind the bytes that were not used yet. */
static bool fill_bytes(struct sorter_run *run, struct error *error)
{
    memmove(run->bytes, run->bytes + run->used, run->size - run->used);
    run->size -= run->used;
    run->used = 0;
    while (run->size < run->capacity && run->at < run->end) {
        size_t room = run->capacity - run->size;
        size_t left = (size_t)(run->end - run->at);
        ssize_t got =
            pread(run->fd, run->bytes + run->size, left < room ? left : room, (off_t)run->at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set_errno(error, errno, "cannot read a temporary file");
        if (got == 0)
            return error_set(error, ERROR_INTERNAL, "a temporary file has become shorter");
        run->size += (size_t)got;
        run->at += got;
    }
    return true;
}

/* For a row that is longer than the bytes read at a time. */
static bool grow_bytes(struct sorter_run *run, size_t capacity, struct error *error)
{
    char *bytes = memory_resize(run->bytes, capacity);
    if (bytes == NULL)
        return error_no_memory(error);
    run->bytes = bytes;
    run->capacity = capacity;
    return true;
}

/* Makes sure that the next `size` bytes are in memory. */
static bool ensure_bytes(struct sorter_run *run, size_t size, struct error *error)
{
    if (run->size - run->used >= size)
        return true;
    if (size > (size_t)(run->end - run->at) + (run->size - run->used))
        return error_set(error, ERROR_INTERNAL, "a temporary file is not as it was written");
    return (size <= run->capacity || grow_bytes(run, size, error)) && fill_bytes(run, error);
}

/* Makes sure that the whole next row is in memory; *found is false at the end. */
static bool ensure_row(struct sorter_run *run, bool *found, struct error *error)
{
    *found = run->used < run->size || run->at < run->end;
    return !*found || (ensure_bytes(run, sizeof(struct head), error) &&
                       ensure_bytes(run, sorted_row_size(run->bytes + run->used), error));
}

bool sorter_run_open(struct sorter_run *run, size_t capacity, bool *found, struct error *error)
{
    return grow_bytes(run, capacity, error) && ensure_row(run, found, error);
}

void sorter_run_close(struct sorter_run *run)
{
    free(run->bytes);
    run->bytes = NULL;
}

const char *sorter_run_row(const struct sorter_run *run)
{
    return run->bytes + run->used;
}

bool sorter_run_next(struct sorter_run *run, bool *found, struct error *error)
{
    run->used += sorted_row_size(run->bytes + run->used);
    return ensure_row(run, found, error);
}
