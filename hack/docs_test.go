package hack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/heard-dev/heard/hack/stack"
)

// Every sh block of the README is run, in order, as a reader in a fresh checkout would paste it; `make dev` and `make split`
// go on in the background. A block is left out only by a line before it that says why: <!-- not run: reason -->
func TestTheReadmeWorks(t *testing.T) {
	reader := newReader(t)
	for _, b := range blocks(t, "README.md", "sh") {
		t.Run(fmt.Sprintf("line %d", b.line), func(t *testing.T) {
			reason, skipped := strings.CutPrefix(b.note, "not run: ")
			switch {
			case skipped && reason != "":
			case strings.Contains(b.text, "make test"), strings.Contains(b.text, ".ci/run"):
				t.Error("this block would run itself; mark it as not run")
			case server.MatchString(b.text):
				reader.serve(t, b.text)
			default:
				reader.paste(t, b.text)
			}
		})
	}
}

var server = regexp.MustCompile(`(?m)^([A-Z_]+=\S+ )*make (dev|split)$`)

// What CONTRIBUTING quotes is in the file it names, word for word, with gaps where it says "…".
func TestWhatIsQuotedIsThere(t *testing.T) {
	quoted := 0
	for _, b := range blocks(t, "CONTRIBUTING.md", "go") {
		file, ok := strings.CutPrefix(b.note, "from ")
		if !ok {
			t.Errorf("line %d: the block does not say which file it is from", b.line)
			continue
		}
		text, err := os.ReadFile(filepath.Join("..", file))
		if err != nil {
			t.Errorf("line %d: %v", b.line, err)
			continue
		}
		quoted++
		rest := string(text)
		for _, part := range gap.Split(b.text, -1) {
			_, after, found := strings.Cut(rest, part)
			if !found {
				t.Errorf("line %d: %s has no\n%s", b.line, file, part)
			}
			rest = after
		}
	}
	if quoted == 0 {
		t.Error("CONTRIBUTING.md quotes nothing")
	}
}

var gap = regexp.MustCompile(`(?m)^\s*…\n`)

// block is a fenced block of a page, with the HTML comment on the line above it.
type block struct {
	note, text string
	line       int
}

var fenced = regexp.MustCompile("(?m)^(?:<!-- (.+) -->\n+)?```([a-z]+)\n((?:[^`].*\n|\n)*)```$")

func blocks(t *testing.T, page, language string) []block {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", page))
	if err != nil {
		t.Fatal(err)
	}
	var found []block
	for _, m := range fenced.FindAllStringSubmatchIndex(string(text), -1) {
		part := func(i int) string { return string(text[max(m[2*i], 0):max(m[2*i+1], 0)]) }
		if part(2) == language {
			found = append(found, block{note: part(1), text: part(3), line: 1 + strings.Count(string(text[:m[0]]), "\n")})
		}
	}
	if len(found) == 0 {
		t.Fatalf("%s has no block of %s", page, language)
	}
	return found
}

// reader follows a page in a checkout of its own. Its shell remembers from block to block.
type reader struct {
	folder, state, address string
	servers                stack.Servers
	apart                  bool // there are servers to split onto
	split, alone           bool // what `make split` starts was started; nothing runs that should
	stop                   func()
}

func newReader(t *testing.T) *reader {
	t.Helper()
	r := &reader{folder: t.TempDir(), state: filepath.Join(t.TempDir(), "state"), stop: func() {}}
	var missing []string
	r.servers, missing = stack.ServersFromEnv("HEARD_TEST_")
	r.apart = len(missing) == 0
	name := fmt.Sprintf("heard-docs-%d", os.Getpid())
	r.servers.MongoDatabase, r.servers.RedisPrefix, r.servers.S3Bucket = name, name+":", name
	t.Cleanup(func() {
		r.stop()
		if r.split {
			if err := r.servers.Drop(); err != nil {
				t.Error(err)
			}
		}
	})
	// What a clone of the next commit would be.
	const clone = `set -o pipefail; cd .. && git ls-files -z --cached --others --exclude-standard | tar --null -T - -cf - | tar -C "$0" -xf -`
	if out, err := exec.Command("bash", "-c", clone, r.folder).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.address = free.Addr().String()
	if err := errors.Join(free.Close(), os.WriteFile(r.state, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	return r
}

// here replaces the addresses that a page shows by those that this machine has.
func (r *reader) here(script string) string {
	return strings.NewReplacer(
		"127.0.0.1:8080", r.address,
		"mongodb://127.0.0.1:27017", r.servers.MongoURI,
		"redis://127.0.0.1:6379", r.servers.RedisURL,
		"http://127.0.0.1:9000", r.servers.S3Endpoint,
		"HEARD_S3_ACCESS_KEY=minioadmin", "HEARD_S3_ACCESS_KEY="+r.servers.S3AccessKey,
		"HEARD_S3_SECRET_KEY=minioadmin", "HEARD_S3_SECRET_KEY="+r.servers.S3SecretKey,
	).Replace(script)
}

// shell prepares a script. A curl that is refused fails.
func (r *reader) shell(ctx context.Context, script string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "bash", "-c", `set -aeuo pipefail
		. "$0"
		curl() { command curl --fail-with-body "$@"; }
		`+r.here(script)+`
		{ export -p; printf 'cd %q\n' "$PWD"; } >"$0"`, r.state)
	cmd.Dir = r.folder
	cmd.Env = append(os.Environ(), "GOWORK=", "HEARD_ADDR="+r.address, "HEARD_MONGO_DATABASE="+r.servers.MongoDatabase,
		"HEARD_REDIS_PREFIX="+r.servers.RedisPrefix, "HEARD_S3_BUCKET="+r.servers.S3Bucket)
	// A group of its own hears the end as a terminal's would.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = time.Minute
	return cmd
}

func (r *reader) paste(t *testing.T, script string) {
	t.Helper()
	if r.alone {
		t.Skip("the server before this block was not started")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	out, err := r.shell(ctx, script).CombinedOutput()
	if err != nil {
		t.Fatalf("%s\n%v\n%s", script, err, out)
	}
}

// serve starts what a block starts, in place of what an earlier one did, and waits until it is ready and says where it is.
func (r *reader) serve(t *testing.T, script string) {
	t.Helper()
	if r.alone = strings.Contains(script, "make split") && !r.apart; r.alone {
		t.Skip("HEARD_TEST_… names no servers to split onto")
	}
	r.split = r.split || strings.Contains(script, "make split")
	r.stop()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := r.shell(ctx, script)
	said, err := os.Create(filepath.Join(t.TempDir(), "said"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	r.stop = func() {
		cancel()
		<-ended
		r.stop = func() {}
	}
	for deadline := time.Now().Add(5 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		told, err := os.ReadFile(said.Name())
		if err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("%s\n%v\n%s", script, err, told)
		default:
		}
		if ready(r.address) && strings.Contains(string(told), r.address) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s\nis not ready\n%s", script, told)
		}
	}
}

func ready(address string) bool {
	answer, err := http.Get("http://" + address + "/readyz")
	if err != nil {
		return false
	}
	answer.Body.Close() //nolint:errcheck // nothing is read
	return answer.StatusCode == http.StatusOK
}
