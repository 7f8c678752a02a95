package heard_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/agentrun"
	"github.com/heard-dev/heard/pkg/core/usertoken"
	"github.com/heard-dev/heard/pkg/dialect/userz"
	"github.com/heard-dev/heard/pkg/id"
)

// described is an operation as the document has it.
type described struct {
	OperationID string
	Parameters  []struct {
		Name, In string
		Schema   struct{ Pattern string }
	}
	RequestBody *struct{}
	Security    []map[string][]string
}

// belongings are what one Org has: names of things that another might name, and marks that must not be seen elsewhere.
type belongings struct {
	household
	ids   []string
	files []file
	token string
	marks []string
}

// settle gives an Org some of everything.
func (i *installation) settle(slug string) belongings {
	i.t.Helper()
	b := belongings{household: i.found(slug)}
	ctx := i.t.Context()
	b.files = []file{i.upload(b.app, slug), i.upload(b.app, slug)}
	item, _ := i.stored(i.cite(b.app, "", b.files[0]))
	run := agentrun.Run{ID: i.IDs.New(), Org: b.org.ID, App: b.app.ID, Feedback: userz.ID(item), Status: agentrun.Running, StartedAt: i.Now()}
	must(i.t, i.Store.InsertRun(ctx, b.org.ID, run))
	claims, err := usertoken.New("user of "+slug, b.app.ID, nil, time.Hour, i.Now())
	must(i.t, err)
	token, err := usertoken.Mint(claims, b.app.Secrets[0].ID, b.signing)
	must(i.t, err)
	b.token = token.Reveal()
	b.ids = []string{item, run.ID.String(), b.app.ID.String(), b.key.ID.String(), b.org.ID.String(), b.app.Secrets[0].ID.String()}
	b.marks = append([]string{b.app.PublicKey, b.app.Name, b.files[0].Key, b.files[1].Key}, b.ids...)
	return b
}

// bodies are requests of one Org that name what is another's, by operation; without another's they are good. One that
// takes a body and stands not here fails the test.
func bodies(their belongings) map[string][]string {
	attached := func(f file) string {
		text, err := json.Marshal(f)
		if err != nil {
			panic(err)
		}
		return fmt.Sprintf(`{"text":"x","attachments":[%s]}`, text)
	}
	return map[string][]string{
		"submitFeedback": {
			attached(their.files[0]), attached(their.files[1]),
			fmt.Sprintf(`{"text":"x","componentTarget":{"name":"x","screenshotKey":%q}}`, their.files[1].Key),
		},
		"createUploadUrl": {`{"contentType":"image/png","byteSize":7,"kind":"screenshot"}`},
		"updateFeedback":  {`{"status":"archived"}`},
		"mintToken":       {`{"sub":"x"}`},
	}
}

// Every operation of the document is tried by one Org with every name that another Org's things have, in every place that
// takes one. Nothing is told that is not told about names that nothing has, and nothing changes.
func TestNoOperationReachesIntoAnotherOrg(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		ours, theirs := i.settle("ours"), i.settle("theirs")
		nobodys := belongings{files: []file{theirs.files[0], theirs.files[1]}, token: theirs.token}
		for n := range nobodys.files {
			nobodys.files[n].Key = strings.Replace(theirs.files[n].Key, ".png", "x.png", 1)
		}
		for range theirs.ids {
			nobodys.ids = append(nobodys.ids, id.ID{1}.String())
		}
		before := i.snapshot(theirs)

		var document struct {
			Paths map[string]map[string]described
		}
		must(t, json.Unmarshal(userz.Dialect{}.About().Document, &document))
		for path, methods := range document.Paths {
			for method, op := range methods {
				method = strings.ToUpper(method)
				theirTargets, nobodysTargets := targets(path, op, theirs.ids), targets(path, op, nobodys.ids)
				theirBodies, nobodysBodies := []string{""}, []string{""}
				if op.RequestBody != nil {
					theirBodies, nobodysBodies = bodies(theirs)[op.OperationID], bodies(nobodys)[op.OperationID]
					if len(theirBodies) == 0 {
						t.Errorf("%s takes a body, and this test has none for it", op.OperationID)
					}
				}
				bearer := ours.sk
				if slices.ContainsFunc(op.Security, func(s map[string][]string) bool { return s["publicKey"] != nil }) {
					bearer = ours.app.PublicKey
					if w := i.call(method, theirTargets[0], bearer, theirBodies[0], "X-Userz-User-Token", theirs.token); w.Code != http.StatusUnauthorized {
						t.Errorf("%s with another Org's user token: %d %s", op.OperationID, w.Code, w.Body)
					}
				}
				for n, target := range theirTargets {
					for m, body := range theirBodies {
						got, want := i.call(method, target, bearer, body), i.call(method, nobodysTargets[n], bearer, nobodysBodies[m])
						for _, mark := range theirs.marks {
							if strings.Contains(got.Body.String(), mark) {
								t.Errorf("%s %s: tells %s: %s", method, target, mark, got.Body)
							}
						}
						names := target != path || op.OperationID == "submitFeedback"
						if got.Code != want.Code || got.Code >= 400 && got.Body.String() != want.Body.String() || names && got.Code == 201 {
							t.Errorf("%s %s %s: %d %s, and for what nobody has %d %s", method, target, body, got.Code, got.Body, want.Code, want.Body)
						}
					}
				}
				if !i.works(method, path, op, bearer, ours) {
					t.Errorf("%s does not even work with what is the Org's own", op.OperationID)
				}
			}
		}
		if after := i.snapshot(theirs); !reflect.DeepEqual(after, before) {
			t.Errorf("the other Org had\n%+v\nand has\n%+v", before, after)
		}
		if len(i.incidents) > 0 {
			t.Errorf("incidents: %+v", i.incidents)
		}
	})
}

// works tells whether the operation succeeds with some of the Org's own things.
func (i *installation) works(method, path string, op described, bearer string, own belongings) bool {
	i.t.Helper()
	sayings := []string{""}
	if op.RequestBody != nil {
		sayings = bodies(own)[op.OperationID]
	}
	for _, target := range targets(path, op, own.ids) {
		for _, body := range sayings {
			if w := i.call(method, target, bearer, body); w.Code/100 == 2 {
				return true
			}
		}
	}
	return false
}

// targets are the path with each of these ids in each place that takes one: of the path, or of the query.
func targets(path string, op described, ids []string) []string {
	var list []string
	for _, name := range ids {
		bare := strings.NewReplacer("{id}", name).Replace(path)
		list = append(list, bare)
		for _, p := range op.Parameters {
			if p.In == "query" && p.Schema.Pattern == "^[0-9a-f]{24}$" {
				list = append(list, bare+"?"+url.Values{p.Name: {name}}.Encode())
			}
		}
	}
	return list
}

// snapshot is what an Org has stored.
func (i *installation) snapshot(of belongings) []any {
	i.t.Helper()
	ctx := i.t.Context()
	item, err := i.Store.Feedback(ctx, of.org.ID, userz.ID(of.ids[0]))
	must(i.t, err)
	apps, err := i.Store.Apps(ctx, of.org.ID)
	must(i.t, err)
	keys, err := i.Store.Keys(ctx, of.org.ID)
	must(i.t, err)
	all := []any{item, apps, keys, i.items(of.org.ID)}
	for _, f := range of.files {
		all = append(all, i.slot(of.org.ID, f.Key))
	}
	return all
}
