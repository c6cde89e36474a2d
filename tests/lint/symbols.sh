#!/bin/sh
# SPDX-License-Identifier: MIT
# symbols.sh DIR: no global symbol is defined in two of the rooms' libraries in DIR. A linker would
# say so only if it happened to need both.
set -eu
rooms=$(ls "$1"/libseatwatch_*.a)
twice=$(for room in $rooms; do
    nm --defined-only --extern-only "$room" 2>/dev/null | awk '$2 ~ /[TDBRV]/ && $3 !~ /^__/ { print $3 }' | sort -u
done | sort | uniq -d)
[ -n "$rooms" ] && [ -z "$twice" ] || { echo "defined in two rooms:" $twice; exit 1; }
echo "$(echo "$rooms" | wc -l) rooms share no symbol"
