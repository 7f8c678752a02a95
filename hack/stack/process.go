package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"
)

const (
	// startWithin is how long a process may take until it is ready.
	startWithin = 30 * time.Second
	// stopWithin is above the longest drain of run.Config.
	stopWithin = time.Minute
	// look is the pause between two looks at a condition.
	look = 5 * time.Millisecond
)

// Process is one program of Heard. It keeps its address over restarts. Its methods may be called from several goroutines.
type Process struct {
	Name string
	URL  string // where it listens

	path, log string
	args, env []string

	mu      sync.Mutex
	command *exec.Cmd
	ended   chan struct{} // closed when command has ended, for whatever reason
	failed  error         // how it ended; read after ended
}

// process is a program that has not been started. Its output goes to a file in the data folder.
func (h home) process(name, address string, env []string, args ...string) *Process {
	return &Process{
		Name: name, URL: "http://" + address, path: filepath.Join(h.bin, name), log: filepath.Join(h.dir, name+".log"),
		args: args, env: slices.Concat(env, []string{"HEARD_ADDR=" + address}),
	}
}

// Start starts the process and waits until it is ready.
func (p *Process) Start(ctx context.Context) error {
	if err := p.launch(); err != nil {
		return err
	}
	return p.WaitReady(ctx)
}

// Restart is Start again, after Kill or Stop.
func (p *Process) Restart(ctx context.Context) error { return p.Start(ctx) }

// Kill ends the process with SIGKILL and waits for its end.
func (p *Process) Kill() error {
	_, err := p.end(syscall.SIGKILL)
	return err
}

// Stop asks the process to stop and waits for its end. It is an error if it does not end by itself, with code 0.
func (p *Process) Stop() error {
	failed, err := p.end(syscall.SIGTERM)
	if err == nil && failed != nil {
		err = fmt.Errorf("stack: %s, told to stop: %w%s", p.Name, failed, p.lastWords())
	}
	return err
}

// PID is the number of the process that runs now, or ran last; 0 before the first.
func (p *Process) PID() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.command == nil {
		return 0
	}
	return p.command.Process.Pid
}

// Ended is closed when the process that runs now has ended, for whatever reason.
func (p *Process) Ended() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ended
}

// WaitReady waits until /readyz says yes, and gives up when the process ends or does not get ready in time.
func (p *Process) WaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	ended := p.Ended()
	for {
		if ready(ctx, p.URL) {
			return nil
		}
		select {
		case <-ended:
			return fmt.Errorf("stack: %s ended before it was ready%s", p.Name, p.lastWords())
		case <-ctx.Done():
			return fmt.Errorf("stack: %s is not ready: %w%s", p.Name, ctx.Err(), p.lastWords())
		case <-time.After(look):
		}
	}
}

func (p *Process) launch() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running() {
		return fmt.Errorf("stack: %s runs already", p.Name)
	}
	output, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer output.Close() //nolint:errcheck // the process has its own
	command := exec.Command(p.path, p.args...)
	command.Env, command.Stdout, command.Stderr = p.env, output, output
	// An interrupt from the terminal is for whoever started Heard, who ends the processes in good order.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := command.Start(); err != nil {
		return fmt.Errorf("stack: start %s: %w", p.Name, err)
	}
	ended := make(chan struct{})
	p.command, p.ended = command, ended
	go func() {
		p.failed = command.Wait()
		close(ended)
	}()
	return nil
}

// running is asked with p.mu held.
func (p *Process) running() bool {
	if p.command == nil {
		return false
	}
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// end sends the signal, waits, and gives how the process ended; one that runs no more is left as it is.
func (p *Process) end(signal syscall.Signal) (failed, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.running() {
		return nil, nil
	}
	if err := p.command.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return nil, err
	}
	select {
	case <-p.ended:
		return p.failed, nil
	case <-time.After(stopWithin):
	}
	if err := p.command.Process.Kill(); err != nil {
		return nil, err
	}
	<-p.ended
	return nil, fmt.Errorf("stack: %s did not end within %s%s", p.Name, stopWithin, p.lastWords())
}

// lastWords is the end of what the process wrote.
func (p *Process) lastWords() string {
	const most = 4 << 10
	text, err := os.ReadFile(p.log)
	if err != nil || len(text) == 0 {
		return ""
	}
	return "; it wrote:\n" + string(bytes.TrimSpace(text[max(0, len(text)-most):]))
}

// ready asks once.
func ready(ctx context.Context, base string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/readyz", nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	response.Body.Close() //nolint:errcheck // only the status counts
	return response.StatusCode == http.StatusOK
}
