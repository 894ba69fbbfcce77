#include "../no_memory.h"

#include "client/http.h"
#include "client/redis.h"

#ifdef EXPORTD_FAULTS

static bool make_redis(const void *url, struct error *error)
{
    struct redis *redis = redis_new(url);
    redis_free(redis);
    return redis != NULL || error_no_memory(error);
}

static bool make_http(const void *url, struct error *error)
{
    const struct http_options options = {
        .url = url, .connect_ms = 1000, .answer_ms = 1000, .answer_max = 1000, .tries = 1};
    struct http_client *http = NULL;
    bool done = http_client_new(&options, &http, error);
    http_client_free(http);
    return done;
}

static void clients(void **state)
{
    (void)state;
    assert_true(no_memory_run(make_redis, "redis://user:secret@localhost:6379/1") >= 1);
    assert_true(no_memory_run(make_http, "http://localhost:1218/prefix") >= 1);
    assert_true(no_memory_run(make_http, "unix:///run/snuba.sock") >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(clients)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else
int main(void)
{
    return 0;
}
#endif
