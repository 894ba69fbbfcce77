/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a command, written as one line. */
#ifndef TESTS_CLI_WORDS_H
#define TESTS_CLI_WORDS_H

#include "base/error.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { WORDS_MAX = 32 };

struct word_list {
    int argc;
    char *argv[WORDS_MAX + 1];
    char text[512];
};

/* Splits the line at its blanks. argv[0] is the command's name. */
static inline void split_words(struct word_list *words, const char *line)
{
    char *rest = NULL;
    words->argc = 0;
    assert_true(text_copy(words->text, sizeof(words->text), line));
    for (char *word = strtok_r(words->text, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest)) {
        assert_true(words->argc < WORDS_MAX);
        words->argv[words->argc++] = word;
    }
    words->argv[words->argc] = NULL;
}

#endif
