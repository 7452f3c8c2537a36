// The etcd server as its own module makes it: go.etcd.io/etcd/server/v3 ships no command of its own.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() {
	etcdmain.Main(os.Args)
}
