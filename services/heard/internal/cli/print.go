package cli

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"unicode"
)

// print shows an answer of the API: as it is for programs, as a table for people. Columns are those of a list, which the
// API answers as {"data": […], "nextCursor"?}. An answer without a body prints nothing.
func (c *cli) print(answer json.RawMessage, columns []string) error {
	if len(answer) == 0 {
		return nil
	}
	if c.output == "json" {
		return c.printJSON(answer)
	}
	if columns == nil {
		return c.printOne(answer)
	}
	var page page
	if err := json.Unmarshal(answer, &page); err != nil {
		return err
	}
	if err := c.printMany(page.Data, columns); err != nil {
		return err
	}
	if page.NextCursor != "" {
		fmt.Fprintf(c.errs, "There is more: --cursor %s\n", clean(page.NextCursor)) //nolint:errcheck // nobody reads
	}
	return nil
}

func (c *cli) printJSON(answer json.RawMessage) error {
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, bytes.TrimSpace(answer), "", "  "); err != nil {
		return err
	}
	_, err := fmt.Fprintln(c.out, pretty.String())
	return err
}

type page struct {
	Data       []json.RawMessage `json:"data"`
	NextCursor string            `json:"nextCursor"`
}

func (c *cli) printOne(object json.RawMessage) error {
	r, err := readRecord(object)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	for _, f := range r {
		name := clean(f.name)
		for line := range strings.Lines(f.text + "\n") {
			fmt.Fprintf(table, "%s\t%s\n", name, clean(strings.TrimSuffix(line, "\n"))) //nolint:errcheck // Flush tells
			name = ""
		}
	}
	return table.Flush()
}

func (c *cli) printMany(objects []json.RawMessage, columns []string) error {
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, heading(strings.Join(columns, "\t"))) //nolint:errcheck // Flush tells
	for _, object := range objects {
		r, err := readRecord(object)
		if err != nil {
			return err
		}
		row := make([]string, len(columns))
		for i, column := range columns {
			row[i] = cmp.Or(clean(r.get(column)), "-")
		}
		fmt.Fprintln(table, strings.Join(row, "\t")) //nolint:errcheck // Flush tells
	}
	return table.Flush()
}

// heading spells names as a table does: createdAt is CREATED-AT.
func heading(names string) string {
	var spelled strings.Builder
	for _, r := range names {
		if unicode.IsUpper(r) {
			spelled.WriteByte('-')
		}
		spelled.WriteRune(unicode.ToUpper(r))
	}
	return strings.ReplaceAll(spelled.String(), ".", "-")
}

// show prints what a command on the stores made.
func (c *cli) show(value any) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return err
	}
	return c.print(text.Bytes(), nil)
}
