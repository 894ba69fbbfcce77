/* SPDX-License-Identifier: Apache-2.0 */
/* Parses the settings by which the producers' kombu names the Redis lists of a queue. */
#ifndef CONFIG_PRIORITY_H
#define CONFIG_PRIORITY_H

#include "base/error.h"

#define PRIORITY_STEPS_MAX 10

struct priority_steps {
    int count; /* 1 to PRIORITY_STEPS_MAX */
    int numbers[PRIORITY_STEPS_MAX];
};

/* Reads ascending whole numbers from 0 to 255, separated by commas, such as "0,3,6,9". False for
   anything else. */
bool priority_parse_steps(const char *text, struct priority_steps *steps) MUST_CHECK;

/* Replaces each \xHH in the text by its byte, and \\ by one backslash. False for any other
   backslash, and for \x00. */
bool priority_unescape(char *text) MUST_CHECK;

#endif
