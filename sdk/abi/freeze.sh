#!/bin/bash
# freeze.sh - writes sdk/abi/1.0 anew from the headers of today. Only while 1.0/CANDIDATE is there: what has been released
# never changes.
set -eu
cd "$(dirname "$0")"
if [ -e 1.0/layout.txt ] && [ ! -e 1.0/CANDIDATE ]; then
    echo 'sdk/abi/1.0 is released: its plugins are out there, and it never changes' >&2
    exit 1
fi
mkdir -p 1.0/include/impasto
for header in impasto nn data codec; do
    cp "../include/impasto/$header.h" 1.0/include/impasto/
done
bash ./guard.sh ../include --write
echo "frozen: $(grep -vc '^ ' 1.0/layout.txt) types, constants and ids, as the candidate of 1.0"
