/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/system/test_check.py. */
#include "cli/findings.h"

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

#include <stdarg.h>

static const char *const result_names[] = {
    [FINDING_OK] = "ok", [FINDING_WARNING] = "warning", [FINDING_FAILED] = "failed"};

/* ---- adding ---- */

static struct finding *add_finding(struct findings *findings, enum finding_result result,
                                   const char *advice)
{
    struct finding *finding = memory_zeroed(1, sizeof(*finding));
    if (finding == NULL) {
        findings->is_cut = true;
        return NULL;
    }
    finding->result = result;
    finding->part = findings->part;
    finding->advice = advice;
    if (findings->last == NULL)
        findings->first = finding;
    else
        findings->last->next = finding;
    findings->last = finding;
    return finding;
}

/* Copies the text as that of an error is: UTF-8, and cut where it is too long. */
static void set_message(struct finding *finding, const char *text)
{
    struct error clean;
    if (finding == NULL)
        return;
    error_fill(&clean, ERROR_NONE, "%s", text);
    (void)snprintf(finding->message, sizeof(finding->message), "%s", clean.message);
}

void findings_add_ok(struct findings *findings, const char *format, ...)
{
    char text[ERROR_MESSAGE_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    set_message(add_finding(findings, FINDING_OK, NULL), text);
}

void findings_add_warning(struct findings *findings, const char *advice, const char *format, ...)
{
    char text[ERROR_MESSAGE_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    set_message(add_finding(findings, FINDING_WARNING, advice), text);
    findings->warnings++;
}

void findings_add_local_failure(struct findings *findings, const char *advice,
                                const struct error *error)
{
    set_message(add_finding(findings, FINDING_FAILED, advice), error->message);
    findings->failed++;
}

void findings_add_failure(struct findings *findings, const char *advice, const struct error *error)
{
    findings_add_local_failure(findings, advice, error);
    if (error->code == ERROR_AWAY || error->code == ERROR_ANSWER || error->code == ERROR_TIMEOUT)
        findings->away++;
}

/* ---- printing ---- */

static bool print_json(const struct finding *finding, struct error *error)
{
    json_t *object = json_object();
    bool done = json_put_text(object, "result", result_names[finding->result], error) &&
                json_put_text(object, "part", finding->part, error) &&
                json_put_text(object, "message", finding->message, error) &&
                json_put_text(object, "advice", finding->advice, error) &&
                json_print_line(object, error);
    json_decref(object);
    return done;
}

/* "warning queue        the queue is paused; `exportd queue resume` ends that" */
static void print_line(const struct finding *finding)
{
    (void)printf("%-7s %-12s ", result_names[finding->result], finding->part);
    text_print(stdout, finding->message);
    (void)printf("%s%s\n", finding->advice == NULL ? "" : "; ",
                 finding->advice == NULL ? "" : finding->advice);
}

bool findings_print(const struct findings *findings, bool json, struct error *error)
{
    for (const struct finding *finding = findings->first; finding != NULL;
         finding = finding->next) {
        if (json && !print_json(finding, error))
            return false;
        if (!json)
            print_line(finding);
    }
    return !findings->is_cut || error_no_memory(error);
}

void findings_free(struct findings *findings)
{
    struct finding *finding = findings->first;
    while (finding != NULL) {
        struct finding *next = finding->next;
        free(finding);
        finding = next;
    }
    findings->first = findings->last = NULL;
}
