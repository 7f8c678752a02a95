package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/heard-dev/heard/hack/stack"
	"github.com/heard-dev/heard/pkg/secret"
	"github.com/heard-dev/heard/pkg/store/mongostore"
)

// Operator is whoever may reach the stores from outside, by kubectl port-forward, with the installation's keys.
type Operator struct {
	Demo    stack.Demo
	HashKey string // in hex

	cluster *Cluster
	mongo   string
	env     []string
	cancel  context.CancelFunc
	forward sync.WaitGroup
}

// Operate begins to operate the release. Close ends it.
func (c *Cluster) Operate(ctx context.Context) (*Operator, error) {
	keys, errKeys := c.Secret(ctx, "heard-keys")
	made, errMade := c.Secret(ctx, c.Release+"-bootstrap")
	if err := errors.Join(errKeys, errMade); err != nil {
		return nil, err
	}
	o := &Operator{cluster: c, HashKey: string(keys["hashKey"])}
	if err := json.Unmarshal(made["demo.json"], &o.Demo); err != nil {
		return nil, fmt.Errorf("cluster: the demo: %w", err)
	}
	forwarding, cancel := context.WithCancel(context.WithoutCancel(ctx))
	o.cancel = cancel
	mongo, errMongo := o.reach(forwarding, "mongodb", "27017")
	redis, errRedis := o.reach(forwarding, "redis", "6379")
	if err := errors.Join(errMongo, errRedis); err != nil {
		o.Close()
		return nil, err
	}
	o.mongo = "mongodb://" + mongo + "/?directConnection=true"
	o.env = append(os.Environ(),
		"HEARD_MONGO_URI="+o.mongo, "HEARD_REDIS_URL=redis://"+redis+"/0", "HEARD_KEYSET="+string(keys["keyset"]),
		"HEARD_HASH_KEY="+o.HashKey, "HEARD_SESSION_KEYS="+string(keys["sessionKeys"]), "HEARD_DATA_DIR="+filepath.Join(c.Root, "bin", "none"))
	return o, nil
}

// Close ends the port-forwards.
func (o *Operator) Close() {
	o.cancel()
	o.forward.Wait()
}

// reach keeps a local port forwarded to a Service, anew whenever its pod was replaced.
func (o *Operator) reach(ctx context.Context, service, port string) (string, error) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	address := free.Addr().String()
	if err := free.Close(); err != nil {
		return "", err
	}
	_, local, err := net.SplitHostPort(address)
	if err != nil {
		return "", err
	}
	o.forward.Go(func() {
		for ctx.Err() == nil {
			command := exec.CommandContext(ctx, "kubectl", "--namespace", o.cluster.Namespace, "port-forward", "service/"+service, local+":"+port)
			_ = command.Run() // whoever needs the port tells
			wait(ctx, 200*time.Millisecond)
		}
	})
	for range 100 {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			return address, conn.Close()
		}
		wait(ctx, 100*time.Millisecond)
	}
	return "", fmt.Errorf("cluster: %s cannot be reached", service)
}

// Heard runs the operator's command line on the installation.
func (o *Operator) Heard(ctx context.Context, args ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, filepath.Join(o.cluster.Root, "bin", stack.AllInOneProgram), args...)
	command.Env = o.env
	out, err := command.Output()
	if ended := (*exec.ExitError)(nil); errors.As(err, &ended) {
		err = fmt.Errorf("heard %v: %w: %s", args[:min(2, len(args))], err, ended.Stderr) // further arguments may be secret
	}
	return out, err
}

// Store opens the database.
func (o *Operator) Store(ctx context.Context) (*mongostore.Store, error) {
	return mongostore.Open(ctx, mongostore.Options{URI: secret.String(o.mongo)})
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
