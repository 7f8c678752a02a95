package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/heard-dev/heard/hack/bench/load"
	"github.com/heard-dev/heard/hack/bench/subject"
)

// profileFor is how long each profile is, in seconds.
const profileFor = 5

// profile writes CPU profiles of a server under each load of the operation, where they are asked for.
func (b *bench) profile(server *subject.Process, operation string) error {
	if b.profiles == "" {
		return nil
	}
	if err := os.MkdirAll(b.profiles, 0o755); err != nil { //nolint:gosec // it holds no secret
		return err
	}
	for _, n := range connections[1:] {
		word, _, _ := strings.Cut(operation, " ")
		name := strings.ToLower(fmt.Sprintf("%s-%s-%d.pprof", server.Engine, word, n))
		if err := record(server, operation, n, filepath.Join(b.profiles, name)); err != nil {
			return err
		}
	}
	return nil
}

func record(server *subject.Process, operation string, connections int, path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	client, err := load.Dial(server.Address, connections)
	if err != nil {
		return errors.Join(err, file.Close())
	}
	loaded := make(chan error, 1)
	go func() {
		_, err := client.Run(lane(server, operation, connections, "").Request, (profileFor+1)*time.Second)
		loaded <- err
	}()
	err = server.Profile(profileFor, file)
	return errors.Join(err, <-loaded, client.Close(), file.Close())
}
