#!/bin/sh
# check.sh COMPILER LAYERS: includes that point upwards or sideways must not compile, those that point down must.
set -eu
compiler=$1
layers=$2

# compiles SEES... -- HEADER: with the include folders of the layers SEES
compiles() {
    flags=""
    while [ "$1" != "--" ]; do
        flags="$flags -I$layers/$1"
        shift
    done
    # shellcheck disable=SC2086
    printf '#include "%s"\n' "$2" | "$compiler" -std=c17 -D_GNU_SOURCE $flags -fsyntax-only -x c - 2>/dev/null
}

failed=0
expect() {
    want=$1
    shift
    if compiles "$@"; then got=yes; else got=no; fi
    if [ "$got" != "$want" ]; then
        echo "layers $*: compiles: $got, expected: $want"
        failed=1
    fi
}

expect yes base -- base/error.h
expect no base -- client/pg.h
expect yes base config -- config/config.h
expect no base config -- client/pg.h
expect no base client wire model -- config/config.h
expect no base client -- wire/job_message.h
expect yes base client wire model -- model/file.h
expect yes base client wire model schema -- schema/migration.h
expect no base client wire model job -- schema/migration.h
expect no base client wire model schema -- job/queue.h
expect no base client wire model csv -- job/queue.h
expect no base client wire model job -- storage/putfile.h
expect no base client wire model job storage mail csv tagstore export -- worker/context.h
exit $failed
