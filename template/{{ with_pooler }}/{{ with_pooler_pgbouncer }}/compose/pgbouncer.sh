#!/bin/sh
# The first process of the container: PgBouncer's own files cannot refer to the environment.
set -eu
umask 077
cd "$(mktemp -d)"

echo "[databases]
$PGDATABASE = host=$PRIMARY_HOST port=$PRIMARY_PORT" > databases.ini
echo "\"$PGUSER\" \"$PGPASSWORD\"" > userlist.txt
exec pgbouncer /compose/pgbouncer.ini
