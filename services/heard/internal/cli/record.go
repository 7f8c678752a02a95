package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// record is a thing as the API tells it: its values by their names, in its order. What is nested has dots in its name.
type record []field

type field struct{ name, text string }

// records reads one JSON object.
func readRecord(object json.RawMessage) (record, error) {
	var r record
	return r, r.add("", object)
}

func (r *record) add(prefix string, object json.RawMessage) error {
	decoder := json.NewDecoder(bytes.NewReader(object))
	if _, err := decoder.Token(); err != nil {
		return err
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return err
		}
		full := prefix + fmt.Sprint(name)
		if value[0] == '{' {
			err = r.add(full+".", value)
		} else {
			*r = append(*r, field{full, text(value)})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// text shows a value that is no object.
func text(value json.RawMessage) string {
	var known any
	decoder := json.NewDecoder(bytes.NewReader(value))
	decoder.UseNumber()
	if err := decoder.Decode(&known); err != nil {
		return string(value)
	}
	switch v := known.(type) {
	case nil:
		return "-"
	case []any:
		items := make([]string, len(v))
		for i, item := range v {
			if _, simple := item.(string); !simple {
				return string(value)
			}
			items[i] = fmt.Sprint(item)
		}
		return strings.Join(items, ",")
	default:
		return fmt.Sprint(v)
	}
}

// clean keeps what others named from steering the terminal or forging lines.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// get finds a value, "-" where there is none.
func (r record) get(name string) string {
	i := slices.IndexFunc(r, func(f field) bool { return f.name == name })
	if i < 0 {
		return "-"
	}
	return r[i].text
}
