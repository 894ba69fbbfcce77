/* SPDX-License-Identifier: Apache-2.0 */
/* For LD_PRELOAD: a program can start at most THREAD_LIMIT threads. */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

static atomic_long started;

typedef int create_function(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attributes,
                   void *(*run)(void *), void *restrict argument)
{
    const char *limit = getenv("THREAD_LIMIT");
    if (limit != NULL && atomic_fetch_add(&started, 1) >= strtol(limit, NULL, 10))
        return EAGAIN;
    create_function *create = NULL;
    *(void **)&create = dlsym(RTLD_NEXT, "pthread_create"); /* the cast that POSIX recommends */
    return create(thread, attributes, run, argument);
}
