# SPDX-License-Identifier: Apache-2.0
# Private PostgreSQL and Redis servers for scripts. They listen on Unix sockets in a folder of their
# own, so they disturb no other server. Source this file, and call stop_servers in a trap.
# shellcheck shell=bash

servers_folder=
postgres_pid=
redis_pid=

# PostgreSQL refuses to run as root, so root runs it as the user postgres.
as_postgres=()
if [ "$(id -u)" -eq 0 ]; then
    as_postgres=(setpriv --reuid=postgres --regid=postgres --init-groups)
fi

# Prints the folder with the programs of the newest version.
postgres_bin() {
    find /usr/lib/postgresql -path '*/bin/initdb' -printf '%h\n' | sort -V | tail -n 1
}

# wait_for NAME LOG COMMAND...: waits until COMMAND succeeds, at most 30 s.
wait_for() {
    local name=$1 log=$2 tries=0
    shift 2
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        if [ "$tries" -gt 300 ]; then
            echo "$name does not answer; its log:" >&2
            tail -n 20 "$log" >&2
            return 1
        fi
        sleep 0.1
    done
}

start_postgres() {
    local bin folder=$servers_folder/pg
    bin=$(postgres_bin)
    mkdir -m 700 "$folder"
    if [ "$(id -u)" -eq 0 ]; then
        chown postgres:postgres "$folder"
    fi
    # Run in /, because the user postgres may not be allowed to enter the current folder.
    (
        cd /
        "${as_postgres[@]}" env LC_ALL=C.UTF-8 "$bin/initdb" -D "$folder/data" -U postgres \
            --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync --no-instructions >/dev/null
    )
    # With setsid, a Ctrl-C in the terminal reaches only the script, which then stops the servers.
    (
        cd /
        exec setsid "${as_postgres[@]}" "$bin/postgres" -D "$folder/data" \
            -c unix_socket_directories="$folder" -c listen_addresses=
    ) >"$folder/log" 2>&1 </dev/null &
    postgres_pid=$!
    wait_for PostgreSQL "$folder/log" "$bin/pg_isready" -q -h "$folder" -U postgres
    "$bin/createdb" -h "$folder" -U postgres exportd
}

start_redis() {
    local folder=$servers_folder/redis
    mkdir -m 700 "$folder"
    setsid redis-server --unixsocket "$folder/redis.sock" --port 0 --dir "$folder" --save '' \
        --appendonly no --maxmemory-policy noeviction >"$folder/log" 2>&1 </dev/null &
    redis_pid=$!
    wait_for Redis "$folder/log" redis-cli -s "$folder/redis.sock" ping
}

# start_servers FOLDER: starts both servers below FOLDER, which must exist, have a short name, and
# let other users pass through (mode 711). Sets database_url and redis_url.
start_servers() {
    servers_folder=$1
    start_postgres
    start_redis
    # shellcheck disable=SC2034  # for the caller
    database_url="host=$servers_folder/pg user=postgres dbname=exportd"
    # shellcheck disable=SC2034
    redis_url="unix://$servers_folder/redis/redis.sock"
}

stop_servers() {
    local pid
    for pid in $postgres_pid $redis_pid; do
        kill -INT "$pid" 2>/dev/null || true
    done
    for pid in $postgres_pid $redis_pid; do
        wait "$pid" 2>/dev/null || true
    done
    postgres_pid=
    redis_pid=
}
