#!/bin/bash
# The first process of a replica's container: copies the primary's database, and then follows it.
set -e

# the image runs this when the data directory is new; then the server starts again, and follows
cat > /docker-entrypoint-initdb.d/follow.sh << 'END'
primary=(--host="$PRIMARY_HOST" --port="$PRIMARY_PORT" --user=root --password="$MARIADB_ROOT_PASSWORD")
mariadb-dump "${primary[@]}" --single-transaction --master-data --gtid --databases "$MARIADB_DATABASE" | docker_process_sql
docker_process_sql <<< "
    CHANGE MASTER TO
        MASTER_HOST = '$PRIMARY_HOST', MASTER_PORT = $PRIMARY_PORT,
        MASTER_USER = 'root', MASTER_PASSWORD = '$MARIADB_ROOT_PASSWORD', MASTER_USE_GTID = slave_pos;
"
END
exec docker-entrypoint.sh mariadbd --server-id=2 --read-only
