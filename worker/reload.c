/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/system/test_worker.py. */
#include "worker/reload.h"

void reload_settings(struct worker_context *context)
{
    struct error error;
    struct config config;
    if (config_load(context->config->file, &config, &error)) {
        log_set_level(config_log_level(&config));
        atomic_store(&context->max_running, config.max_running);
        LOG(LOG_INFO, "worker.reloaded", log_text("log_level", config.log_level),
            log_int("max_running", config.max_running));
    } else {
        log_error(LOG_ERROR, "worker.not-reloaded", &error);
    }
    config_free(&config);
}
