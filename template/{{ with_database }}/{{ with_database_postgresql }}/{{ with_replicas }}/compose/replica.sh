#!/bin/sh
# The first process of a replica's container: copies the primary, and then follows it.
set -e

set -- --host="$PRIMARY_HOST" --port="$PRIMARY_PORT"

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    # the image's primary lets nobody replicate from elsewhere; on the server, a program runs in the data directory
    psql "$@" \
        --command="COPY (SELECT 'host replication all all scram-sha-256') TO PROGRAM 'cat >> pg_hba.conf'" \
        --command="SELECT pg_reload_conf()"
    install --directory --owner=postgres --mode=700 "$PGDATA"
    until setpriv --reuid=postgres --regid=postgres --clear-groups \
        pg_basebackup "$@" --pgdata="$PGDATA" --write-recovery-conf --checkpoint=fast; do
        sleep 1
    done
fi
exec docker-entrypoint.sh postgres
