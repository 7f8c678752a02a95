package dialect_test

import (
	"net/http"
	"strings"
	"testing"
)

func owners(method, path string) (names []string) {
	for _, d := range all() {
		if d.Owns(method, path) {
			names = append(names, d.Name())
		}
	}
	return names
}

func methods() []string {
	return []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions}
}

func TestEveryDocumentedPathHasItsOneOwner(t *testing.T) {
	rows := []struct{ owner, paths string }{
		{"userz", "/v1/feedback /v1/feedback/ /v1/feedback/upload-url /v1/feedback/507f1f77bcf86cd799439011 /v1/feedback/a.b " +
			"/v1/events/ /v1/events/507f1f77bcf86cd799439011 /v1/apps /v1/agent-runs/507f1f77bcf86cd799439011 /v1/tokens/mint"},
		{"userorbit", "/v1/feedbacks.list /v1/feedbacks.create /v1/feedbacks.update /v1/teams.info /v1/topics.info /v1/zapier.subscribe " +
			"/v1/feedback-boards.create /v1/users.info /v1/users.info/ /v1/public/subscriber.identify /v1/public/feedbacks.create " +
			"/v1/public/documents.list /v1/public/nothing /api/v1/feedbacks.list /api/v1/teams.info /api/v1/public/subscriber.identify"},
		{"userboost", "/v1/event /v1/events /v1/event/nothing"},
		{"authworx", "/api/v1/org /api/v1/org/api-keys /api/v1/org/api-keys/key_01ABCD /api/v1/org/members/invite /api/v1/org/webhooks " +
			"/api/v1/auth/login /api/v1/public/verify /api/v1/public/org /api/v1/public/users/usr_1 /api/v1/public/users/a.b /api/v1"},
		{"users", "/v1/users /v1/users/user_ghi789"},
		{"", "/ /v1 /v1/ /v1/feedbacks /v1/usersx /v1/eventful /v2/users /v1/.list /v1/feedbacks. /api /api/v2/x /openapi.json /docs /healthz"},
	}
	for _, row := range rows {
		for path := range strings.FieldsSeq(row.paths) {
			for _, method := range methods() {
				want := row.owner
				if path == "/v1/events" && method != http.MethodPost {
					want = "userz" // events come in by one surface and are read on the other
				}
				if got := strings.Join(owners(method, path), " and "); got != want {
					t.Errorf("%s %s is owned by %q, want %q", method, path, got, want)
				}
			}
		}
	}
}

func TestNoRequestHasTwoOwners(t *testing.T) {
	segments := strings.Split("/v1 /api /public /users /feedback /event /events /tokens /users.list /. /", " ")
	paths := []string{""}
	for range 4 {
		var longer []string
		for _, path := range paths {
			for _, segment := range segments {
				longer = append(longer, path+segment)
			}
		}
		for _, path := range longer {
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				if names := owners(method, path); len(names) > 1 {
					t.Fatalf("%s %s is owned by %v", method, path, names)
				}
			}
		}
		paths = longer
	}
}
