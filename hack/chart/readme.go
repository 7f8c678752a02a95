package chart

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Values writes a table of everything that a values file may set, with the remarks that stand above each in the file.
func Values(text []byte) (string, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return "", err
	}
	var table strings.Builder
	table.WriteString("| value | default | what it is |\n|---|---|---|\n")
	describe(&table, "", document.Content[0])
	return table.String(), nil
}

func describe(table *strings.Builder, prefix string, fields *yaml.Node) {
	for i := 0; i+1 < len(fields.Content); i += 2 {
		key, value := fields.Content[i], fields.Content[i+1]
		name := prefix + key.Value
		remark := remarkOf(key)
		whole := value.Kind != yaml.MappingNode || len(value.Content) == 0 || value.Style&yaml.FlowStyle != 0 || prefix == "services."
		if whole || remark != "" {
			fmt.Fprintf(table, "| `%s` | %s | %s |\n", name, defaultOf(value, whole), remark) //nolint:errcheck // a Builder takes everything
		}
		if !whole {
			describe(table, name+".", value)
		}
	}
}

func remarkOf(key *yaml.Node) string {
	var lines []string
	for _, line := range strings.Split(key.HeadComment, "\n") {
		if text, ok := strings.CutPrefix(line, "# -- "); ok {
			lines = append(lines, text)
		}
	}
	return strings.ReplaceAll(strings.Join(lines, " "), "|", `\|`)
}

func defaultOf(value *yaml.Node, whole bool) string {
	if !whole {
		return ""
	}
	flat := *value
	flat.HeadComment, flat.LineComment, flat.FootComment = "", "", ""
	if flat.Kind == yaml.MappingNode || flat.Kind == yaml.SequenceNode {
		flat.Style = yaml.FlowStyle
	}
	text, err := yaml.Marshal(&flat)
	if err != nil {
		return ""
	}
	return "`" + strings.Join(strings.Fields(string(text)), " ") + "`"
}
