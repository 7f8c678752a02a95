//go:build unix

package run_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/pkg/secret"
)

// childKey makes the test binary a service of its own: signals and exit codes need a whole process.
const childKey = "HEARD_TEST_CHILD"

// descriptorsKey is how many files a child may open, if that is to be few.
const descriptorsKey = "HEARD_TEST_DESCRIPTORS"

func TestMain(m *testing.M) {
	if os.Getenv(childKey) != "" {
		if err := limitDescriptors(os.Getenv(descriptorsKey)); err != nil {
			panic(err)
		}
		run.Main("toy", openToy, "HEARD_ADDR=127.0.0.1:0", "HEARD_LOG_LEVEL=error")
		return
	}
	os.Exit(m.Run())
}

type toyConfig struct {
	run.Config
	Token secret.String `env:"HEARD_TOY_TOKEN,required"`
	Fails bool          `env:"HEARD_TOY_FAILS" envDefault:"false"`
}

// openToy serves / at once, and /slow by announcing itself and answering once the process drains. /stuck never answers.
func openToy(_ context.Context, cfg toyConfig, env *run.Env) (run.App, error) {
	if cfg.Fails {
		return run.App{}, errors.New("toy is broken")
	}
	return run.App{
		Ready: func(addr net.Addr) { fmt.Println(addr) },
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/slow":
				fmt.Println("inside")
				for !env.Draining() {
					time.Sleep(time.Millisecond)
				}
				time.Sleep(50 * time.Millisecond)
			case "/stuck":
				fmt.Println("inside")
				<-r.Context().Done()
			}
		}),
	}, nil
}

// child is a toy in a process of its own.
type child struct {
	*exec.Cmd
	lines  *bufio.Reader
	stderr strings.Builder
}

func startChild(t *testing.T, environ ...string) *child {
	t.Helper()
	c := &child{Cmd: exec.CommandContext(t.Context(), os.Args[0])}
	// The race detector would hold up the end of each child for a second.
	c.Env = append(append(os.Environ(), childKey+"=1", "GORACE=atexit_sleep_ms=0"), environ...)
	c.Stderr = &c.stderr
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.lines = bufio.NewReader(stdout)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *child) line(t *testing.T) string {
	t.Helper()
	line, err := c.lines.ReadString('\n')
	if err != nil {
		t.Fatalf("the child said no more: %v\n%s", err, c.stderr.String())
	}
	return strings.TrimSpace(line)
}

// end waits for the child and gives its exit code.
func (c *child) end(t *testing.T) int {
	t.Helper()
	_, _ = io.Copy(io.Discard, c.lines)
	if err := c.Wait(); err != nil {
		if _, ok := errors.AsType[*exec.ExitError](err); !ok {
			t.Fatal(err)
		}
	}
	return c.ProcessState.ExitCode()
}

func (c *child) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := c.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

func TestASignalEndsTheProcessWithZeroOnceItsRequestsAreAnswered(t *testing.T) {
	for _, s := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		t.Run(s.String(), func(t *testing.T) {
			c := startChild(t, "HEARD_TOY_TOKEN=hunter2")
			url := "http://" + c.line(t) + "/slow"
			answer := make(chan error, 1)
			go func() {
				_, err := get(url)
				answer <- err
			}()
			c.line(t)
			c.signal(t, s)
			c.signal(t, syscall.SIGTERM) // as whoever signals the whole process group does, too
			if err := receive(t, answer); err != nil {
				t.Errorf("the request in flight: %v", err)
			}
			if code := c.end(t); code != 0 || c.stderr.String() != "" {
				t.Errorf("exit %d: %s", code, c.stderr.String())
			}
		})
	}
}

func TestASecondSignalEndsTheProcessAtOnce(t *testing.T) {
	c := startChild(t, "HEARD_TOY_TOKEN=hunter2")
	url := "http://" + c.line(t) + "/stuck"
	go func() { _, _ = get(url) }()
	c.line(t)
	c.signal(t, syscall.SIGTERM)
	time.Sleep(600 * time.Millisecond) // until a signal is a second request
	c.signal(t, os.Interrupt)
	if code := c.end(t); code != 1 {
		t.Errorf("exit %d: %s", code, c.stderr.String())
	}
}

func TestAProcessThatCannotStartSaysWhy(t *testing.T) {
	for name, row := range map[string]struct {
		environ []string
		says    []string
	}{
		"configuration": {
			environ: []string{"HEARD_IDLE_TIMEOUT=never", "HEARD_TOY_TOKEN="},
			says:    []string{"toy: ", "HEARD_IDLE_TIMEOUT", "HEARD_TOY_TOKEN"},
		},
		"open":   {environ: []string{"HEARD_TOY_FAILS=true", "HEARD_TOY_TOKEN=hunter2"}, says: []string{"toy: ", "toy is broken"}},
		"listen": {environ: []string{"HEARD_ADDR=256.0.0.1:1", "HEARD_TOY_TOKEN=hunter2"}, says: []string{"toy: ", "256.0.0.1"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := startChild(t, row.environ...)
			code := c.end(t)
			for _, says := range row.says {
				if !strings.Contains(c.stderr.String(), says) {
					t.Errorf("%q is not in:\n%s", says, c.stderr.String())
				}
			}
			if code != 1 || strings.Contains(c.stderr.String(), "hunter2") {
				t.Errorf("exit %d:\n%s", code, c.stderr.String())
			}
		})
	}
}
