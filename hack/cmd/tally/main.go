// Command tally reads `go test -json` and says in a few lines how it went, and fails where nothing may be skipped.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
)

func main() {
	wanted := flag.String("no-skips", "^$", "packages in which a skipped test is a failure, as a regular expression")
	flag.Parse()
	t := tally{wanted: regexp.MustCompile(*wanted), said: map[test][]string{}, blamed: map[string]bool{}}
	if err := t.read(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "tally:", err)
		os.Exit(1)
	}
	if t.sum(os.Stdout); t.failed > 0 || t.passed == 0 {
		os.Exit(1)
	}
}

// event is one line of go test -json.
type event struct {
	Action, Package, Test, ImportPath, Output string
}

type test struct{ in, name string }

type tally struct {
	wanted                  *regexp.Regexp
	said                    map[test][]string // what each test prints until it passes
	blamed                  map[string]bool   // packages in which a test failed
	passed, failed, skipped int
}

// read passes on what go test says of packages, and what tests say that do not pass.
func (t *tally) read(from io.Reader, to io.Writer) error {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			fmt.Fprintln(to, lines.Text()) //nolint:errcheck // nobody reads
			continue
		}
		fmt.Fprint(to, t.take(e)) //nolint:errcheck // nobody reads
	}
	return lines.Err()
}

// take counts an event, and gives what is to be told of it.
func (t *tally) take(e event) string {
	key := test{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		return e.Output
	case "output":
		if e.Test == "" && (strings.HasPrefix(e.Output, "ok") || strings.HasPrefix(e.Output, "FAIL\t") || strings.HasPrefix(e.Output, "panic:")) {
			return e.Output
		}
		t.said[key] = append(t.said[key], e.Output)
		return ""
	case "pass", "fail", "skip":
	default:
		return ""
	}
	said := strings.Join(t.said[key], "")
	delete(t.said, key)
	switch {
	case e.Test == "" && e.Action == "fail":
		if !t.blamed[e.Package] {
			t.failed++ // it did not build, or ended on its own
		}
		return said
	case e.Test == "":
	case e.Action == "pass":
		t.passed++
	case e.Action == "fail":
		t.failed, t.blamed[e.Package] = t.failed+1, true
		return said
	case t.wanted.MatchString(e.Package):
		t.failed++
		return said + fmt.Sprintf("FAIL: %s %s was skipped, and must not be\n", e.Package, e.Test)
	default:
		t.skipped++
		return said
	}
	return ""
}

func (t *tally) sum(to io.Writer) {
	fmt.Fprintf(to, "%d passed, %d failed, %d skipped\n", t.passed, t.failed, t.skipped) //nolint:errcheck // nobody reads
}
