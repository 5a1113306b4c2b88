#!/bin/bash
# The first process of a replica's container: copies the primary's database, and then follows it.
set -e

# the image runs this when the data directory is new; then the server starts again, and follows
cat > /docker-entrypoint-initdb.d/follow.sh << 'END'
primary=(--host="$PRIMARY_HOST" --port="$PRIMARY_PORT" --user=root --password="$MYSQL_ROOT_PASSWORD")
mysqldump "${primary[@]}" --single-transaction --set-gtid-purged=ON --databases "$MYSQL_DATABASE" | docker_process_sql
docker_process_sql <<< "
    CHANGE REPLICATION SOURCE TO
        SOURCE_HOST = '$PRIMARY_HOST', SOURCE_PORT = $PRIMARY_PORT,
        SOURCE_USER = 'root', SOURCE_PASSWORD = '$MYSQL_ROOT_PASSWORD',
        SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1;
"
END
exec docker-entrypoint.sh mysqld --server-id=2 --gtid-mode=ON --enforce-gtid-consistency=ON --read-only
