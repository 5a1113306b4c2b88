#!/bin/sh
# The first process of a replica's container: joins the primary's replica set, which then has it copy the data.
set -e

own="${OWN_HOST:-$(hostname -i | cut -d ' ' -f 1)}:27017"
primary="mongodb://$PRIMARY_HOST:$PRIMARY_PORT/?directConnection=true"
join="
    if (!rs.conf().members.some((member) => member.host == '$own')) rs.add({host: '$own', priority: 0, votes: 0})
"

until mongosh --quiet "$primary" --eval "$join"; do sleep 1; done &
exec docker-entrypoint.sh mongod --replSet rs --bind_ip_all --setParameter "enableTestCommands=${TEST_COMMANDS:-0}"
