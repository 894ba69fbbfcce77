/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How replies are waited for: with poll(), so that another thread can interrupt, and with an end to
 * our patience.
 */
#include "client/pg_internal.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>

enum {
    TICK_MS = 100,    /* how long an interrupt may go unnoticed */
    CANCEL_MS = 3000, /* how long a cancelled statement may take to end */
};

/* ---- giving up ---- */

/* In a thread of its own: a server that is stopped does not answer a cancel request either. */
static void *run_cancel(void *cancel)
{
    char ignored[256];
    (void)PQcancel(cancel, ignored, sizeof(ignored));
    PQfreeCancel(cancel);
    return NULL;
}

static void cancel(struct pg *pg)
{
    pthread_t thread;
    PGcancel *request = PQgetCancel(pg->connection);
    if (request == NULL)
        return;
    if (pthread_create(&thread, NULL, run_cancel, request) == 0)
        (void)pthread_detach(thread);
    else
        PQfreeCancel(request);
}

/* The server has been silent for too long. If it takes a new connection, it is this statement that
   takes too long; else the server is not there. */
static bool lose_patience(struct pg *pg, struct error *error)
{
    PGPing ping = PQPING_NO_RESPONSE;
    (void)pg_open(pg, &ping);
    if (ping == PQPING_OK)
        cancel(pg);
    pg_disconnect(pg);
    return error_set(error, ping == PQPING_OK ? ERROR_TIMEOUT : ERROR_AWAY,
                     "PostgreSQL has not answered for %" PRId64 " s", pg->patience_ms / 1000);
}

/* Whether to wait on. */
static bool go_on(struct pg *pg, struct error *error)
{
    int64_t now = clock_monotonic_ms();
    if (atomic_exchange(&pg->interrupted, false) && pg->cancelled_ms == 0) {
        cancel(pg);
        pg->cancelled_ms = now;
    }
    if (pg->cancelled_ms != 0 && now - pg->cancelled_ms >= CANCEL_MS) {
        pg_disconnect(pg);
        return error_set(error, ERROR_TIMEOUT, "the question to PostgreSQL was interrupted");
    }
    if (pg->patience_ms > 0 && now - pg->heard_ms >= pg->patience_ms)
        return lose_patience(pg, error);
    return true;
}

/* ---- waiting ---- */

/* Until the server has said something more; sends what is not sent yet. */
static bool wait_input(struct pg *pg, struct error *error)
{
    for (;;) {
        int unsent = PQflush(pg->connection);
        if (unsent < 0)
            return pg_lost(pg, error);
        if (!go_on(pg, error))
            return false;
        struct pollfd socket = {.fd = PQsocket(pg->connection),
                                .events = (short)(unsent > 0 ? POLLIN | POLLOUT : POLLIN)};
        int ready = poll(&socket, 1, TICK_MS);
        if (ready < 0 && errno != EINTR)
            return pg_lost(pg, error);
        if (ready <= 0 || (socket.revents & ~POLLOUT) == 0)
            continue;
        pg->heard_ms = clock_monotonic_ms();
        return PQconsumeInput(pg->connection) == 1 || pg_lost(pg, error);
    }
}

void pg_start_waiting(struct pg *pg)
{
    pg->heard_ms = clock_monotonic_ms();
    pg->cancelled_ms = 0;
    atomic_store(&pg->interrupted, false); /* it was meant for an earlier statement */
}

PGresult *pg_next_result(struct pg *pg, bool *lost, struct error *error)
{
    *lost = false;
    while (PQisBusy(pg->connection) == 1) {
        if (!wait_input(pg, error)) {
            *lost = true;
            return NULL;
        }
    }
    return PQgetResult(pg->connection);
}

static bool is_copy(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

PGresult *pg_last_result(struct pg *pg, struct error *error)
{
    PGresult *last = NULL;
    bool gone = false;
    for (PGresult *next = pg_next_result(pg, &gone, error); next != NULL;
         next = pg_next_result(pg, &gone, error)) {
        PQclear(last);
        last = next;
        if (is_copy(last) || PQstatus(pg->connection) != CONNECTION_OK)
            break;
    }
    if (gone || last == NULL) {
        PQclear(last);
        if (!gone)
            (void)pg_lost(pg, error);
        return NULL;
    }
    if (pg->raw && !pg_encoding_mend(last)) {
        PQclear(last);
        pg_disconnect(pg);
        (void)error_no_memory(error);
        return NULL;
    }
    return last;
}

int pg_next_row(struct pg *pg, char **row, struct error *error)
{
    pg->heard_ms = clock_monotonic_ms(); /* what the caller did since the last row does not count */
    for (;;) {
        int size = PQgetCopyData(pg->connection, row, 1);
        if (size != 0)
            return size > 0 ? size : -1;
        if (!wait_input(pg, error))
            return 0;
    }
}
