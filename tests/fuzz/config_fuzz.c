/* SPDX-License-Identifier: Apache-2.0 */
/* The settings. Lines NAME=value that begin with EXPORTD_ become the environment, except those that
name a file. A configuration that is accepted keeps the promises of struct config. */
#include "base/url.h"
#include "config/config.h"

#include "base/text.h"
#include "fuzz.h"

static void set(char *line)
{
    char *value = strchr(line, '=');
    if (value == NULL || strncmp(line, "EXPORTD_", 8) != 0)
        return;
    *value++ = '\0';
    if (strstr(line, "_FILE") == NULL)
        CHECK(setenv(line, value, 1) == 0);
}

static void set_environment(char *text)
{
    CHECK(clearenv() == 0);
    while (text != NULL) {
        char *end = strchr(text, '\n');
        if (end != NULL)
            *end++ = '\0';
        set(text);
        text = end;
    }
}

static void check_url(const char *text)
{
    struct error error;
    struct url url;
    CHECK(text[0] == '/' || url_parse(text, &url, &error));
}

static void check_config(const struct config *config)
{
    CHECK(config->concurrency >= 1 && config->concurrency <= 64);
    CHECK(config->page_size >= 1 && config->page_size <= 10000);
    CHECK(config->page_size_max >= 1 && config->page_size_max <= 10000);
    CHECK(config->max_failures >= 1 && config->lease_seconds >= 2);
    CHECK(config->max_file_bytes >= 1 && config->max_file_bytes <= INT32_MAX);
    CHECK(strlen(config->queue) <= 200 && !text_has_control(config->queue));
    CHECK(strchr(config->mail_from, '@') != NULL && !text_has_control(config->mail_from));
    CHECK(config->url_prefix[0] != '\0');
    CHECK(config->url_prefix[strlen(config->url_prefix) - 1] != '/');
    CHECK(config->tmpdir[0] != '\0' && config->database_url != NULL);
    CHECK(config_log_level(config) <= LOG_ERROR);
    if (config_has_redis(config))
        check_url(config->redis_url);
    if (config_has_lock_redis(config))
        check_url(config->lock_redis_url);
    check_url(config->storage_url);
    check_url(config->mail_url);
    check_url(config->snuba_url);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct error error;
    struct config config;
    char *text = fuzz_text(bytes, size);
    set_environment(text);
    if (config_load(NULL, &config, &error))
        check_config(&config);
    else
        CHECK(error.code == ERROR_USAGE && strncmp(error.message, "EXPORTD_", 8) == 0);
    config_free(&config);
    free(text);
    return 0;
}
