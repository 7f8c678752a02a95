package event

import (
	"bytes"
	"fmt"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/jsonobject"
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
	traits, err := jsonobject.Members(profile.Traits)
	if err != nil {
		return nil, fmt.Errorf("event: a stored profile: %w", err)
	}
	return &portrait{Profile: profile, traits: traits, size: max(len(profile.Traits), len("{}"))}, nil
}

// tell works in what the event says of its user. What would make the traits too large changes nothing, and is an issue.
func (p *portrait) tell(user User) error {
	said, err := jsonobject.Members(user.Traits)
	if err != nil {
		return fmt.Errorf("event: traits that were checked: %w", err)
	}
	traits, size := jsonobject.Patch(p.traits, said), p.size+len(user.Traits)
	if size > MaxProfile {
		spelled, err := jsonobject.Spell(traits)
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
	traits, err := jsonobject.Spell(p.traits)
	if err != nil {
		return Profile{}, false, err
	}
	profile := p.Profile
	profile.Traits, profile.UpdatedAt = traits, now
	changed := before.Version == 0 || profile.Email != before.Email || !bytes.Equal(traits, before.Traits)
	return profile, changed, nil
}
