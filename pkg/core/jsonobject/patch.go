package jsonobject

import (
	"errors"
	"maps"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Patch is RFC 7396: members replace members, objects merge, null removes. It leaves target as it is.
func Patch(target, patch map[string]any) map[string]any {
	merged := maps.Clone(target)
	if merged == nil {
		merged = map[string]any{}
	}
	for name, value := range patch {
		switch value := value.(type) {
		case nil:
			delete(merged, name)
		case map[string]any:
			within, _ := merged[name].(map[string]any)
			merged[name] = Patch(within, value)
		default:
			merged[name] = value
		}
	}
	return merged
}

// Members reads a JSON object as Patch takes it: objects as maps, null as nil, and all else as it is spelled, so that no
// number loses a digit.
func Members(raw []byte) (map[string]any, error) {
	members := map[string]any{}
	if len(raw) == 0 {
		return members, nil
	}
	err := json.Unmarshal(raw, &members, json.WithUnmarshalers(json.UnmarshalFromFunc(leaf)))
	return members, err
}

func leaf(decoder *jsontext.Decoder, to *any) error {
	if kind := decoder.PeekKind(); kind == '{' || kind == 'n' {
		return errors.ErrUnsupported
	}
	raw, err := decoder.ReadValue()
	*to = raw.Clone()
	return err
}

// Spell gives the same bytes for the same members.
func Spell(members map[string]any) ([]byte, error) {
	return json.Marshal(members, json.Deterministic(true))
}
