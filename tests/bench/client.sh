#!/bin/bash
# SPDX-License-Identifier: MIT
# tests/bench/client.sh ROOT CA_FILE TENANT CLIENT SECRET: the poll as a cron job of bash, curl and jq.
set -euo pipefail
root=$1 ca=$2 tenant=$3 client=$4 secret=$5

ask() {
    curl --silent --show-error --fail --compressed --cacert "$ca" "$@"
}
token=$(ask -d "client_id=$client" -d "client_secret=$secret" -d grant_type=client_credentials \
    --data-urlencode scope=https://graph.microsoft.com/.default "$root/$tenant/oauth2/v2.0/token" | jq -r .access_token)

# The rows of a list, one a line.
rows() {
    local url=$root/beta/admin/cloudLicensing/$1 page
    while [ -n "$url" ]; do
        page=$(ask -H "Authorization: Bearer $token" "$url")
        jq -c '.value[]' <<<"$page"
        url=$(jq -r '."@odata.nextLink" // empty' <<<"$page")
    done
}

pools=$(rows allotments)
waiting=0
while read -r id; do
    waiting=$((waiting + $(rows "allotments/$id/waitingMembers" | wc -l)))
done < <(jq -r .id <<<"$pools")
errors=$(rows assignmentErrors | wc -l)
jq -cs --argjson waiting "$waiting" --argjson errors "$errors" \
    '{allotments: length, allotted_units: (map(.allottedUnits) | add), consumed_units: (map(.consumedUnits) | add),
      waiting_members: $waiting, assignment_errors: $errors}' <<<"$pools"
