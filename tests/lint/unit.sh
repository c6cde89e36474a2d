#!/bin/sh
# SPDX-License-Identifier: MIT
# unit.sh SEATWATCHD SEATWATCHCTL: systemd understands every line of the units without a word, finds no more exposed than
# 1.1, and each option and command of the unit is one that these programs know.
set -eu
program=$1
ctl=$2
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
wrong() { echo "units/seatwatchd.service: $*"; failed=1; }

# The program is where it was built.
sed -e "s|^\(Exec[A-Z][a-z]*=\)/usr/sbin/seatwatchd|\1$program|" -e "s|/usr/bin/seatwatchctl|$ctl|" \
    "$source/units/seatwatchd.service" >"$work/seatwatchd.service"
cp "$source"/units/*.socket "$work"
said=$(systemd-analyze verify --man=no "$work/seatwatchd.service" "$work"/*.socket 2>&1) || wrong "systemd-analyze verify failed"
[ -z "$said" ] || wrong "systemd-analyze verify says: $said"

systemd-analyze security --offline=true --no-pager --threshold=11 "$work/seatwatchd.service" >"$work/security" 2>&1 ||
    { wrong "more exposed than 1.1:"; cat "$work/security"; }
grep 'Overall exposure level' "$work/security" || wrong "systemd-analyze security gives no level"

command=$(sed -n "s|^ExecReload=+$ctl ||p" "$work/seatwatchd.service")
[ -n "$command" ] && "$ctl" --help | grep -q "^  $command " || wrong "seatwatchctl knows no command '$command'"
for option in $(sed -n 's/^Exec[A-Z][a-z]*=//p' "$work/seatwatchd.service" | grep -o -- ' --[a-z-]*'); do
    "$program" --help | grep -q -- "$option" || wrong "seatwatchd knows no $option"
done
exit $failed
