/* SPDX-License-Identifier: Apache-2.0 */
/* A scripted HTTP server, in a thread of the test process. */
#ifndef UNIT_HTTP_SERVER_H
#define UNIT_HTTP_SERVER_H

#include "base/buffer.h"
#include "base/clock.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum manner {
    ANSWER,      /* the text; the connection stays open */
    CLOSE,       /* the text, then close */
    ECHO,        /* 200, with the request's path as the body */
    HALVES,      /* half of the text; the other half when `go` is true */
    DRIP,        /* the text, a byte every 20 ms */
    FLOOD,       /* the text, then 'x' without end */
    HANG,        /* the text, then nothing; the connection stays open */
    READ_NOTHING /* accept the connection, but never read from it */
};

struct step {
    enum manner manner;
    const char *text;
};

enum { TOGETHER_MAX = 8 };

/* Serves one connection after the other. Each request takes the next step; the last step is
   repeated. With `together`, it serves that many connections at once: it answers only after all of
   them have sent a request, and in reverse order. */
struct server {
    int listener;
    char url[160];
    const struct step *steps;
    int together;       /* 0: one connection after the other */
    struct buffer seen; /* the last request */
    atomic_int requests, connections;
    atomic_bool go, ended;
    pthread_t thread;
};

static bool put_bytes(int socket, const char *bytes, size_t size)
{
    return send(socket, bytes, size, MSG_NOSIGNAL) == (ssize_t)size;
}

/* Waits until the client closes. */
static void wait_for_end(int socket)
{
    char byte = 0;
    while (recv(socket, &byte, 1, 0) > 0)
        continue;
}

static bool put_halves(struct server *server, int socket, const char *text)
{
    size_t half = strlen(text) / 2;
    bool there = put_bytes(socket, text, half);
    while (!atomic_load(&server->go))
        clock_sleep_ms(1);
    return there && put_bytes(socket, text + half, strlen(text) - half);
}

/* `request` begins with "GET /path ". */
static bool echo(int socket, const char *request)
{
    char text[200];
    const char *path = strchr(request, ' ') + 1;
    int length = (int)strcspn(path, " ");
    (void)snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%.*s", length,
                   length, path);
    return put_bytes(socket, text, strlen(text));
}

/* Plays a step. False: the connection has ended. */
static bool play(struct server *server, int socket, const struct step *step)
{
    const char *text = step->text;
    bool there = true;
    if (step->manner == HALVES)
        return put_halves(server, socket, text);
    if (step->manner == ECHO)
        return echo(socket, server->seen.data);
    char flood[8192];
    memset(flood, 'x', sizeof(flood));
    if (step->manner == DRIP) {
        for (; there && *text != '\0'; text++) {
            there = put_bytes(socket, text, 1);
            clock_sleep_ms(20);
        }
        return there;
    }
    there = put_bytes(socket, text, strlen(text));
    while (step->manner == FLOOD && there)
        there = put_bytes(socket, flood, sizeof(flood));
    if (step->manner == HANG)
        wait_for_end(socket);
    return there && step->manner == ANSWER;
}

static size_t content_length(const char *request)
{
    const char *at = strstr(request, "Content-Length: ");
    return at == NULL ? 0 : strtoul(at + 16, NULL, 10);
}

/* Reads one whole request into `seen`. False: the connection has ended. */
static bool read_request(struct server *server, int socket)
{
    struct error error;
    char byte = 0;
    size_t whole = 0; /* known after the header */
    for (bool first = true; recv(socket, &byte, 1, 0) == 1; first = false) {
        if (first)
            buffer_clear(&server->seen); /* only now: until then a test can look at the last one */
        assert_true(buffer_append_byte(&server->seen, byte, &error));
        if (whole == 0 && byte == '\n' && strstr(server->seen.data, "\r\n\r\n") != NULL)
            whole = server->seen.size + content_length(server->seen.data);
        if (whole > 0 && server->seen.size >= whole)
            return true;
    }
    return false;
}

static const struct step *next_step(struct server *server)
{
    const struct step *step = server->steps;
    if (step[1].text != NULL)
        server->steps++;
    atomic_fetch_add(&server->requests, 1);
    return step;
}

static void converse(struct server *server, int socket)
{
    bool there = true;
    while (there && server->steps->manner != READ_NOTHING && read_request(server, socket))
        there = play(server, socket, next_step(server));
    while (server->steps->manner == READ_NOTHING && !atomic_load(&server->ended))
        clock_sleep_ms(10);
    (void)close(socket);
}

/* Reads a request on each connection, then answers them. False: a connection has ended. */
static bool exchange(struct server *server, const int *sockets)
{
    char requests[TOGETHER_MAX][100];
    bool there = true;
    for (int i = 0; there && i < server->together; i++) {
        there = read_request(server, sockets[i]);
        (void)snprintf(requests[i], sizeof(requests[i]), "%.99s", server->seen.data);
        atomic_fetch_add(&server->requests, there ? 1 : 0);
    }
    for (int i = server->together - 1; there && i >= 0; i--)
        there = server->steps->manner == ECHO ? echo(sockets[i], requests[i])
                                              : play(server, sockets[i], server->steps);
    return there;
}

static void serve_together(struct server *server)
{
    int sockets[TOGETHER_MAX];
    int count = 0;
    for (; count < server->together; count++) {
        sockets[count] = accept(server->listener, NULL, NULL);
        if (sockets[count] < 0)
            break;
        atomic_fetch_add(&server->connections, 1);
    }
    while (count == server->together && exchange(server, sockets))
        continue;
    while (count > 0)
        (void)close(sockets[--count]);
}

static void *serve(void *argument)
{
    struct server *server = argument;
    while (server->together > 0 && !atomic_load(&server->ended))
        serve_together(server);
    for (;;) {
        int socket = accept(server->listener, NULL, NULL);
        if (socket < 0 || atomic_load(&server->ended)) {
            (void)close(socket);
            return NULL;
        }
        atomic_fetch_add(&server->connections, 1);
        converse(server, socket);
    }
}

static void listen_at(struct server *server, const struct sockaddr *address, socklen_t size)
{
    assert_true(server->listener >= 0);
    assert_int_equal(bind(server->listener, address, size), 0);
    assert_int_equal(listen(server->listener, 8), 0);
}

static inline void server_start_together(struct server *server, const struct step *steps,
                                         int together)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    *server = (struct server){.steps = steps, .together = together};
    buffer_init(&server->seen, 1 << 23);
    server->listener = socket(AF_INET, SOCK_STREAM, 0);
    listen_at(server, (struct sockaddr *)&address, size);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
    (void)snprintf(server->url, sizeof(server->url), "http://127.0.0.1:%d",
                   ntohs(address.sin_port));
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static inline void server_start_tcp(struct server *server, const struct step *steps)
{
    server_start_together(server, steps, 0);
}

static inline void server_start_unix(struct server *server, const struct step *steps)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    *server = (struct server){.steps = steps};
    buffer_init(&server->seen, 1 << 20);
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/http_test.%ld",
                   (long)getpid());
    (void)snprintf(server->url, sizeof(server->url), "unix://%s", address.sun_path);
    server->listener = socket(AF_UNIX, SOCK_STREAM, 0);
    listen_at(server, (struct sockaddr *)&address, sizeof(address));
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static inline void server_stop(struct server *server)
{
    atomic_store(&server->ended, true);
    (void)shutdown(server->listener, SHUT_RDWR);
    assert_int_equal(pthread_join(server->thread, NULL), 0);
    (void)close(server->listener);
    buffer_free(&server->seen);
}

#endif
