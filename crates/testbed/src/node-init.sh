# The first process of a node: makes the machine that kubelet and containerd see, then reaps orphans until it is killed.
#
# $1: the node's folder. It runs in network, mount and process namespaces of its own.
set -e
# A disk that a restart of the node keeps, and a /run that it loses.
mount --bind "$1/var-lib" /var/lib
mount --bind "$1/var-log" /var/log
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/lock /run/netns
echo 1 >/proc/sys/net/ipv4/ip_forward
ip link set lo up
: >"$1/booted"
while :; do
    # In the background, so that `wait` sees the ends of adopted processes as well.
    sleep 3600 &
    wait $!
done
