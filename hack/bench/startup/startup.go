// Package startup measures the product itself, as it is shipped, from the start of its process to its first answer, and
// what memory it has when nobody asks anything.
package startup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/heard-dev/heard/hack/bench/subject"
	"github.com/heard-dev/heard/hack/stack"
)

const (
	// starts is how many are measured, of each kind.
	starts = 5
	// glance is how often a starting server is asked.
	glance = 500 * time.Microsecond
	// patience is how long a start may take.
	patience = 20 * time.Second
	// idleFor is how long a server is left alone before its memory is read.
	idleFor = 3 * time.Second
)

// Start is one start: how long until /readyz answers 200, and the memory after a while, in bytes.
type Start struct {
	Ready    time.Duration
	Resident int64
}

// Starts are the medians of several starts on an empty folder, and of several on one that a server left behind.
type Starts struct{ First, Later Start }

// Measure builds the all-in-one and starts it in folders below dir.
func Measure(ctx context.Context, dir string) (Starts, error) {
	root, err := stack.Root()
	if err != nil {
		return Starts{}, err
	}
	binary := filepath.Join(dir, "heard")
	build := exec.CommandContext(ctx, "go", "build", "-tags", "nomsgpack", "-o", binary, "./services/heard/cmd/heard")
	build.Dir, build.Env = root, append(os.Environ(), "GOWORK="+filepath.Join(root, "go.work"))
	if out, err := build.CombinedOutput(); err != nil {
		return Starts{}, fmt.Errorf("startup: build: %w\n%s", err, out)
	}
	var first, later []Start
	for i := range starts {
		data := filepath.Join(dir, fmt.Sprintf("start-%d", i))
		for _, into := range []*[]Start{&first, &later} {
			start, err := measure(ctx, binary, data)
			if err != nil {
				return Starts{}, err
			}
			*into = append(*into, start)
		}
	}
	return Starts{First: middle(first), Later: middle(later)}, nil
}

func measure(ctx context.Context, binary, data string) (start Start, err error) {
	address, err := freeAddress()
	if err != nil {
		return start, err
	}
	var said bytes.Buffer
	command := exec.CommandContext(ctx, binary, "serve")
	command.Env = append(subject.Environment(), "HEARD_DATA_DIR="+data, "HEARD_ADDR="+address)
	command.Stdout, command.Stderr = io.Discard, &said
	begun := time.Now()
	if err := command.Start(); err != nil {
		return start, err
	}
	defer func() {
		err = errors.Join(err, command.Process.Signal(syscall.SIGTERM), command.Wait())
		if err != nil {
			err = fmt.Errorf("startup: %w: %s", err, said.String())
		}
	}()
	for !ready(address) {
		if time.Since(begun) > patience {
			return start, fmt.Errorf("not ready after %s", patience)
		}
		time.Sleep(glance)
	}
	start.Ready = time.Since(begun)
	time.Sleep(idleFor)
	start.Resident = subject.Resident(command.Process.Pid)
	return start, nil
}

func ready(address string) bool {
	response, err := http.Get("http://" + address + "/readyz")
	if err != nil {
		return false
	}
	return response.Body.Close() == nil && response.StatusCode == http.StatusOK
}

// freeAddress is one that nobody listened on a moment ago.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

// middle is the median of each number by itself.
func middle(all []Start) Start {
	slices.SortFunc(all, func(a, b Start) int { return int(a.Ready - b.Ready) })
	m := all[len(all)/2]
	slices.SortFunc(all, func(a, b Start) int { return int(a.Resident - b.Resident) })
	m.Resident = all[len(all)/2].Resident
	return m
}
