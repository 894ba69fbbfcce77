/* SPDX-License-Identifier: Apache-2.0 */
/* How the producers' kombu names the lists of a queue: the settings of its Redis transport. */
#ifndef CONFIG_PRIORITY_H
#define CONFIG_PRIORITY_H

#include "base/error.h"

#define PRIORITY_STEPS_MAX 10

struct priority_steps {
    int count; /* 1 to PRIORITY_STEPS_MAX */
    int numbers[PRIORITY_STEPS_MAX];
};

/* Reads whole numbers from 0 to 255 with commas between them, ascending: "0,3,6,9". False for
   anything else. */
bool priority_parse_steps(const char *text, struct priority_steps *steps) MUST_CHECK;

/* Replaces each \xHH in the text by the byte that it stands for, and \\ by one backslash. False for
   any other backslash, and for \x00. */
bool priority_unescape(char *text) MUST_CHECK;

#endif
