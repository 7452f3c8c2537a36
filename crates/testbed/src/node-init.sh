# The first process of a node: makes the machine that kubelet and containerd see, then reaps orphans until it is killed.
#
# $1: the node's folder. $2: its cgroup, below the root of each hierarchy. It runs in network, mount and process namespaces of
# its own.
set -e
# A disk that a restart of the node keeps, and a /run that it loses.
mount --bind "$1/var-lib" /var/lib
# Shared, as an init system leaves it: else the kubelet mounts its folder over itself to share it, while it moves its socket
# there from one name to another, and ends if the move then crosses the two mounts.
mount --make-shared /var/lib
mount --bind "$1/var-log" /var/log
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/lock /run/netns

# What its containers see as the root of the cgroups is a group of the node's own, so that all of theirs are found below it.
# New groups of the old cpuset hierarchy have no processor and no memory to run on, until somebody gives them some. In the
# unified one they have what the group above has, and its root has no such files.
give() {
    for file in cpuset.cpus cpuset.mems; do
        [ ! -f "$1/../$file" ] || [ ! -f "$1/$file" ] || cat "$1/../$file" >"$1/$file"
    done
    # In the unified hierarchy a group has the controllers that the one above it hands on.
    [ ! -f "$1/../cgroup.subtree_control" ] || for controller in $(cat "$1/../cgroup.controllers"); do
        echo "+$controller" >"$1/../cgroup.subtree_control" || true
    done
}
hierarchies=$(awk '{ type = 7; while ($type != "-") type++; if ($(type + 1) ~ /^cgroup2?$/) print $5 }' /proc/self/mountinfo)
number=0
for hierarchy in $hierarchies; do
    mkdir -p "$hierarchy/$2" "/run/cgroup/$number"
    give "$hierarchy/${2%/*}"
    give "$hierarchy/$2"
    mount --bind "$hierarchy/$2" "/run/cgroup/$number"
    number=$((number + 1))
done
# In place of the host's, not over them: runc takes the first mount of a hierarchy that it finds, covered or not.
umount --recursive --lazy /sys/fs/cgroup
case $hierarchies in
/sys/fs/cgroup) ;;
*) mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup ;;
esac
number=0
for hierarchy in $hierarchies; do
    mkdir -p "$hierarchy"
    mount --move "/run/cgroup/$number" "$hierarchy"
    number=$((number + 1))
done

echo 1 >/proc/sys/net/ipv4/ip_forward
ip link set lo up
: >"$1/booted"
while :; do
    # In the background, so that `wait` sees the ends of adopted processes as well.
    sleep 3600 &
    wait $!
done
