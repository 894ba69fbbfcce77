/* SPDX-License-Identifier: Apache-2.0 */
/* Waits for the server's answers with poll(), so that another thread can interrupt a statement and
   a silent server is given up after patience_ms. Tested by tests/system/test_database_trouble.py
   and tests/system/test_stop.py. */
#include "client/pg_internal.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>

enum {
    TICK_MS = 100,    /* an interrupt is noticed within this time */
    CANCEL_MS = 3000, /* how long a cancelled statement may take to end */
};

/* ---- giving up ---- */

/* A thread: PQcancel would wait for ever for a server that hangs. */
static void *run_cancel(void *cancel)
{
    char ignored[256];
    (void)PQcancel(cancel, ignored, sizeof(ignored));
    PQfreeCancel(cancel);
    return NULL;
}

/* Asks the server to cancel the statement, without waiting. */
static void request_cancel(struct pg *pg)
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

/* The server was silent for too long. If it accepts a new connection, this statement takes too
   long; else the server is away. */
static bool give_up(struct pg *pg, struct error *error)
{
    PGPing ping = PQPING_NO_RESPONSE;
    (void)pg_open(pg, &ping);
    if (ping == PQPING_OK)
        request_cancel(pg);
    pg_disconnect(pg);
    return error_set(error, ping == PQPING_OK ? ERROR_TIMEOUT : ERROR_AWAY,
                     "PostgreSQL has not answered for %" PRId64 " s", pg->patience_ms / 1000);
}

/* Whether to go on waiting. If not, the connection is dropped. */
static bool may_wait(struct pg *pg, struct error *error)
{
    int64_t now = clock_monotonic_ms();
    if (atomic_exchange(&pg->interrupted, false) && pg->cancelled_ms == 0) {
        request_cancel(pg);
        pg->cancelled_ms = now;
    }
    if (pg->cancelled_ms != 0 && now - pg->cancelled_ms >= CANCEL_MS) {
        pg_disconnect(pg);
        return error_set(error, ERROR_TIMEOUT, "the question to PostgreSQL was interrupted");
    }
    if (pg->patience_ms > 0 && now - pg->heard_ms >= pg->patience_ms)
        return give_up(pg, error);
    return true;
}

/* ---- waiting ---- */

/* Waits until the server has sent something; meanwhile sends what is left to send. */
static bool wait_input(struct pg *pg, struct error *error)
{
    for (;;) {
        int unsent = PQflush(pg->connection);
        if (unsent < 0)
            return pg_lost(pg, error);
        if (!may_wait(pg, error))
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
    atomic_store(&pg->interrupted,
                 false); /* an interrupt before this was for an earlier statement */
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
    pg->heard_ms = clock_monotonic_ms(); /* the caller's time since the last row does not count */
    for (;;) {
        int size = PQgetCopyData(pg->connection, row, 1);
        if (size != 0)
            return size > 0 ? size : -1;
        if (!wait_input(pg, error))
            return 0;
    }
}
