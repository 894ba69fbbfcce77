/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libmicrohttpd parses and answers. It has no thread here: our own runs it, so that signals are
 * blocked there and connections that are too old can be cut off. The library's own time-out is one
 * of silence, which a client that sends a byte a second would never meet.
 */
#include "listen/listener.h"

#include "base/clock.h"
#include "base/text.h"
#include "listen/address.h"

#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    CONNECTIONS_MAX = 32,
    LONGEST_MS = 5000,       /* of a connection */
    SWEEP_MS = 500,          /* between two looks for connections that are too old */
    REQUEST_MAX = 16 * 1024, /* with what the library needs for its answer's head */
    ANSWER_MAX = 1024 * 1024,
};

struct connection {
    int fd;
    int64_t since_ms; /* monotonic; 0: free */
};

struct listener {
    struct listen_options options;
    struct listen_address address;
    int fd;   /* listens; below 0: not open */
    int stop; /* an eventfd, readable once the thread shall end */
    struct MHD_Daemon *daemon;
    pthread_t thread;
    bool started; /* the thread */
    struct connection connections[CONNECTIONS_MAX];
};

/* ---- one request ---- */

static const struct listen_route *find_route(const struct listener *listener, const char *path)
{
    for (const struct listen_route *route = listener->options.routes; route->path != NULL; route++)
        if (text_equal(route->path, path))
            return route;
    return NULL;
}

static void answer_plainly(struct listen_answer *answer, int status, const char *sentence)
{
    struct error no_room;
    answer->status = status;
    answer->type = "text/plain";
    buffer_clear(&answer->body);
    (void)!buffer_append_text(&answer->body, sentence, &no_room);
}

static void fill_answer(const struct listener *listener, const char *path, const char *method,
                        struct listen_answer *answer)
{
    struct error error;
    const struct listen_route *route = find_route(listener, path);
    if (route == NULL)
        answer_plainly(answer, MHD_HTTP_NOT_FOUND, "there is no such page\n");
    else if (!text_equal(method, "GET") && !text_equal(method, "HEAD"))
        answer_plainly(answer, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
    else if (!route->answer(listener->options.context, answer, &error))
        answer_plainly(answer, MHD_HTTP_INTERNAL_SERVER_ERROR, "the page cannot be made\n");
}

/* NULL: no memory. */
static struct MHD_Response *make_response(const struct listen_answer *answer)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        answer->body.size, answer->body.data, MHD_RESPMEM_MUST_COPY);
    if (response == NULL)
        return NULL;
    (void)MHD_add_response_header(response, "Content-Type", answer->type);
    (void)MHD_add_response_header(response, "Cache-Control", "no-store");
    (void)MHD_add_response_header(response, "Connection", "close");
    if (answer->status == MHD_HTTP_METHOD_NOT_ALLOWED)
        (void)MHD_add_response_header(response, "Allow", "GET, HEAD");
    return response;
}

/* Answers as soon as the head of the request has come. A body is not read. */
static enum MHD_Result answer_request(void *context, struct MHD_Connection *connection,
                                      const char *path, const char *method, const char *version,
                                      const char *body, size_t *body_size, void **request)
{
    struct listen_answer answer = {.status = MHD_HTTP_OK, .type = "text/plain"};
    (void)version;
    (void)body;
    (void)request;
    *body_size = 0; /* a body is thrown away */
    buffer_init(&answer.body, ANSWER_MAX);
    fill_answer(context, path, method, &answer);
    struct MHD_Response *response = make_response(&answer);
    buffer_free(&answer.body);
    if (response == NULL)
        return MHD_NO;
    enum MHD_Result result = MHD_queue_response(connection, (unsigned)answer.status, response);
    MHD_destroy_response(response);
    return result;
}

/* ---- connections ---- */

static void record_connection(void *context, struct MHD_Connection *connection, void **place,
                              enum MHD_ConnectionNotificationCode what)
{
    struct listener *listener = context;
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (*place != NULL)
            *(struct connection *)*place = (struct connection){.since_ms = 0};
        *place = NULL;
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    for (size_t i = 0; info != NULL && i < CONNECTIONS_MAX; i++)
        if (listener->connections[i].since_ms == 0) {
            listener->connections[i] =
                (struct connection){.fd = info->connect_fd, .since_ms = clock_monotonic_ms()};
            *place = &listener->connections[i];
            return;
        }
}

/* The library closes what is shut down here. */
static void cut_old_connections(struct listener *listener)
{
    int64_t now = clock_monotonic_ms();
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        const struct connection *connection = &listener->connections[i];
        if (connection->since_ms != 0 && now - connection->since_ms >= LONGEST_MS)
            (void)shutdown(connection->fd, SHUT_RDWR);
    }
}

/* ---- the thread ---- */

static int wait_ms(const struct listener *listener)
{
    MHD_UNSIGNED_LONG_LONG due = 0;
    return MHD_get_timeout(listener->daemon, &due) == MHD_YES && due < SWEEP_MS ? (int)due
                                                                                : SWEEP_MS;
}

static void *run_listener(void *argument)
{
    struct listener *listener = argument;
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    struct pollfd ready[] = {{.fd = info->epoll_fd, .events = POLLIN},
                             {.fd = listener->stop, .events = POLLIN}};
    while ((ready[1].revents & POLLIN) == 0) {
        (void)poll(ready, ARRAY_LENGTH(ready), wait_ms(listener));
        (void)MHD_run(listener->daemon);
        cut_old_connections(listener);
    }
    return NULL;
}

/* The thread inherits the mask: no signal of the process goes to it. */
static bool start_thread(struct listener *listener)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    listener->started = pthread_create(&listener->thread, NULL, run_listener, listener) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return listener->started;
}

static bool start_daemon(struct listener *listener, struct error *error)
{
    listener->stop = eventfd(0, EFD_CLOEXEC);
    if (listener->stop >= 0)
        listener->daemon = MHD_start_daemon(
            MHD_USE_EPOLL, 0, NULL, NULL, answer_request, listener, MHD_OPTION_LISTEN_SOCKET,
            listener->fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_MAX, MHD_OPTION_NOTIFY_CONNECTION,
            record_connection, listener, MHD_OPTION_END);
    return (listener->daemon != NULL && start_thread(listener)) ||
           error_set(error, ERROR_AWAY, "the system has no room for a listener");
}

bool listener_open(const struct listen_options *options, struct listener **listener,
                   struct error *error)
{
    struct listener *made = memory_zeroed(1, sizeof(*made));
    *listener = made;
    if (made == NULL)
        return error_no_memory(error);
    made->options = *options;
    made->fd = made->stop = -1;
    if (listen_address_parse(options->address, &made->address, error) &&
        listen_address_open(&made->address, &made->fd, error) && start_daemon(made, error))
        return true;
    listener_close(made);
    *listener = NULL;
    return false;
}

void listener_close(struct listener *listener)
{
    if (listener == NULL)
        return;
    if (listener->started) {
        (void)eventfd_write(listener->stop, 1);
        (void)pthread_join(listener->thread, NULL);
    }
    if (listener->daemon != NULL) {
        (void)MHD_quiesce_daemon(listener->daemon); /* else it would close our socket */
        MHD_stop_daemon(listener->daemon);
    }
    if (listener->stop >= 0)
        (void)close(listener->stop);
    if (listener->fd >= 0)
        listen_address_close(&listener->address, listener->fd);
    free(listener);
}
