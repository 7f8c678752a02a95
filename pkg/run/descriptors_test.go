//go:build unix

package run_test

import (
	"net"
	"strconv"
	"syscall"
	"testing"
)

// limitDescriptors keeps a child from opening more than so many files.
func limitDescriptors(value string) error {
	if value == "" {
		return nil
	}
	limit, err := strconv.ParseUint(value, 10, 64)
	if err != nil {
		return err
	}
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: limit, Max: limit})
}

func TestIdleConnectionsGiveWayWhenDescriptorsRunOut(t *testing.T) {
	c := startChild(t, "HEARD_TOY_TOKEN=hunter2", descriptorsKey+"=100")
	addr := c.line(t)
	for range 300 {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	if _, err := get("http://" + addr + "/"); err != nil {
		t.Errorf("not served: %v", err)
	}
	c.signal(t, syscall.SIGTERM)
	if code := c.end(t); code != 0 {
		t.Errorf("exit %d", code)
	}
}
