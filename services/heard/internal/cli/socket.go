package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/heard-dev/heard/services/heard/internal/embedded"
)

// A serving process carries commands out itself, over a socket in its data folder: it alone has the folder's stores, and
// what it caches ends with the very call that changes it. Who may open the folder may use the socket.

// stopTime is what commands are given to end when the process stops.
const stopTime = time.Second

type command struct {
	Args []string `json:"args"`
}

type outcome struct {
	Out  string `json:"out"`
	Errs string `json:"errs"`
	Code int    `json:"code"`
}

// listen serves commands on the stores until ctx is done.
func listen(ctx context.Context, stores *embedded.Stores) error {
	path := filepath.Join(stores.Dir, embedded.SocketName)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) { // of a process that was killed
		return fmt.Errorf("command socket: %w", err)
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return fmt.Errorf("command socket: %w", err)
	}
	commands, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	server := &http.Server{
		ReadHeaderTimeout: time.Second,
		BaseContext:       func(net.Listener) context.Context { return commands },
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { carryOut(w, r, stores) }),
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("command socket: %w", err)
	case <-ctx.Done():
	}
	bounded, cancel := context.WithTimeout(commands, stopTime)
	defer cancel()
	if server.Shutdown(bounded) == nil {
		return nil
	}
	cut() // what did not end in time, and cleans up now
	bounded, cancel = context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	if err := server.Shutdown(bounded); err != nil {
		return fmt.Errorf("command socket: %w", err)
	}
	return nil
}

func carryOut(w http.ResponseWriter, r *http.Request, stores *embedded.Stores) {
	var asked command
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var out, errs bytes.Buffer
	c := &cli{args: asked.Args, in: http.NoBody, out: &out, errs: &errs, stores: stores}
	code := c.run(r.Context())
	json.NewEncoder(w).Encode(outcome{Out: out.String(), Errs: errs.String(), Code: code}) //nolint:errcheck // the caller is gone
}

// forward lets the process that serves the folder carry the command out; told is false when there is none. A command may
// take long: whoever loses patience interrupts it.
func (c *cli) forward(cmd *cobra.Command, args []string, dir string) (told bool, err error) {
	dialer := &net.Dialer{}
	client := &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", filepath.Join(dir, embedded.SocketName))
		},
	}}
	defer client.CloseIdleConnections()
	path := strings.Fields(cmd.CommandPath())[1:] // without the program's own name
	text, err := json.Marshal(command{slices.Concat(path, given(cmd), []string{"--"}, args)})
	if err != nil {
		return true, err
	}
	request, err := http.NewRequestWithContext(cmd.Context(), http.MethodPost, "http://heard/", bytes.NewReader(text))
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
