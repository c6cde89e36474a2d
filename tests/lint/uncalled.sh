#!/bin/sh
# SPDX-License-Identifier: MIT
# uncalled.sh DIR SOURCES: each function that the rooms' libraries in DIR export is called somewhere in
# SOURCES, and not by tests alone.
set -eu
# What tests and their tools need and the daemon does not: entries for faults, for one step alone, or
# for looking inside.
tests_only="alloc_fail_at registry_count_tenant conf_keys_each json_put_raw log_lost options_load_text store_forget_tenant"
wrong=""
exported=$(nm --defined-only --extern-only "$1"/libseatwatch_*.a 2>/dev/null | awk '$2 == "T" && $3 !~ /^__/ { print $3 }' | sort -u)
called=$(find "$1" -name '*.o' -exec nm --undefined-only {} + 2>/dev/null | awk '$1 == "U" { print $2 }' | sort -u)
for name in $exported; do
    case "
$called
" in *"
$name
"*) continue ;; esac
    case " $tests_only " in *" $name "*) continue ;; esac
    [ "$(grep -rwh "$name" "$2" --include='*.c' | wc -l)" -gt 1 ] || wrong="$wrong $name"
done
[ -z "$wrong" ] || { echo "nothing in $2 calls:$wrong"; exit 1; }
[ -n "$exported" ] && echo "$(echo "$exported" | wc -l) exported functions are called"
