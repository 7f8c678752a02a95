package httpapi

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/incident"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/platform"
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/pkg/telemetry"
)

// Whatever stands in a query string, it is refused or it selects just what it says.
func FuzzList(f *testing.F) {
	for _, seed := range []string{
		"", "limit=50", "limit=+1", "limit=1e1", "limit=101", "limit=1&limit=2", "cursor=0123456789abcdef01234567", "cursor=zz", "cursor=",
		"appId=0123456789ABCDEF01234567", "status=queued", "status=Queued", "includeDuplicates=true", "includeDuplicates=1", "x=%zz", "%ff=%00", "id=1",
	} {
		f.Add(seed)
	}
	var asked *feedback.Query
	kit := platform.New("read", platform.Parts{}).Kit(&run.Env{Telemetry: telemetry.Discard()}, func(i incident.Incident) { f.Error(i.Cause) })
	httpkit.Handle(kit.API("userz"), httpkit.Route{Method: http.MethodGet, Path: "/v1/feedback", ID: "list", Tag: "fuzz", Status: http.StatusOK},
		func(_ context.Context, _ auth.Principal, in *listIn) (*struct{}, error) {
			query := in.query(id.Zero)
			asked = &query
			return &struct{}{}, nil
		})
	handler := kit.Handler()
	f.Fuzz(func(t *testing.T, query string) {
		asked = nil
		answer := httptest.NewRecorder()
		request := httptest.NewRequest(http.MethodGet, "/v1/feedback", nil)
		request.URL.RawQuery = query
		handler.ServeHTTP(answer, request)
		if asked == nil {
			if answer.Code != http.StatusBadRequest {
				t.Fatalf("%q is refused with %d", query, answer.Code)
			}
			return
		}
		said, err := url.ParseQuery(query)
		if err != nil || asked.Limit < 1 || asked.Limit > 100 || asked.Status != "" && !asked.Status.Known() {
			t.Fatalf("%q asks for %+v", query, *asked)
		}
		for name, id := range map[string]string{"cursor": asked.Before.String(), "appId": asked.App.String()} {
			if said.Has(name) && said.Get(name) != id {
				t.Fatalf("%q asks for %s %s", query, name, id)
			}
		}
	})
}
