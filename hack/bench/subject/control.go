package subject

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"syscall"
)

// listenControl answers on a port of its own what the process has used, and profiles of it.
func listenControl() (net.Listener, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/usage", func(w http.ResponseWriter, _ *http.Request) {
		used, err := usage()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		json.NewEncoder(w).Encode(used) //nolint:errcheck // our parent is gone
	})
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	go http.Serve(listener, mux) //nolint:errcheck,gosec // it ends with the process; only our parent knows the port
	return listener, nil
}

func usage() (Usage, error) {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return Usage{}, fmt.Errorf("subject: %w", err)
	}
	cpu := (int64(used.Utime.Sec)+int64(used.Stime.Sec))*1_000_000 + int64(used.Utime.Usec) + int64(used.Stime.Usec)
	return Usage{CPU: cpu, Resident: Resident(os.Getpid())}, nil
}

// Resident is how much memory a process has, in bytes; 0 where /proc does not tell.
func Resident(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(text, []byte("VmRSS:"))
	var kilobytes int64
	if _, err := fmt.Sscan(string(rest), &kilobytes); err != nil {
		return 0
	}
	return kilobytes << 10
}
