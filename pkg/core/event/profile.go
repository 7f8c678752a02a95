package event

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/heard-dev/heard/pkg/apierr"
)

// MaxProfile bounds what the traits of one user come to, in bytes of JSON: twice what can be said of them at once.
const MaxProfile = 2 * MaxObject

// portrait is a profile on which several events are worked in before it is written.
type portrait struct {
	Profile
	traits map[string]any
	size   int // at least as many bytes as the traits have
}

func paint(profile Profile) (*portrait, error) {
	traits, err := object(profile.Traits)
	if err != nil {
		return nil, fmt.Errorf("event: a stored profile: %w", err)
	}
	return &portrait{Profile: profile, traits: traits, size: max(len(profile.Traits), len("{}"))}, nil
}

// tell works in what the event says of its user. What would make the traits too large changes nothing, and is an issue.
func (p *portrait) tell(user User) error {
	said, err := object(user.Traits)
	if err != nil {
		return fmt.Errorf("event: traits that were checked: %w", err)
	}
	traits, size := merge(p.traits, said), p.size+len(user.Traits)
	if size > MaxProfile {
		spelled, err := spell(traits)
		if err != nil {
			return err
		}
		size = len(spelled)
	}
	if size > MaxProfile {
		return apierr.Body(apierr.Issue{
			Path: []any{"user", "traits"}, Code: "too_big",
			Message: fmt.Sprintf("would make all traits of this user more than %d bytes of JSON", MaxProfile),
		})
	}
	p.traits, p.size = traits, size
	if user.Email != "" {
		p.Email = user.Email
	}
	return nil
}

// finish gives the profile to be stored, and whether that is any different from what is.
func (p *portrait) finish(before Profile, now time.Time) (Profile, bool, error) {
	traits, err := spell(p.traits)
	if err != nil {
		return Profile{}, false, err
	}
	profile := p.Profile
	profile.Traits, profile.UpdatedAt = traits, now
	changed := before.Version == 0 || profile.Email != before.Email || !bytes.Equal(traits, before.Traits)
	return profile, changed, nil
}

// merge is RFC 7396: members replace members, objects merge, null removes. It leaves target as it is.
func merge(target, patch map[string]any) map[string]any {
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
			merged[name] = merge(within, value)
		default:
			merged[name] = value
		}
	}
	return merged
}

// object reads a JSON object as merge takes it: objects as maps, null as nil, and all else as it is spelled, so that no
// number loses a digit.
func object(raw []byte) (map[string]any, error) {
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

// spell gives the same bytes for the same members.
func spell(members map[string]any) ([]byte, error) {
	return json.Marshal(members, json.Deterministic(true))
}
