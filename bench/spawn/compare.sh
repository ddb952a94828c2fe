#!/bin/sh
# Compares the room with the floor, in alternating short runs: other work on the machine then
# disturbs both alike. Usage: compare.sh [ROUNDS [COUNT [PROGRAM]]]
# Prints for 2 and 16 in flight the best rate of each and the median of the ratios.
set -eu
cd "$(dirname "$0")/../.."
rounds=${1:-10} count=${2:-1000} program=${3:-/bin/true}
cc -O2 -o target/floor bench/spawn/floor.c
cargo build --quiet --release --example spawn
for jobs in 2 16; do
    round=0
    while [ "$round" -lt "$rounds" ]; do
        floor=$(target/floor "$count" "$jobs" "$program")
        room=$(target/release/examples/spawn "$count" "$jobs" "$program")
        echo "${floor%% *} ${room%% *}"
        round=$((round + 1))
    done | awk -v jobs="$jobs" '
        { ratio[NR] = $2 / $1; if ($1 > floor) floor = $1; if ($2 > room) room = $2 }
        END {
            for (i = 1; i <= NR; i++) for (j = i + 1; j <= NR; j++) if (ratio[j] < ratio[i]) {
                held = ratio[i]; ratio[i] = ratio[j]; ratio[j] = held
            }
            printf "%2d in flight: floor %d/s, room %d/s, median ratio %.2f\n",
                jobs, floor, room, ratio[int((NR + 1) / 2)]
        }'
done
