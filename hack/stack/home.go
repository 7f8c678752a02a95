package stack

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/heard-dev/heard/pkg/secret"
)

// home is the folder that an installation lives in, and the environment of its processes.
type home struct {
	bin, dir  string
	env       []string
	temporary bool
	ports     *ports
}

// newHome makes the folder. Nothing of this process's own HEARD_ variables gets into the environment.
func newHome(o Options) (h home, err error) {
	if o.Dir == "" {
		if o.Dir, err = os.MkdirTemp("", "heard-"); err != nil {
			return h, err
		}
		h.temporary = true
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return h, err
	}
	h.bin, h.dir, h.ports = o.Bin, o.Dir, &ports{}
	h.env = []string{"HEARD_DATA_DIR=" + o.Dir}
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "HEARD_") {
			h.env = append(h.env, pair)
		}
	}
	return h, nil
}

func (h home) leave() error {
	err := h.ports.giveBack()
	if h.temporary {
		err = errors.Join(err, os.RemoveAll(h.dir))
	}
	return err
}

func (h home) heard(ctx context.Context, args ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, filepath.Join(h.bin, AllInOneProgram), args...)
	command.Env = h.env
	out, err := command.Output()
	if ended := (*exec.ExitError)(nil); errors.As(err, &ended) {
		err = fmt.Errorf("heard %s: %w: %s", strings.Join(args, " "), err, ended.Stderr)
	}
	return out, err
}

// demo reads demo.json.
func (h home) demo() (d Demo, err error) {
	text, err := os.ReadFile(filepath.Join(h.dir, "demo.json"))
	if err == nil {
		err = json.Unmarshal(text, &d)
	}
	return d, err
}

// awaitDemo waits until demo.json tells of that address; a process writes it once it serves.
func (h home) awaitDemo(ctx context.Context, url string) (Demo, error) {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	for {
		d, err := h.demo()
		if err == nil && d.BaseURL == url {
			return d, nil
		}
		select {
		case <-ctx.Done():
			return d, fmt.Errorf("stack: %s has no demo of %s: %w", h.dir, url, errors.Join(ctx.Err(), err))
		case <-time.After(look):
		}
	}
}

// keys gives the names of the installation's keys and their files, which are made when they are missing. An environment
// that has keys of its own keeps them.
func (h home) keys() ([]string, error) {
	for _, pair := range h.env {
		if strings.HasPrefix(pair, "HEARD_KEYSET") || strings.HasPrefix(pair, "HEARD_HASH_KEY") {
			return nil, nil
		}
	}
	path := func(name string) string { return filepath.Join(h.dir, name) } // named as the all-in-one names its own
	err := errors.Join(
		makeKey(path("keyset.json"), secret.NewKeysetJSON), makeKey(path("hash.key"), hexKey), makeKey(path("session.keys"), hexKey),
	)
	return []string{
		"HEARD_KEYSET_FILE=" + path("keyset.json"), "HEARD_HASH_KEY_FILE=" + path("hash.key"), "HEARD_SESSION_KEYS_FILE=" + path("session.keys"),
	}, err
}

func hexKey() (secret.String, error) {
	var key [32]byte
	_, err := rand.Read(key[:])
	return secret.String(hex.EncodeToString(key[:])), err
}

func makeKey(path string, fresh func() (secret.String, error)) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	key, err := fresh()
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(key.Reveal()+"\n"), 0o600)
}
