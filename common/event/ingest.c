/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines become events in memory until a batch is full; save.c saves a batch in two transactions. A
 * batch that loses against another writer is tried again. A batch with an event that the database
 * refuses is halved until that event is alone; it then counts as a bad line.
 *
 * Tested by tests/system/test_ingest.py and tests/system/test_ingest_input.py.
 */
#include "event/ingest.h"

#include "base/memory.h"
#include "base/text.h"
#include "event/line_reader.h"
#include "event/save.h"
#include "model/server_clock.h"

/* A large batch writes each counter less often. The first batches are small, because they find the
   new hashes: another writer with the same new hash waits until the batch that found it ends. */
enum {
    FIRST_BATCH_EVENTS = 1000, /* each further batch takes twice as many, up to */
    BATCH_EVENTS = 20000,
    BATCH_TAGS = 250000,            /* the last event of a batch may exceed it */
    BATCH_BYTES = 16 * 1024 * 1024, /* of lines; the last event may exceed it */
    EVENTS_MEMORY = 128 * 1024 * 1024,
    SCRATCH_MEMORY = 256 * 1024 * 1024,
    TRIES = 6,
    PAUSE_MS = 20, /* before the second try; twice as long before each further one */
};

struct batch {
    const struct ingest *ingest;
    struct ingest_summary *summary;
    int64_t shift; /* microseconds to add to all times */
    struct line_reader reader;
    struct event *events;   /* room for BATCH_EVENTS */
    struct event **unsaved; /* the events that are neither saved nor bad */
    struct arena *texts;    /* of the events */
    struct saver saver;
    bool redis_failed;
    size_t limit; /* events of this batch */
    size_t count, tags, bytes;
};

/* ---- saving ---- */

/* Whether another writer was in the way: the same batch may succeed when it is tried again. */
static bool is_transient(const struct pg *pg, const struct error *error)
{
    const char *state = pg_sqlstate(pg);
    return error->code == ERROR_CONFLICT &&
           (state[0] == '\0' || text_equal(state, "40001") || text_equal(state, "40P01"));
}

/* Whether an event caused the error: a value that PostgreSQL refuses (class 22), a constraint (23)
   or a limit (54). Any other error would stop every event. Two errors of these classes would, too:
   a sequence at its end (2200H), and a server that has run out of transaction numbers (54000). */
static bool is_blamed_on_data(const struct pg *pg, const struct error *error)
{
    const char *state = pg_sqlstate(pg);
    if (state[0] == '\0')
        return error->code == ERROR_CONFLICT || error->code == ERROR_TOO_LARGE;
    if (text_equal(state, "2200H") || text_equal(state, "54000"))
        return false;
    return text_starts_with(state, "22") || text_starts_with(state, "23") ||
           text_starts_with(state, "54");
}

/* Records the last processed events in Redis. The batch is committed already: a failure only gives
   a warning. After the first failure Redis is not asked again, because waiting for it with each
   batch would take longer than counting. */
static void record_last(struct batch *batch)
{
    struct error why;
    struct redis *redis = batch->ingest->redis;
    const struct last_processed_list *last = &batch->saver.last;
    if (redis == NULL || batch->redis_failed ||
        last_processed_record(redis, last->items, last->count, &why))
        return;
    batch->redis_failed = true;
    if (batch->ingest->warning != NULL)
        batch->ingest->warning(why.message);
}

static bool save_with_retries(struct batch *batch, struct event **events, size_t count,
                              struct error *error)
{
    const struct ingest *ingest = batch->ingest;
    for (int try = 1;; try++) {
        if (save_events(&batch->saver, events, count, error)) {
            record_last(batch);
            return true;
        }
        if (!is_transient(ingest->pg, error) || try == TRIES)
            return false;
        clock_sleep_ms((PAUSE_MS << (try - 1)) + (int64_t)random_below(PAUSE_MS));
    }
}

/* Saves events; if the database refuses one of them, saves each half for itself until that event
   is alone. The recursion is at most 16 calls deep: a batch has fewer than 2^15 events. */
static bool save_or_split(struct batch *batch, struct event **events, size_t count,
                          struct error *error)
{
    if (count == 0 || save_with_retries(batch, events, count, error))
        return true;
    if (!is_blamed_on_data(batch->ingest->pg, error))
        return false;
    if (count == 1) {
        event_refuse(events[0], error->message);
        return true;
    }
    size_t half = count / 2;
    return save_or_split(batch, events, half, error) &&
           save_or_split(batch, events + half, count - half, error);
}

/* ---- batches ---- */

static void tally_event(struct batch *batch, const struct event *event)
{
    struct ingest_summary *summary = batch->summary;
    if (event->state == EVENT_READ)
        return; /* ingest has stopped before this event */
    summary->lines++;
    summary->counted += event->state == EVENT_COUNTED;
    summary->repeated += event->state == EVENT_REPEATED;
    summary->bad += event->state == EVENT_BAD;
    if (event->state == EVENT_BAD && batch->ingest->bad_line != NULL)
        batch->ingest->bad_line(event->line_number, event->reason);
    if (event->state != EVENT_COUNTED || event->line.dropped == 0)
        return;
    summary->dropped += (int64_t)event->line.dropped;
    if (batch->ingest->dropped != NULL)
        batch->ingest->dropped(event->line_number, event->line.dropped, event->line.drop_reason);
}

/* Saves the batch, reports its events, and starts the next batch. */
static bool flush_batch(struct batch *batch, struct error *error)
{
    size_t unsaved = 0;
    for (size_t i = 0; i < batch->count; i++)
        if (batch->events[i].state == EVENT_READ)
            batch->unsaved[unsaved++] = &batch->events[i];
    bool done = save_or_split(batch, batch->unsaved, unsaved, error);
    for (size_t i = 0; i < batch->count; i++)
        tally_event(batch, &batch->events[i]);
    if (done && batch->count > 0 && batch->ingest->progress != NULL)
        batch->ingest->progress(batch->summary);
    batch->count = batch->tags = batch->bytes = 0;
    batch->limit = batch->limit * 2 < BATCH_EVENTS ? batch->limit * 2 : BATCH_EVENTS;
    arena_reset(batch->texts);
    return done;
}

static bool add_line(struct batch *batch, struct error *error)
{
    struct error why;
    const struct line_reader *reader = &batch->reader;
    struct event *event = &batch->events[batch->count++];
    *event = (struct event){.line_number = reader->number};
    batch->bytes += reader->line.size;
    if (reader->too_long)
        event_refuse(event, "the line is longer than 1 MiB");
    else if (!event_read(reader->line.data, reader->line.size, batch->texts, event, error))
        return false;
    else if (event->state == EVENT_READ && !event_shift(event, batch->shift, &why))
        event_refuse(event, why.message);
    batch->tags += event->tag_count;
    return true;
}

/* The input is damaged. The lines before the damage count. */
static bool stop_reading(struct batch *batch, struct error *error)
{
    struct error unsaved;
    int64_t number = batch->reader.number;
    if (!flush_batch(batch, &unsaved))
        *error = unsaved;
    else
        (void)error_prefix(error, "behind line %" PRId64, number);
    return false;
}

static bool is_full(const struct batch *batch)
{
    return batch->count == batch->limit || batch->tags >= BATCH_TAGS || batch->bytes >= BATCH_BYTES;
}

static bool save_lines(struct batch *batch, struct error *error)
{
    bool end = false;
    for (;;) {
        if (!line_reader_next(&batch->reader, &end, error))
            return stop_reading(batch, error);
        if (end)
            return flush_batch(batch, error);
        if (!add_line(batch, error) || (is_full(batch) && !flush_batch(batch, error)))
            return false;
    }
}

/* ---- --rebase-time: a first pass finds the newest time ---- */

static bool find_newest(struct batch *batch, int64_t *newest, struct error *error)
{
    struct event *event = &batch->events[0];
    bool end = false;
    *newest = USEC_NONE;
    while (line_reader_next(&batch->reader, &end, error)) {
        if (end)
            return true;
        arena_reset(batch->texts);
        *event = (struct event){.line_number = batch->reader.number};
        if (batch->reader.too_long)
            continue;
        if (!event_read(batch->reader.line.data, batch->reader.line.size, batch->texts, event,
                        error))
            return false;
        if (event->state == EVENT_READ && event->line.datetime > *newest)
            *newest = event->line.datetime;
    }
    /* Damaged input: the second pass counts the lines before the damage, and reports it. */
    return error->code == ERROR_INVALID;
}

/* Sets batch->shift so that the newest time becomes the server's now, and rewinds the input. */
static bool find_shift(struct batch *batch, FILE *input, struct error *error)
{
    int64_t newest = USEC_NONE, now = 0;
    off_t start = ftello(input);
    if (start < 0)
        return error_set(error, ERROR_USAGE, "times can be rebased only in a file, not in a pipe");
    if (!find_newest(batch, &newest, error) || !server_clock_now(batch->ingest->pg, &now, error))
        return false;
    if (fseeko(input, start, SEEK_SET) != 0)
        return error_set(error, ERROR_INTERNAL, "the input cannot be read a second time");
    batch->shift = newest == USEC_NONE ? 0 : now - newest;
    line_reader_free(&batch->reader);
    line_reader_init(&batch->reader, input, EVENT_LINE_MAX);
    return true;
}

/* ---- the whole input ---- */

static bool allocate_batch(struct batch *batch, struct error *error)
{
    batch->events = memory_zeroed(BATCH_EVENTS, sizeof(struct event));
    batch->unsaved = memory_zeroed(BATCH_EVENTS, sizeof(struct event *));
    batch->texts = arena_new(EVENTS_MEMORY);
    batch->saver = (struct saver){.pg = batch->ingest->pg,
                                  .tagstore = batch->ingest->tagstore,
                                  .sampled_projects = batch->ingest->sampled_projects,
                                  .arena = arena_new(SCRATCH_MEMORY)};
    if (batch->events == NULL || batch->unsaved == NULL || batch->texts == NULL ||
        batch->saver.arena == NULL)
        return error_no_memory(error);
    return true;
}

bool ingest_run(const struct ingest *ingest, FILE *input, struct ingest_summary *summary,
                struct error *error)
{
    struct batch batch = {.ingest = ingest, .summary = summary, .limit = FIRST_BATCH_EVENTS};
    *summary = (struct ingest_summary){0};
    line_reader_init(&batch.reader, input, EVENT_LINE_MAX);
    bool done = allocate_batch(&batch, error) &&
                (!ingest->rebase_time || find_shift(&batch, input, error)) &&
                save_lines(&batch, error);
    line_reader_free(&batch.reader);
    arena_free(batch.texts);
    arena_free(batch.saver.arena);
    free(batch.unsaved);
    free(batch.events);
    return done;
}
