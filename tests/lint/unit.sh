#!/bin/sh
# SPDX-License-Identifier: MIT
# unit.sh SEATWATCHD: systemd understands every line of the unit without a word, finds no more exposed than 1.1, and
# each start and option of the unit is one that this seatwatchd knows.
set -eu
program=$1
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
wrong() { echo "units/seatwatchd.service: $*"; failed=1; }

# The program is where it was built.
sed "s|^\(Exec[A-Z][a-z]*=\)/usr/sbin/seatwatchd|\1$program|" "$source/units/seatwatchd.service" >"$work/seatwatchd.service"
said=$(systemd-analyze verify --man=no "$work/seatwatchd.service" 2>&1) || wrong "systemd-analyze verify failed"
[ -z "$said" ] || wrong "systemd-analyze verify says: $said"

systemd-analyze security --offline=true --no-pager --threshold=11 "$work/seatwatchd.service" >"$work/security" 2>&1 ||
    { wrong "more exposed than 1.1:"; cat "$work/security"; }
grep 'Overall exposure level' "$work/security" || wrong "systemd-analyze security gives no level"

for option in $(sed -n 's/^Exec[A-Z][a-z]*=//p' "$work/seatwatchd.service" | grep -o -- ' --[a-z-]*'); do
    "$program" --help | grep -q -- "$option" || wrong "seatwatchd knows no $option"
done
exit $failed
