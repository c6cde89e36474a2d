# SPDX-License-Identifier: MIT
# cmake -DFROM=DIR -DTO=DIR -P instance.cmake: makes the template units, seatwatchd@NAME.service and its sockets, from
# the plain ones, so that all of them have one text. Each row is a line that names files or units, and its replacement.
set(SERVICE
    "Description=Microsoft 365 licence capacity watch" "Description=Microsoft 365 licence capacity watch (%i)"
    "ExecStart=/usr/sbin/seatwatchd" "ExecStart=/usr/sbin/seatwatchd --config /etc/seatwatchd/%i/seatwatchd.conf"
    "Sockets=seatwatchd-control.socket seatwatchd-read.socket" "Sockets=seatwatchd-control@%i.socket seatwatchd-read@%i.socket"
    "ExecReload=+/usr/bin/seatwatchctl reload" "ExecReload=+/usr/bin/seatwatchctl reload --instance %i"
    "StateDirectory=seatwatchd" "StateDirectory=seatwatchd-%i"
    "LoadCredential=secrets:/etc/seatwatchd/secrets" "LoadCredential=secrets:/etc/seatwatchd/%i/secrets")
set(CONTROL
    "Description=seatwatchd control socket (read and write)" "Description=seatwatchd control socket (read and write) (%i)"
    "ListenStream=/run/seatwatchd/control.sock" "ListenStream=/run/seatwatchd/%i/control.sock"
    "Service=seatwatchd.service" "Service=seatwatchd@%i.service")
set(READ
    "Description=seatwatchd read socket (read only)" "Description=seatwatchd read socket (read only) (%i)"
    "ListenStream=/run/seatwatchd/read.sock" "ListenStream=/run/seatwatchd/%i/read.sock"
    "Service=seatwatchd.service" "Service=seatwatchd@%i.service")

function(make name type rows)
    file(READ "${FROM}/${name}.${type}" text)
    while(rows)
        list(POP_FRONT rows line replacement)
        string(FIND "${text}" "\n${line}\n" at)
        if(at EQUAL -1)
            message(FATAL_ERROR "${name}.${type} has no line ${line}")
        endif()
        string(REPLACE "\n${line}\n" "\n${replacement}\n" text "${text}")
    endwhile()
    file(WRITE "${TO}/${name}@.${type}" "${text}")
endfunction()

make(seatwatchd service "${SERVICE}")
make(seatwatchd-control socket "${CONTROL}")
make(seatwatchd-read socket "${READ}")
