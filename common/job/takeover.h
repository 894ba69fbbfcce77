/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The upgrade of a queue that exportd 0.1.0 kept in Redis (old_queue.h).
 *
 * Dead messages and the pause move to PostgreSQL. Delayed messages, and those that workers have
 * taken, go back to the list of kombu, for the intake: it recognizes jobs that exportd.export has
 * already, and reads an eta from the message itself.
 *
 * A queue is taken over once, which exportd.queue.taken_over records. Each step adds first and
 * removes last, so that it can be repeated after a crash at any point.
 */
#ifndef JOB_TAKEOVER_H
#define JOB_TAKEOVER_H

#include "client/pg.h"
#include "job/intake_lists.h"

struct takeover {
    struct pg *pg;
    struct redis *redis; /* NULL: there is no Redis */
    const char *queue;   /* EXPORTD_QUEUE */
    const struct intake_lists *lists;
};

struct takeover_count {
    int64_t dead, delayed, in_work; /* messages */
    bool paused;
};

/* Call this before migrations are applied. *due: exportd has used this database before, and does
   not record that the queue was taken over. */
bool takeover_is_due(const struct takeover *takeover, bool *due, struct error *error) MUST_CHECK;

/* ERROR_CONFLICT while a worker of 0.1.0 is alive (its last beat is younger than its lease): it
   would take the jobs of other workers for lost ones. */
bool takeover_check_workers(const struct takeover *takeover, int64_t lease_seconds,
                            struct error *error) MUST_CHECK;

/* Takes the queue over, after the migrations. Without Redis it only adopts the rows of
   exportd.export, and the takeover stays due. */
bool takeover_queue(const struct takeover *takeover, struct takeover_count *count,
                    struct error *error) MUST_CHECK;

/* Records that the queue is taken over. */
bool takeover_end(const struct takeover *takeover, struct error *error) MUST_CHECK;

#endif
