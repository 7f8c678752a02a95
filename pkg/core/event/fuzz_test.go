package event

import (
	"bytes"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/jsonobject"
	"github.com/heard-dev/heard/pkg/id"
)

// patched is RFC 7396 word by word.
func patched(t *testing.T, target, patch jsontext.Value) jsontext.Value {
	if patch.Kind() != '{' {
		return patch
	}
	merged, said := map[string]jsontext.Value{}, map[string]jsontext.Value{}
	if target.Kind() == '{' && json.Unmarshal(target, &merged) != nil || json.Unmarshal(patch, &said) != nil {
		t.Fatalf("not an object: %s", patch)
	}
	for name, value := range said {
		if value.Kind() == 'n' {
			delete(merged, name)
		} else {
			merged[name] = patched(t, merged[name], value)
		}
	}
	spelled, err := jsonobject.Spell(asAny(merged))
	if err != nil {
		t.Fatal(err)
	}
	return spelled
}

func asAny(members map[string]jsontext.Value) map[string]any {
	all := make(map[string]any, len(members))
	for name, value := range members {
		all[name] = value
	}
	return all
}

func FuzzNew(f *testing.F) {
	f.Add("event", "n", "u", "u@example.com", "a", `{"a":{"b":1}}`, `{"a":{"b":null,"c":[null]},"d":{}}`, int64(0))
	f.Add("identify", "", "u", "", "", `{"a":1e400,"b":-0,"c":12345678901234567890}`, `{"\u0061":"\ud83d\ude00\u0000</script>"}`, int64(1))
	f.Add("event", "\xff", "", "@", "\x00", `{"a":1,"\u0061":2}`, `{"":{"":null}}{}`, int64(-1<<62))
	f.Add("", "", "", "", "", ` null`, strings.Repeat(`{"a":[`, 33)+strings.Repeat(`]}`, 33), int64(1<<62))
	f.Add("event", "n", "u", "", "", `{"a":"}\"]\\"}`, strings.Repeat(`{"":`, 200), int64(-604800_000))
	now, ids := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), id.NewSource(time.Now, rand.Reader)
	f.Fuzz(func(t *testing.T, kind, name, user, email, clientID, traits, properties string, off int64) {
		at := now.Add(time.Duration(off))
		draft := Draft{
			Kind: Kind(kind), Name: name, User: User{ID: user, Email: email, Traits: []byte(traits)}, Properties: []byte(properties),
			Timestamp: &at, ClientID: clientID, UserAgent: name,
		}
		got, err := New(id.ID{1}, draft, now, ids)
		if err != nil {
			for _, issue := range apierr.Of(err).Issues {
				if len(issue.Path) == 0 || issue.Code == "" || issue.Message == "" {
					t.Errorf("%+v", issue)
				}
			}
			if len(apierr.Of(err).Issues) == 0 || got.Org != id.Zero {
				t.Errorf("%v with %+v", err, got)
			}
			return
		}
		for _, object := range [][]byte{got.User.Traits, got.Properties} {
			if object != nil && (!jsontext.Value(object).IsValid() || object[0] != '{' || len(object) > MaxObject) {
				t.Errorf("%q", object)
			}
		}
		draft.User.Traits, draft.Properties = got.User.Traits, got.Properties
		again, err := New(id.ID{1}, draft, now, ids)
		if err != nil || !bytes.Equal(again.User.Traits, got.User.Traits) || !bytes.Equal(again.Properties, got.Properties) {
			t.Errorf("what was accepted is %+v, %v the next time", again, err)
		}
		merging(t, got.User.Traits, got.Properties)
	})
}

// merging holds what a profile comes to, told two things, to the letter of RFC 7396.
func merging(t *testing.T, first, second []byte) {
	if first == nil || second == nil {
		return
	}
	profile, err := paint(Profile{})
	if err != nil {
		t.Fatal(err)
	}
	for _, said := range [][]byte{first, second} {
		if err := profile.tell(User{Traits: said}); err != nil {
			t.Fatal(err) // two of the largest fit
		}
	}
	got, _, err := profile.finish(Profile{}, time.Time{})
	want := patched(t, patched(t, jsontext.Value(`{}`), first), second)
	if err != nil || !bytes.Equal(got.Traits, canonical(t, want)) || len(got.Traits) > profile.size {
		t.Errorf("%s and then %s made %s, not %s: %v", first, second, got.Traits, want, err)
	}
}

// canonical sorts the members of objects that are not within arrays, as a profile has them.
func canonical(t *testing.T, raw []byte) []byte {
	members, err := jsonobject.Members(raw)
	if err != nil {
		t.Fatal(err)
	}
	spelled, err := jsonobject.Spell(members)
	if err != nil {
		t.Fatal(err)
	}
	return spelled
}
