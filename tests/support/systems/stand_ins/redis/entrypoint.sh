#!/bin/sh
# The official image is compiled without protected mode; Debian's package refuses other hosts by default.
set -eu
if [ "$1" = redis-server ]; then
    set -- "$@" --protected-mode no
fi
if [ "$(id -u)" = 0 ]; then
    chown redis .
    exec setpriv --reuid=redis --regid=redis --clear-groups "$@"
fi
exec "$@"
