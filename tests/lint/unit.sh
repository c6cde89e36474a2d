#!/bin/sh
# SPDX-License-Identifier: MIT
# unit.sh SEATWATCHD SEATWATCHCTL: systemd understands every line of the units and of an instance without a word, finds
# none more exposed than 1.1, and each option and command of a unit is one that these programs know.
set -eu
program=$1
ctl=$2
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
wrong() { echo "units: $*"; failed=1; }

cmake -DFROM="$source/units" -DTO="$work" -P "$source/units/instance.cmake" || wrong "there are no template units"
for unit in seatwatchd-control seatwatchd-read; do
    cp "$source/units/$unit.socket" "$work"
    mv "$work/$unit@.socket" "$work/$unit@acme.socket" # as systemd reads an instance of it
done
cp "$source/units/seatwatchd.service" "$work"
mv "$work/seatwatchd@.service" "$work/seatwatchd@acme.service"
# The programs are where they were built.
sed -i -e "s|^\(Exec[A-Z][a-z]*=\)/usr/sbin/seatwatchd|\1$program|" -e "s|/usr/bin/seatwatchctl|$ctl|" "$work"/*.service
said=$(systemd-analyze verify --man=no "$work"/*.service "$work"/*.socket 2>&1) || wrong "systemd-analyze verify failed"
[ -z "$said" ] || wrong "systemd-analyze verify says: $said"

for unit in "$work"/*.service; do
    systemd-analyze security --offline=true --no-pager --threshold=11 "$unit" >"$work/security" 2>&1 ||
        { wrong "more exposed than 1.1:"; cat "$work/security"; }
    grep 'Overall exposure level' "$work/security" || wrong "systemd-analyze security gives no level"

    command=$(sed -n "s|^ExecReload=+$ctl \([a-z]*\).*|\1|p" "$unit")
    [ -n "$command" ] && "$ctl" --help | grep -q "^  $command " || wrong "seatwatchctl knows no command '$command'"
    for option in $(sed -n "s|^ExecReload=+$ctl ||p" "$unit" | grep -o -- '--[a-z-]*'); do
        "$ctl" --help | grep -q -- "$option" || wrong "seatwatchctl knows no $option"
    done
    for option in $(sed -n 's/^ExecStart=//p' "$unit" | grep -o -- ' --[a-z-]*'); do
        "$program" --help | grep -q -- "$option" || wrong "seatwatchd knows no $option"
    done
done
exit $failed
