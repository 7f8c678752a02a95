package subject

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// Argument is the hidden subcommand by which a program that calls Main runs a server; its Spec follows as JSON.
const Argument = "subject"

// Process is a server that runs.
type Process struct {
	Spec
	Doors
	command *exec.Cmd
	life    io.Closer
}

// Start runs a program that calls Main, this one or another build of it, and returns when its server is filled and answers.
func Start(ctx context.Context, program string, spec Spec) (*Process, error) {
	text, err := json.Marshal(spec)
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, program, Argument, string(text))
	command.Stderr = os.Stderr
	command.Env = Environment()
	life, errIn := command.StdinPipe()
	out, errOut := command.StdoutPipe()
	if err := errors.Join(errIn, errOut); err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	p := &Process{Spec: spec, command: command, life: life}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &p.Doors)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("subject: %s on %s did not start: %w", spec.Kind, spec.Engine, err), p.Stop())
	}
	return p, nil
}

// Environment is this process's without what would change Heard's defaults, for they are measured.
func Environment() []string {
	return slices.DeleteFunc(os.Environ(), func(setting string) bool {
		return strings.HasPrefix(setting, "HEARD_") || strings.HasPrefix(setting, "OTEL_")
	})
}

// Main is Serve for the Spec in text, between a parent's pipes.
func Main(ctx context.Context, text string) error {
	var spec Spec
	if err := json.Unmarshal([]byte(text), &spec); err != nil {
		return fmt.Errorf("subject: %w", err)
	}
	return Serve(ctx, spec, os.Stdin, os.Stdout)
}

// Stop ends the process and waits for its end.
func (p *Process) Stop() error { return errors.Join(p.life.Close(), p.command.Wait()) }

// Usage is what the process has used so far.
func (p *Process) Usage() (used Usage, err error) {
	err = p.control("usage", func(body io.Reader) error { return json.NewDecoder(body).Decode(&used) })
	return used, err
}

// Profile writes a CPU profile of the next seconds to out.
func (p *Process) Profile(seconds int, out io.Writer) error {
	return p.control(fmt.Sprintf("debug/pprof/profile?seconds=%d", seconds), func(body io.Reader) error {
		_, err := io.Copy(out, body)
		return err
	})
}

func (p *Process) control(path string, read func(io.Reader) error) error {
	response, err := http.Get("http://" + p.Control + "/" + path)
	if err != nil {
		return err
	}
	defer response.Body.Close() //nolint:errcheck // read to its end
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("subject: %s: %s", path, response.Status)
	}
	return read(response.Body)
}
