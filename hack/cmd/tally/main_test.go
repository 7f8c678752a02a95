package main

import (
	"regexp"
	"strings"
	"testing"
)

const run = `go test ./...
{"Action":"output","Package":"store/a","Test":"TestOne","Output":"chatter\n"}
{"Action":"pass","Package":"store/a","Test":"TestOne"}
{"Action":"output","Package":"store/a","Test":"TestTwo","Output":"no server\n"}
{"Action":"skip","Package":"store/a","Test":"TestTwo"}
{"Action":"output","Package":"store/a","Output":"ok  \tstore/a\t0.1s\n"}
{"Action":"pass","Package":"store/a"}
{"Action":"skip","Package":"b","Test":"TestThree"}
{"Action":"output","Package":"b","Test":"TestFour","Output":"want 1\n"}
{"Action":"fail","Package":"b","Test":"TestFour"}
{"Action":"output","Package":"b","Output":"FAIL\tb\t0.1s\n"}
{"Action":"fail","Package":"b"}
{"Action":"skip","Package":"empty"}
`

func TestWhatFailedOrWasSkippedIsTold(t *testing.T) {
	for wanted, sum := range map[string]string{"^store/": "1 passed, 2 failed, 1 skipped", "^$": "1 passed, 1 failed, 2 skipped"} {
		var told strings.Builder
		tallied := tally{wanted: regexp.MustCompile(wanted), said: map[test][]string{}, blamed: map[string]bool{}}
		if err := tallied.read(strings.NewReader(run), &told); err != nil {
			t.Fatal(err)
		}
		tallied.sum(&told)
		for _, line := range []string{"go test ./...\n", "ok  \tstore/a\t0.1s\n", "no server\n", "want 1\n", "FAIL\tb\t0.1s\n", sum + "\n"} {
			if !strings.Contains(told.String(), line) {
				t.Errorf("%q is not told in\n%s", line, told.String())
			}
		}
		if strings.Contains(told.String(), "chatter") {
			t.Error("what passing tests print is told")
		}
	}
}
