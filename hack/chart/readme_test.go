package chart

import (
	"os"
	"strings"
	"testing"
)

const valuesHeading = "## Values\n\n"

func TestTheReadmeOfTheChartListsItsValues(t *testing.T) {
	const page = "../../charts/heard/README.md"
	values, err := os.ReadFile("../../charts/heard/values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	table, err := Values(values)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, after, found := strings.Cut(string(text), valuesHeading)
	if *update {
		if err := os.WriteFile(page, []byte(before+valuesHeading+table), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if !found || after != table {
		t.Errorf("%s does not list what values.yaml has: run make generate", page)
	}
}
