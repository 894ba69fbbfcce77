/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fault.h"

#ifdef EXPORTD_FAULTS

#include "base/clock.h"
#include "base/text.h"

#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

enum { FAULTS_MAX = 8 };

/* The passages of each entry of EXPORTD_FAULT, by its position there. */
static atomic_int passages[FAULTS_MAX];

/* One entry of the variable, "name:action[:n]". `text` is the name. */
struct entry {
    char text[96];
    const char *action;
    int64_t nth;
};

static bool read_entry(const char *start, size_t size, struct entry *entry)
{
    if (size >= sizeof(entry->text))
        return false;
    memcpy(entry->text, start, size);
    entry->text[size] = '\0';
    char *action = strchr(entry->text, ':');
    if (action == NULL)
        return false;
    *action++ = '\0';
    entry->action = action;
    entry->nth = 1;
    char *nth = strchr(action, ':');
    if (nth == NULL)
        return true;
    *nth++ = '\0';
    return text_to_int64(nth, 1, INT32_MAX, &entry->nth);
}

static bool perform(const struct entry *entry, int64_t passage, struct error *error)
{
    int64_t ms = 300;
    if (text_starts_with(entry->action, "delay")) {
        if (entry->action[5] == '=' && !text_to_int64(entry->action + 6, 0, 600000, &ms))
            return true;
        if (passage >= entry->nth)
            clock_sleep_ms(ms);
        return true;
    }
    if (passage != entry->nth)
        return true;
    if (text_equal(entry->action, "kill"))
        (void)kill(getpid(), SIGKILL);
    else if (text_equal(entry->action, "stop"))
        (void)raise(SIGSTOP); /* to this thread, which would else run on for a moment */
    else if (text_equal(entry->action, "error"))
        return error_set(error, ERROR_INTERNAL, "fault point %s", entry->text);
    return true;
}

/* Reads entry number `index` of EXPORTD_FAULT. False if there is none, or if it has another
   name. */
static bool find_entry(int index, const char *name, struct entry *entry)
{
    const char *at = getenv("EXPORTD_FAULT");
    for (int i = 0; at != NULL && i < index; i++) {
        at = strchr(at, ',');
        at = at == NULL ? NULL : at + 1;
    }
    return at != NULL && read_entry(at, strcspn(at, ","), entry) && text_equal(entry->text, name);
}

/* Every entry counts each passage, also when an earlier entry has failed. */
bool fault_point(const char *name, struct error *error)
{
    bool passed = true;
    for (int i = 0; i < FAULTS_MAX; i++) {
        struct entry entry;
        if (find_entry(i, name, &entry) &&
            !perform(&entry, atomic_fetch_add(&passages[i], 1) + 1, error))
            passed = false;
    }
    return passed;
}

void fault_prepare(void)
{
    int64_t nth = 0;
    const char *text = getenv("EXPORTD_MEMORY_FAIL");
    if (text != NULL && text_to_int64(text, 1, INT64_MAX, &nth))
        memory_fail_process((uint64_t)nth);
}

#else

/* ISO C requires a declaration in every file. */
typedef int fault_points_are_compiled_out;

#endif
