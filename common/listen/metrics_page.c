/* SPDX-License-Identifier: Apache-2.0 */
/* The page /metrics, which prints all metrics of base/metric.h.
   Tested by tests/system/test_metrics.py. */
#include "base/metric.h"
#include "listen/listener.h"

bool listen_metrics_page(struct listen_answer *answer, struct error *error)
{
    answer->type = "text/plain; version=0.0.4; charset=utf-8";
    return metric_print(&answer->body, error);
}
