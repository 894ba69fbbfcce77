#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check.sh COMPILER LAYERS: an include that points upwards or sideways must not compile, one that points down must;
# and CMake's USES must name exactly the layers whose headers a folder includes.
set -eu
compiler=$1
cd "$2" # nothing is found beside the file that includes it
layers=$PWD
failed=0

# sees LAYER: the include folders that a file of LAYER is compiled with
sees() {
    printf ' -I%s' "$layers/$1"
    for used in $(tr ';' ' ' <"$layers/$1.uses"); do
        sees "$used"
    done
}

# expect yes|no LAYER HEADER: whether a file of LAYER can include HEADER
expect() {
    # shellcheck disable=SC2046
    if printf '#include "%s"\n' "$3" |
        "$compiler" -std=c17 -D_GNU_SOURCE $(sees "$2") -fsyntax-only -x c - 2>/dev/null; then
        got=yes
    else
        got=no
    fi
    if [ "$got" != "$1" ]; then
        echo "layer $2 includes $3: compiles: $got, expected: $1"
        failed=1
    fi
}

# includes LAYER: the layers whose headers it includes
includes() {
    grep -rhoE '^#include "[a-z_]+/' "$layers/$1/$1/" | sed 's,^#include ",,; s,/$,,' | grep -vx "$1" | sort -u | xargs
}

expect yes base base/error.h
expect no base config/config.h
expect no base client/pg.h
expect yes config base/error.h
expect no config client/pg.h
expect no config wire/job_message.h
expect no client config/config.h
expect no client wire/job_message.h
expect no wire config/config.h
expect no wire client/pg.h
expect yes snuba client/http.h
expect yes snuba wire/clean_text.h
expect no snuba model/group.h
expect no snuba tagstore/tagstore.h
expect no model snuba/query.h
expect yes tagstore snuba/query.h
expect yes model client/pg.h
expect no model config/config.h
expect no model schema/migration.h
expect no model job/queue.h
expect yes schema model/file.h
expect no schema config/config.h
expect no schema job/queue.h
expect no job schema/migration.h
expect no job storage/putfile.h
expect no storage schema/migration.h
expect no storage job/queue.h
expect no mail job/queue.h
expect yes format wire/clean_text.h
expect no format model/file.h
expect no format tagstore/tagstore.h
expect no model format/sink.h
expect no tagstore format/row_writer.h
expect yes tagstore config/config.h
expect no tagstore schema/migration.h
expect no tagstore storage/putfile.h
expect yes export tagstore/tagstore.h
expect no export job/queue.h
expect no export event/merge.h
expect no export worker/context.h
expect no event schema/migration.h
expect no event worker/context.h
expect yes request export/query_type.h
expect no request worker/context.h
expect no request cli/cli.h
expect no export request/caller.h
expect no event request/caller.h
expect no listen client/pg.h
expect no listen request/caller.h
expect no request listen/listener.h
expect yes worker schema/migration.h
expect no worker event/merge.h
expect no worker cli/cli.h

for file in "$layers"/*.uses; do
    layer=$(basename "$file" .uses)
    declared=$(tr ';' '\n' <"$file" | sort | xargs)
    included=$(includes "$layer")
    if [ "$included" != "$declared" ]; then
        echo "layer $layer: USES $declared, but includes $included"
        failed=1
    fi
done
exit $failed
