/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows are collected in memory. When the memory is full, they are sorted and written to the file as
 * a run. At the end a heap of the runs yields the rows in order: its first run has the next row. If
 * there is no run, the rows are sorted and read in memory.
 */
#include "tagstore/snuba/sorter.h"

#include "base/buffer.h"
#include "base/temporary.h"
#include "tagstore/snuba/sorter_run.h"

#include <unistd.h>

enum {
    WRITE_BYTES = 64 * 1024,
    READ_BYTES_MAX = 64 * 1024, /* per run, while the runs are merged */
    READ_BYTES_MIN = 4 * 1024,
};

/* `rows` has the bytes of all rows one after the other. `order` has their offsets in sorted
   order. */
struct sorter {
    const char *tmpdir;
    size_t memory;
    int64_t put;
    struct buffer rows;
    size_t *order;
    size_t count, order_room;
    size_t next; /* index in `order` of the next row, if all rows are in memory */

    int fd; /* -1: no file yet */
    int64_t file_size;
    struct sorter_run *runs;
    size_t run_count, run_room;
    struct sorter_run **heap; /* the runs that have rows left, as a heap by their next row */
    size_t heap_size;
};

struct sorter *sorter_new(const char *tmpdir, size_t memory)
{
    struct sorter *sorter = memory_zeroed(1, sizeof(*sorter));
    if (sorter == NULL)
        return NULL;
    sorter->tmpdir = tmpdir;
    sorter->memory = memory;
    sorter->fd = -1;
    buffer_init(&sorter->rows, SIZE_MAX / 2);
    return sorter;
}

void sorter_free(struct sorter *sorter)
{
    if (sorter == NULL)
        return;
    for (size_t i = 0; i < sorter->run_count; i++)
        sorter_run_close(&sorter->runs[i]);
    if (sorter->fd >= 0)
        (void)close(sorter->fd);
    buffer_free(&sorter->rows);
    free(sorter->order);
    free(sorter->runs);
    free(sorter->heap);
    free(sorter);
}

int64_t sorter_rows(const struct sorter *sorter)
{
    return sorter->put;
}

size_t sorter_runs(const struct sorter *sorter)
{
    return sorter->run_count;
}

/* Makes room for one more element in an array that doubles. */
static bool reserve_element(void **array, size_t count, size_t *room, size_t size,
                            struct error *error)
{
    if (count < *room)
        return true;
    size_t more = *room == 0 ? 64 : *room * 2;
    void *grown = memory_resize_array(*array, more, size);
    if (grown == NULL)
        return error_no_memory(error);
    *array = grown;
    *room = more;
    return true;
}

/* ---- writing a run ---- */

/* Compares two rows by their offsets in `rows`. */
static int compare_offsets(const void *a, const void *b, void *rows)
{
    const char *base = rows;
    return sorted_row_compare(base + *(const size_t *)a, base + *(const size_t *)b);
}

static void sort_rows(struct sorter *sorter)
{
    if (sorter->count > 1)
        qsort_r(sorter->order, sorter->count, sizeof(*sorter->order), compare_offsets,
                sorter->rows.data);
}

/* Writes the piece at the end of the file and empties it. */
static bool write_piece(struct sorter *sorter, struct buffer *piece, struct error *error)
{
    bool done = sorter_write(sorter->fd, sorter->file_size, piece->data, piece->size, error);
    sorter->file_size += (int64_t)piece->size;
    buffer_clear(piece);
    return done;
}

/* Writes the rows in their order, in pieces. */
static bool write_rows(struct sorter *sorter, struct error *error)
{
    struct buffer piece;
    bool done = true;
    buffer_init(&piece, SIZE_MAX / 2);
    for (size_t i = 0; done && i < sorter->count; i++) {
        const char *row = sorter->rows.data + sorter->order[i];
        done = buffer_append(&piece, row, sorted_row_size(row), error) &&
               (piece.size < WRITE_BYTES || write_piece(sorter, &piece, error));
    }
    done = done && write_piece(sorter, &piece, error);
    buffer_free(&piece);
    return done;
}

/* Sorts the rows in memory and writes them behind the runs in the file. */
static bool write_run(struct sorter *sorter, struct error *error)
{
    int64_t start = sorter->file_size;
    if (sorter->fd < 0 && !temporary_open(sorter->tmpdir, &sorter->fd, error))
        return false;
    if (!reserve_element((void **)&sorter->runs, sorter->run_count, &sorter->run_room,
                         sizeof(*sorter->runs), error))
        return false;
    sort_rows(sorter);
    if (!write_rows(sorter, error))
        return false;
    sorter->runs[sorter->run_count++] =
        (struct sorter_run){.fd = sorter->fd, .at = start, .end = sorter->file_size};
    sorter->count = 0;
    buffer_clear(&sorter->rows);
    return true;
}

static bool is_full(const struct sorter *sorter)
{
    /* qsort_r needs as much memory as `order` */
    return sorter->rows.size + sorter->count * 2 * sizeof(*sorter->order) >= sorter->memory;
}

bool sorter_put(struct sorter *sorter, const struct group_tag_value *row, struct error *error)
{
    if (!reserve_element((void **)&sorter->order, sorter->count, &sorter->order_room,
                         sizeof(*sorter->order), error))
        return false;
    sorter->order[sorter->count] = sorter->rows.size;
    if (!sorted_row_append(&sorter->rows, row, error))
        return false;
    sorter->count++;
    sorter->put++;
    return !is_full(sorter) || write_run(sorter, error);
}

/* ---- merging the runs ---- */

/* Whether the next row of one run comes before that of another one. */
static bool has_smaller_row(const struct sorter *sorter, size_t a, size_t b)
{
    return sorted_row_compare(sorter_run_row(sorter->heap[a]), sorter_run_row(sorter->heap[b])) < 0;
}

/* Restores the heap below a run whose next row has changed. */
static void sift_down(struct sorter *sorter, size_t at)
{
    for (;;) {
        size_t first = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < sorter->heap_size; child++)
            if (has_smaller_row(sorter, child, first))
                first = child;
        if (first == at)
            return;
        struct sorter_run *run = sorter->heap[at];
        sorter->heap[at] = sorter->heap[first];
        sorter->heap[first] = run;
        at = first;
    }
}

/* Closes the first run, which has no rows left. The heap is then to be restored. */
static void drop_top(struct sorter *sorter)
{
    sorter_run_close(sorter->heap[0]);
    sorter->heap[0] = sorter->heap[--sorter->heap_size];
}

/* Divides the memory among the runs and builds the heap. */
static bool open_runs(struct sorter *sorter, struct error *error)
{
    size_t share = sorter->memory / sorter->run_count;
    if (share > READ_BYTES_MAX)
        share = READ_BYTES_MAX;
    if (share < READ_BYTES_MIN)
        share = READ_BYTES_MIN;
    sorter->heap = memory_zeroed(sorter->run_count, sizeof(struct sorter_run *));
    if (sorter->heap == NULL)
        return error_no_memory(error);
    for (size_t i = 0; i < sorter->run_count; i++) {
        bool found = false;
        if (!sorter_run_open(&sorter->runs[i], share, &found, error))
            return false;
        if (found)
            sorter->heap[sorter->heap_size++] = &sorter->runs[i];
    }
    for (size_t i = sorter->heap_size; i > 0; i--)
        sift_down(sorter, i - 1);
    return true;
}

/* With runs in the file, the last rows become a run, too, and their memory is freed before the runs
   are read. */
bool sorter_finish(struct sorter *sorter, struct error *error)
{
    if (sorter->run_count == 0) {
        sort_rows(sorter);
        return true;
    }
    bool done = (sorter->count == 0 || write_run(sorter, error)) && open_runs(sorter, error);
    buffer_free(&sorter->rows);
    free(sorter->order);
    sorter->order = NULL;
    sorter->order_room = 0;
    return done;
}

static bool next_in_memory(struct sorter *sorter, struct arena *arena, struct group_tag_value *row,
                           bool *found, struct error *error)
{
    *found = sorter->next < sorter->count;
    return !*found ||
           sorted_row_read(sorter->rows.data + sorter->order[sorter->next++], arena, row, error);
}

/* Returns the next row of the first run, and moves this run to its new place in the heap. */
bool sorter_next(struct sorter *sorter, struct arena *arena, struct group_tag_value *row,
                 bool *found, struct error *error)
{
    bool more = false;
    if (sorter->run_count == 0)
        return next_in_memory(sorter, arena, row, found, error);
    *found = sorter->heap_size > 0;
    if (!*found)
        return true;
    struct sorter_run *top = sorter->heap[0];
    if (!sorted_row_read(sorter_run_row(top), arena, row, error) ||
        !sorter_run_next(top, &more, error))
        return false;
    if (!more)
        drop_top(sorter);
    if (sorter->heap_size > 0)
        sift_down(sorter, 0);
    return true;
}
