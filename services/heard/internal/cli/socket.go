package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/heard-dev/heard/pkg/platform"
)

// A serving process carries commands out itself, over a socket in its data folder: it alone has the folder's stores, and
// what it caches ends with the very call that changes it. Who may open the folder may use the socket.

const socketName = "heard.sock"

// commandTimeout bounds one command carried out elsewhere.
const commandTimeout = time.Minute

type command struct {
	Args []string `json:"args"`
	In   []byte   `json:"in"`
}

type outcome struct {
	Out  string `json:"out"`
	Errs string `json:"errs"`
	Code int    `json:"code"`
}

// listen serves commands on a platform until ctx is done.
func listen(ctx context.Context, dir string, p *platform.Platform) error {
	path := filepath.Join(dir, socketName)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) { // of a process that was killed
		return fmt.Errorf("command socket: %w", err)
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return fmt.Errorf("command socket: %w", err)
	}
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked command
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		var out, errs bytes.Buffer
		c := &cli{args: asked.Args, in: bytes.NewReader(asked.In), out: &out, errs: &errs, platform: p}
		code := c.run(r.Context())
		json.NewEncoder(w).Encode(outcome{Out: out.String(), Errs: errs.String(), Code: code}) //nolint:errcheck // the caller is gone
	})}
	stop := context.AfterFunc(ctx, func() {
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		server.Shutdown(bounded) //nolint:errcheck // what did not end in time is cut
	})
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("command socket: %w", err)
	}
	return nil
}

// forward lets the process that serves the folder carry the command out; told is false when there is none.
func (c *cli) forward(ctx context.Context, dir string) (told bool, err error) {
	dialer := &net.Dialer{}
	client := &http.Client{Timeout: commandTimeout, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", filepath.Join(dir, socketName))
		},
	}}
	asked := command{Args: c.args}
	if slices.Contains(c.args, "--secret-stdin") {
		if asked.In, err = io.ReadAll(io.LimitReader(c.in, maxSecret)); err != nil {
			return true, err
		}
	}
	text, err := json.Marshal(asked)
	if err != nil {
		return true, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://heard/", bytes.NewReader(text))
	if err != nil {
		return true, err
	}
	response, err := client.Do(request)
	if opError := (*net.OpError)(nil); errors.As(err, &opError) && opError.Op == "dial" {
		return false, nil
	}
	if err != nil {
		return true, err
	}
	defer response.Body.Close() //nolint:errcheck // it was read to its end
	var done outcome
	if err := json.NewDecoder(response.Body).Decode(&done); err != nil {
		return true, fmt.Errorf("the serving process did not say how it went: %w", err)
	}
	fmt.Fprint(c.out, done.Out)   //nolint:errcheck // nobody reads
	fmt.Fprint(c.errs, done.Errs) //nolint:errcheck // nobody reads
	if done.Code != 0 {
		err = errTold
	}
	return true, err
}
