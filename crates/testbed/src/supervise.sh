# Watches over one run of the test bed and takes everything away that it made.
#
# $1: the run's folder. $2: its slot; empty if another run has it by now, so that only processes and files are this one's.
# $3: `watch` to wait first until the owner is gone, `reap` to start at once.
# Standard input is a pipe whose other end the owner holds: it ends when the owner does, however that happens.
# Standard output is the run's folder, opened and locked by the owner; standard error is the socket that reserves the slot.
# Both last until this script has ended.
# The owner's children carry IPLEDGER_TESTBED_RUN=<folder> in their environment; that is how they are found. A node's first
# process is one of them, and its end takes its whole process namespace along, containers included.
dir=$1
slot=$2
exec 3>&2 2>"$dir/supervisor.log"
[ "$3" = reap ] || while read -r _; do :; done

ours() {
    grep -lzsxF "IPLEDGER_TESTBED_RUN=$dir" /proc/[0-9]*/environ | while IFS=/ read -r _ _ pid _; do
        # A process that has ended and waits for its parent has no memory left to find a mark in, so it is not listed.
        echo "$pid"
    done
}

# Twice nothing, since a process between fork and exec still has its parent's environment.
tries=0
quiet=0
while [ $quiet -lt 2 ] && [ $tries -lt 200 ]; do
    pids=$(ours)
    # shellcheck disable=SC2086
    if [ -n "$pids" ]; then kill -9 $pids 2>/dev/null; quiet=0; else quiet=$((quiet + 1)); fi
    tries=$((tries + 1))
    sleep 0.02
done
[ $quiet -ge 2 ] || echo "these do not die: $pids" >&2

# A link vanishes with the namespace of its other end, but some time after the last process in it.
[ -z "$slot" ] || [ "$(id -u)" != 0 ] || ip link delete "ilb$slot" 2>/dev/null

# A cgroup cannot go before the last of its processes is wholly gone.
tries=0
while [ -n "$slot" ] && groups=$(find /sys/fs/cgroup -depth -type d -path "*/ipledger-bed-$slot*" 2>/dev/null | grep -E "/ipledger-bed-$slot(/|\$)"); do
    echo "$groups" | while read -r group; do rmdir "$group" 2>/dev/null; done
    tries=$((tries + 1))
    [ $tries -lt 200 ] || { echo "these cgroups do not go:" $groups >&2; break; }
    sleep 0.02
done

# Innermost first. A path in mountinfo has its spaces written as \040.
awk -v dir="$dir/" 'index($5, dir) == 1 { print $5 }' /proc/self/mountinfo | sort -r | while read -r mount; do
    umount -l "$mount"
done

[ -z "$IPLEDGER_TESTBED_KEEP" ] || { mkdir -p "$IPLEDGER_TESTBED_KEEP" && cp -r "$dir/logs" "$IPLEDGER_TESTBED_KEEP/$$"; }
tries=0
until rm -rf "$dir"; do
    tries=$((tries + 1))
    [ $tries -lt 100 ] || exit 1
    sleep 0.05
done
