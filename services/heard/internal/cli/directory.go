package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/services/heard/internal/client"
)

// directory finds the id of a thing by the name that people know it under, in a list of the API. One that asks has the API
// choose by the name.
type directory struct {
	what, path, by string
	asks           bool
}

var (
	appsBySlug         = &directory{what: "App", path: "/v1/apps", by: "slug"}
	membersByEmail     = &directory{what: "member", path: "/v1/members", by: "email"}
	invitationsByEmail = &directory{what: "invitation", path: "/v1/invitations", by: "email"}
	peopleByEmail      = &directory{what: "person", path: "/v1/people", by: "email", asks: true}
)

// find gives the id. What looks like an id is one; without a directory every text stands for itself.
func (d *directory) find(ctx context.Context, api *client.Client, name string) (string, error) {
	if d == nil || name == "" {
		return name, nil
	}
	if _, err := id.Parse(name); err == nil {
		return name, nil
	}
	query := url.Values{}
	if d.asks {
		query.Set(d.by, name)
	}
	for {
		answer, err := api.Do(ctx, client.Call{Method: http.MethodGet, Path: d.path, Query: query})
		if err != nil {
			return "", err
		}
		var listed page
		if err := json.Unmarshal(answer, &listed); err != nil {
			return "", err
		}
		for _, object := range listed.Data {
			thing, err := readRecord(object)
			if err != nil {
				return "", err
			}
			if d.asks || thing.get(d.by) == name {
				return thing.get("id"), nil
			}
		}
		if listed.NextCursor == "" {
			return "", fmt.Errorf("there is no %s %s", d.what, name)
		}
		query.Set("cursor", listed.NextCursor)
	}
}
