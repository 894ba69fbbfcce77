#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check.sh ROOT: every source has a unit test of its name, or its head says which tests cover it ("Tested by PATH.");
# every unit test has the name of a source, or begins with a comment that says what it covers.
set -eu
cd "$1"
failed=0

complain() {
    echo "$1"
    failed=1
}

# head_of FILE: the comments before its first line of code
head_of() {
    awk '/^#include|^[a-z]/ { exit } { print }' "$1"
}

for source in $(find cli worker common -name '*.c' | sort); do
    [ ! -e "tests/unit/$(echo "${source#common/}" | sed 's/\.c$/_test.c/')" ] || continue
    # One sentence, which may go on in the next lines, and ends with a full stop before the end of the comment.
    paths=$(head_of "$source" | tr '\n' ' ' | sed -n 's/.*Tested by \(.*\)/\1/p' | grep -oE 'tests/[A-Za-z0-9_/.]*[A-Za-z0-9_/]' || true)
    [ -n "$paths" ] || complain "$source: no unit test of its name, and no line \"Tested by tests/…\""
    for path in $paths; do
        [ -e "$path" ] || complain "$source: Tested by $path: there is no such file"
    done
done

for test in $(find tests/unit -name '*_test.c' | sort); do
    source=$(echo "${test#tests/unit/}" | sed 's/_test\.c$/.c/')
    [ ! -e "$source" ] && [ ! -e "common/$source" ] || continue
    head_of "$test" | grep -v SPDX | grep -q '^/\*' || complain "$test: is there $source? Its head does not say what it covers"
done
exit $failed
