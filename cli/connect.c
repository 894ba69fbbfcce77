/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks the URLs of the settings, and connects a command to the servers that it needs.
 * Tested by tests/system/test_cli_contract.py and tests/system/test_no_redis.py.
 */
#include "cli/cli.h"

#include "base/text.h"
#include "client/smtp.h"
#include "client/statsd.h"
#include "listen/address.h"
#include "snuba/snuba_client.h"

static bool check_redis(const char *setting, const char *url, struct error *error)
{
    return url[0] == '\0' || redis_check_url(url, error) || error_prefix(error, "%s", setting);
}

/* A new client reads the URL and connects to nothing yet. */
static bool check_snuba(const struct config *config, struct error *error)
{
    struct snuba_client *client = NULL;
    bool fine = snuba_client_new(config->snuba_url, snuba_dialect_find(config->snuba_dialect),
                                 &client, error);
    snuba_client_free(client);
    return fine || error_prefix(error, "EXPORTD_SNUBA_URL");
}

static bool check_database_url(const struct config *config, struct error *error)
{
    return pg_check_url(config->database_url, error);
}

static bool check_redis_url(const struct config *config, struct error *error)
{
    return check_redis("EXPORTD_REDIS_URL", config->redis_url, error);
}

/* Not checked if it is that of the queue. */
static bool check_lock_redis_url(const struct config *config, struct error *error)
{
    return text_equal(config->redis_url, config->lock_redis_url) ||
           check_redis("EXPORTD_LOCK_REDIS_URL", config->lock_redis_url, error);
}

static bool check_snuba_url(const struct config *config, struct error *error)
{
    return !text_equal(config->tagstore, "snuba") || check_snuba(config, error);
}

static bool check_mail_url(const struct config *config, struct error *error)
{
    struct smtp_server server;
    return text_starts_with(config->mail_url, "file:") ||
           smtp_parse_url(config->mail_url, &server, error) ||
           error_prefix(error, "EXPORTD_MAIL_URL");
}

static bool check_listen(const struct config *config, struct error *error)
{
    struct listen_address address;
    return config->metrics_listen[0] == '\0' ||
           listen_address_parse(config->metrics_listen, &address, error) ||
           error_prefix(error, "EXPORTD_METRICS_LISTEN");
}

static bool check_statsd_url(const struct config *config, struct error *error)
{
    return config->statsd_url[0] == '\0' || statsd_check_url(config->statsd_url, error);
}

void cli_find_wrong_urls(const struct config *config, const struct config_faults *faults)
{
    static bool (*const checks[])(const struct config *, struct error *) = {
        check_database_url, check_redis_url, check_lock_redis_url, check_listen,
        check_statsd_url,   check_snuba_url, check_mail_url};
    for (size_t i = 0; i < ARRAY_LENGTH(checks); i++) {
        struct error error;
        if (!checks[i](config, &error))
            faults->tell(faults->context, &error);
    }
}

bool cli_check_settings(const struct config *config, struct error *error)
{
    const struct config_faults faults = {config_keep_first, error};
    error->code = ERROR_NONE;
    cli_find_wrong_urls(config, &faults);
    return error->code == ERROR_NONE;
}

void cli_count(const struct config *config, const char *name, const char *query_type_or_null)
{
    struct statsd statsd;
    const char *tag = query_type_or_null == NULL ? NULL : "query_type";
    statsd_open(&statsd, config->statsd_url);
    statsd_count(&statsd, &(struct statsd_name){name, tag, query_type_or_null});
    statsd_close(&statsd);
}

bool cli_check_embedded_tagstore(const struct config *config, struct error *error)
{
    return text_equal(config->tagstore, "postgres") ||
           error_set(error, ERROR_USAGE,
                     "EXPORTD_TAGSTORE is %s, which gets its events from elsewhere: this command "
                     "writes only to the tagstore in Postgres (EXPORTD_TAGSTORE=postgres)",
                     config->tagstore);
}

bool cli_connect_pg(const struct config *config, struct pg **pg, struct error *error)
{
    *pg = pg_new(config->database_url, "exportd");
    if (*pg == NULL)
        return error_no_memory(error);
    if (pg_connect(*pg, error))
        return true;
    pg_free(*pg);
    *pg = NULL;
    return false;
}

static bool connect_redis(const char *url, struct redis **redis, struct error *error)
{
    *redis = redis_new(url, "exportd");
    if (*redis == NULL)
        return error_no_memory(error);
    if (redis_connect(*redis, error))
        return true;
    redis_free(*redis);
    *redis = NULL;
    return false;
}

bool cli_connect_redis(const struct config *config, struct redis **redis, struct error *error)
{
    if (!config_has_redis(config))
        return error_set(error, ERROR_INVALID, "there is no Redis (EXPORTD_REDIS_URL is none)");
    return connect_redis(config->redis_url, redis, error);
}

bool cli_connect_lock_redis(const struct config *config, struct redis **redis, struct error *error)
{
    return connect_redis(config->lock_redis_url, redis, error);
}

bool cli_open_locks(const struct config *config, struct pg *pg, struct upload_locks *locks,
                    struct error *error)
{
    return upload_locks_open(locks, config->lock_redis_url, pg, error) &&
           upload_locks_connect(locks, error) &&
           upload_lock_kind_settle(pg, config_has_lock_redis(config), config->lease_seconds, error);
}
