// Command split runs Heard as five processes on the servers that the environment names, until it is told to stop.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/heard-dev/heard/hack/stack"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := split(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "split: "+err.Error()) //nolint:errcheck // nobody reads what standard error refuses
		os.Exit(1)
	}
}

func split(ctx context.Context) error {
	servers, missing := stack.ServersFromEnv("HEARD_")
	if len(missing) > 0 {
		return fmt.Errorf("the split Heard keeps its data on a MongoDB, a Redis and an S3. Please set\n  %s\n"+
			"(and HEARD_S3_BUCKET, HEARD_MONGO_DATABASE, HEARD_REDIS_PREFIX for other names than heard)", strings.Join(missing, "\n  "))
	}
	named(&servers)
	root, err := stack.Root()
	if err != nil {
		return err
	}
	bin := filepath.Join(root, "bin", "split")
	if err := stack.Build(ctx, bin); err != nil {
		return err
	}
	running, err := stack.StartSplit(ctx, stack.Options{
		Bin: bin, Dir: or("HEARD_DATA_DIR", ".heard"), Addr: or("HEARD_ADDR", "127.0.0.1:8080"), Env: further(), Servers: servers,
	})
	if err != nil {
		return err
	}
	fmt.Print(running.Banner)
	return errors.Join(running.Wait(ctx), running.Close())
}

// named gives the names that the services themselves have for defaults.
func named(s *stack.Servers) {
	for name, value := range map[*string]string{&s.MongoDatabase: "heard", &s.RedisPrefix: "heard:", &s.S3Bucket: "heard"} {
		if *name == "" {
			*name = value
		}
	}
}

// further are the services' variables that are not this command's own.
func further() []string {
	var pairs []string
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		if strings.HasPrefix(name, "HEARD_") && name != "HEARD_ADDR" && name != "HEARD_DATA_DIR" {
			pairs = append(pairs, pair)
		}
	}
	return pairs
}

func or(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}
