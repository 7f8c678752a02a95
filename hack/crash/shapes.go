package crash

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/heard-dev/heard/hack/front"
	"github.com/heard-dev/heard/hack/stack"
	"github.com/heard-dev/heard/pkg/secret"
	"github.com/heard-dev/heard/pkg/store/mongostore"
	"github.com/heard-dev/heard/pkg/store/sqlitestore"
)

// AllInOne starts the all-in-one from the programs in bin, in the folder dir.
func AllInOne(ctx context.Context, bin, dir string) (shape Shape, end func() error, err error) {
	all, err := stack.StartAllInOne(ctx, stack.Options{Bin: bin, Dir: dir})
	if err != nil {
		return shape, nil, err
	}
	shape = Shape{Name: "all-in-one", BaseURL: all.URL, Targets: []Target{process(all.Process)}}
	store, err := sqlitestore.Open(ctx, sqlitestore.Options{Path: filepath.Join(dir, "heard.db")})
	if err == nil {
		shape.Tenant, err = Found(ctx, shape.BaseURL, store, all.Heard)
		err = errors.Join(err, store.Close())
	}
	if err != nil {
		return shape, nil, errors.Join(err, all.Close())
	}
	return shape, all.Close, nil
}

// Split starts the five services and their front on the servers. A command that crashes the MongoDB among them makes it one
// more target; empty, MongoDB is left alone.
func Split(ctx context.Context, bin, dir string, servers stack.Servers, crashMongo string) (shape Shape, end func() error, err error) {
	split, err := stack.StartSplit(ctx, stack.Options{Bin: bin, Dir: dir, Servers: servers})
	if err != nil {
		return shape, nil, err
	}
	shape = Shape{Name: "split", BaseURL: split.URL}
	for _, name := range front.Services() {
		shape.Targets = append(shape.Targets, process(split.Services[name]))
	}
	if crashMongo != "" {
		shape.Targets = append(shape.Targets, command("MongoDB", crashMongo))
	}
	store, err := mongostore.Open(ctx, mongostore.Options{
		URI: secret.String(split.Servers.MongoURI), Database: split.Servers.MongoDatabase,
	})
	if err == nil {
		shape.Tenant, err = Found(ctx, shape.BaseURL, store, split.Heard)
		err = errors.Join(err, store.Close(ctx))
	}
	if err != nil {
		return shape, nil, errors.Join(err, split.Close())
	}
	return shape, split.Close, nil
}

// Names are the shape's targets, for people.
func (s Shape) Names() []string {
	var names []string
	for _, target := range s.Targets {
		names = append(names, target.Name)
	}
	return slices.Sorted(slices.Values(names))
}

// backWithin is how long a process may take to come back, on a busy machine and with what it needs being on its way back too.
const backWithin = 2 * time.Minute

func process(p *stack.Process) Target {
	return Target{Name: p.Name, Crash: func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, backWithin)
		defer cancel()
		for {
			if err := p.Kill(); err != nil {
				return err
			}
			err := p.Restart(ctx)
			if err == nil || ctx.Err() != nil {
				return err
			}
			rest(ctx, 100*time.Millisecond) // as whatever keeps it running would
		}
	}}
}

// command is a target that only its owner can crash: the shell command does, and returns when it is started again. It is
// never interrupted half-way, for the target is not ours to leave dead.
func command(name, line string) Target {
	return Target{Name: name, Crash: func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), backWithin)
		defer cancel()
		shell := exec.CommandContext(ctx, "sh", "-c", line)
		shell.Env = os.Environ()
		if out, err := shell.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", line, err, out)
		}
		return nil
	}}
}
