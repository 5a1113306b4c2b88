#!/bin/bash
# The server gets the hash of the password, and an input for log lines once it answers.
set -eu

bash /observability/graylog/input.sh &
GRAYLOG_ROOT_PASSWORD_SHA2=$(printf %s "$GRAYLOG_PASSWORD" | sha256sum | cut -d " " -f 1)
export GRAYLOG_ROOT_PASSWORD_SHA2
unset GRAYLOG_PASSWORD
exec /docker-entrypoint.sh server
