package strictjson

import (
	"errors"
	"fmt"
	"hash/maphash"
	"regexp"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json/jsontext"
)

// maxFields is how many fields an object may declare: one bit each tells which have been seen.
const maxFields = 64

// node is a schema made ready for checking. A nil node takes any JSON.
type node struct {
	kind      jsontext.Kind // 't' stands for both booleans
	nullable  bool
	wrongType string

	object  *objectRule
	array   *arrayRule
	text    *textRule
	integer *integerRule
	number  *numberRule
}

type objectRule struct {
	fields   []field
	index    map[string]int // of a field, by its name
	required []int          // in the order of declaration
	closed   bool           // no members but the fields
	others   *node          // what members beside the fields must be
	size     sizes
}

type field struct {
	name string
	node *node
}

type arrayRule struct {
	items *node
	size  sizes
	apart bool // items are JSON; what else they must be is checked elsewhere
}

type textRule struct {
	size    sizes
	pattern *regexp.Regexp
	format  func(string) bool
	enum    []string

	wrongPattern, wrongFormat, wrongValue string
}

// Apart is an extension of a list whose items are checked one by one by whoever decodes it, so that a bad one fails alone:
// Check demands only that they are JSON.
const Apart = "x-items-stand-alone"

// Compile readies a schema for checking; its references are looked up in registry. A keyword that would go unchecked is
// an error, so a document can't promise what nobody holds to. Annotations (default, examples, x-…) are passed over.
func Compile(registry huma.Registry, schema *huma.Schema) (*Schema, error) {
	c := compiler{registry: registry, refs: map[string]*node{}}
	root, err := c.node(schema)
	if err != nil {
		return nil, fmt.Errorf("strictjson: %w", err)
	}
	return &Schema{root: root, seed: maphash.MakeSeed()}, nil
}

type compiler struct {
	registry huma.Registry
	refs     map[string]*node
}

func (c *compiler) node(s *huma.Schema) (*node, error) {
	if err := unchecked(s); err != nil {
		return nil, err
	}
	if s.Ref != "" {
		return c.ref(s.Ref)
	}
	if s.Type == "" {
		return nil, nil
	}
	n := new(node)
	return n, c.fill(n, s)
}

// ref gives a named schema's node, which may be under construction: schemas may contain themselves.
func (c *compiler) ref(name string) (*node, error) {
	if n, ok := c.refs[name]; ok {
		return n, nil
	}
	target := c.registry.SchemaFromRef(name)
	if target == nil {
		return nil, fmt.Errorf("%s: not in the registry", name)
	}
	if target.Type == "" || target.Ref != "" {
		return nil, fmt.Errorf("%s: a reference must lead to a schema with a type", name)
	}
	n := new(node)
	c.refs[name] = n
	if err := errors.Join(unchecked(target), c.fill(n, target)); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return n, nil
}

func (c *compiler) fill(n *node, s *huma.Schema) (err error) {
	n.nullable = s.Nullable
	switch s.Type {
	case huma.TypeObject:
		n.kind, n.wrongType = '{', "must be an object"
		n.object, err = c.object(s)
	case huma.TypeArray:
		n.kind, n.wrongType = '[', "must be an array"
		n.array, err = c.array(s)
	case huma.TypeString:
		n.kind, n.wrongType = '"', "must be a string"
		n.text, err = text(s)
	case huma.TypeInteger:
		n.kind, n.wrongType = '0', "must be an integer"
		n.integer, err = integer(s)
	case huma.TypeNumber:
		n.kind, n.wrongType = '0', "must be a number"
		n.number, err = number(s)
	case huma.TypeBoolean:
		n.kind, n.wrongType = 't', "must be true or false"
	default:
		return fmt.Errorf("type %q is not implemented", s.Type)
	}
	if s.Nullable {
		n.wrongType += " or null"
	}
	return err
}

func (c *compiler) object(s *huma.Schema) (*objectRule, error) {
	if len(s.Properties) > maxFields {
		return nil, fmt.Errorf("%d fields, and only %d can be told apart", len(s.Properties), maxFields)
	}
	rule := &objectRule{index: make(map[string]int, len(s.Properties)), size: sizesOf(s.MinProperties, s.MaxProperties, "have", "field")}
	for name, property := range s.Properties {
		n, err := c.node(property)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		rule.index[name] = len(rule.fields)
		rule.fields = append(rule.fields, field{name: name, node: n})
	}
	for _, name := range s.Required {
		i, ok := rule.index[name]
		if !ok {
			return nil, fmt.Errorf("%s: required, but not among the properties", name)
		}
		rule.required = append(rule.required, i)
	}
	var err error
	switch others := s.AdditionalProperties.(type) {
	case nil:
	case bool:
		rule.closed = !others
	case *huma.Schema:
		rule.others, err = c.node(others)
	default:
		err = fmt.Errorf("additionalProperties of type %T is not implemented", others)
	}
	return rule, err
}

func (c *compiler) array(s *huma.Schema) (*arrayRule, error) {
	rule := &arrayRule{size: sizesOf(s.MinItems, s.MaxItems, "have", "item"), apart: s.Extensions[Apart] == true}
	if s.Items == nil {
		return rule, nil
	}
	var err error
	if rule.items, err = c.node(s.Items); err != nil {
		err = fmt.Errorf("[]: %w", err)
	}
	return rule, err
}

func text(s *huma.Schema) (*textRule, error) {
	rule := &textRule{size: sizesOf(s.MinLength, s.MaxLength, "be", "character")}
	var err error
	if s.Pattern != "" {
		if rule.pattern, err = regexp.Compile(s.Pattern); err != nil {
			return nil, err
		}
		rule.wrongPattern = "must match " + s.Pattern
		if s.PatternDescription != "" {
			rule.wrongPattern = "must be " + s.PatternDescription
		}
	}
	if s.Format != "" {
		var known bool
		if rule.format, rule.wrongFormat, known = format(s.Format); !known {
			return nil, fmt.Errorf("format %q of a string is not implemented", s.Format)
		}
	}
	for _, value := range s.Enum {
		switch value := value.(type) {
		case string:
			rule.enum = append(rule.enum, value)
		case nil: // stands beside a nullable type, which tells it already
		default:
			return nil, fmt.Errorf("enum of %T in a string is not implemented", value)
		}
	}
	rule.wrongValue = "must be one of " + strings.Join(rule.enum, ", ")
	return rule, nil
}

// unchecked finds a keyword that has no effect on the schema's type or that nothing here implements.
func unchecked(s *huma.Schema) error {
	of := s.Type
	if s.Ref != "" {
		of = "$ref"
	}
	keywords := []struct {
		name  string
		set   bool
		types string
	}{
		{"nullable", s.Nullable, "object array string integer number boolean"},
		{"properties", len(s.Properties) > 0, "object"},
		{"required", len(s.Required) > 0, "object"},
		{"additionalProperties", s.AdditionalProperties != nil, "object"},
		{"minProperties", s.MinProperties != nil, "object"},
		{"maxProperties", s.MaxProperties != nil, "object"},
		{"items", s.Items != nil, "array"},
		{"minItems", s.MinItems != nil, "array"},
		{"maxItems", s.MaxItems != nil, "array"},
		{"minLength", s.MinLength != nil, "string"},
		{"maxLength", s.MaxLength != nil, "string"},
		{"pattern", s.Pattern != "", "string"},
		{"format", s.Format != "", "string integer number"},
		{"enum", len(s.Enum) > 0, "string integer number"},
		{"minimum", s.Minimum != nil, "integer number"},
		{"maximum", s.Maximum != nil, "integer number"},
		{"exclusiveMinimum", s.ExclusiveMinimum != nil, "integer number"},
		{"exclusiveMaximum", s.ExclusiveMaximum != nil, "integer number"},
		{"multipleOf", s.MultipleOf != nil, "integer number"},
		{"type beside $ref", s.Ref != "" && s.Type != "", ""},
		{"contentEncoding", s.ContentEncoding != "", ""},
		{"uniqueItems", s.UniqueItems, ""},
		{Apart, s.Extensions[Apart] != nil, "array"},
		{"dependentRequired", len(s.DependentRequired) > 0, ""},
		{"readOnly", s.ReadOnly, ""},
		{"oneOf", len(s.OneOf) > 0, ""},
		{"anyOf", len(s.AnyOf) > 0, ""},
		{"allOf", len(s.AllOf) > 0, ""},
		{"not", s.Not != nil, ""},
		{"discriminator", s.Discriminator != nil, ""},
	}
	for _, keyword := range keywords {
		if keyword.set && (of == "" || !slices.Contains(strings.Fields(keyword.types), of)) {
			return fmt.Errorf("keyword %q is not implemented for type %q", keyword.name, of)
		}
	}
	for name := range s.Extensions {
		if !strings.HasPrefix(name, "x-") {
			return fmt.Errorf("keyword %q is not implemented", name)
		}
	}
	return nil
}
