#!/bin/sh
# The data view of the log lines. Doing it again changes nothing.
set -eu

curl --silent --show-error --fail --user "elastic:$ELASTIC_PASSWORD" \
    --header "Content-Type: application/json" --header "kbn-xsrf: true" \
    --request POST http://kibana:5601/api/data_views/data_view --data @/observability/kibana/data_view.json
