package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/usage"
	"github.com/heard-dev/heard/pkg/dialect/authworx"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/id"
)

func authworxKeys(api *httpkit.API, manager *manage.Manager, uses usage.Store) {
	door := httpkit.Colleague(access.KeysManage)

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPost, Path: "/api/v1/org/api-keys", ID: "createApiKey", Tag: "API keys", Status: http.StatusCreated,
		Summary: "Make an API key", Notes: "For whoever is `org_admin`. `key` is shown here and never again; a lost one is revoked and made anew.",
		Door: door, MaxBody: maxAuthworx, Errors: []httpkit.Fault{unknownParameter},
	}, func(ctx context.Context, caller auth.Principal, in *newKeyIn) (*newKeyOut, error) {
		made, text, err := manager.CreateKey(ctx, caller.By(), caller.Org.ID, in.draft())
		if err != nil {
			return nil, err
		}
		return &newKeyOut{Body: authworx.Succeed(createdAPIKey{Key: text.Reveal(), APIKey: newAPIKey{
			ID: made.ID.Prefixed(authworx.KeyPrefix), Name: made.Name, Prefix: made.Prefix, CreatedAt: authworx.Time(made.CreatedAt),
			ExpiresAt: authworx.Optional(made.ExpiresAt),
		}})}, nil
	})

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/api/v1/org/api-keys", ID: "listApiKeys", Tag: "API keys", Status: http.StatusOK,
		Summary: "List the API keys, oldest first", Notes: "For whoever is `org_admin`. Revoked keys stay listed, with `isActive` false.",
		Door: door, Errors: []httpkit.Fault{unknownParameter},
	}, func(ctx context.Context, caller auth.Principal, _ *inOrg) (*keyListOut, error) {
		list, err := authworxKeyList(ctx, manager, uses, caller.Org.ID)
		if err != nil {
			return nil, err
		}
		return &keyListOut{Body: authworx.Succeed(list)}, nil
	})

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodDelete, Path: "/api/v1/org/api-keys/{keyId}", ID: "revokeApiKey", Tag: "API keys", Status: http.StatusOK,
		Summary: "Revoke an API key", Notes: "For whoever is `org_admin`. When the answer comes nothing honours the key any more. It may be repeated.",
		Door:   door,
		Errors: []httpkit.Fault{unknownParameter, {Kind: apierr.NotFound, Code: apierr.CodeNotFound, When: "the organisation has no such API key"}},
	}, func(ctx context.Context, caller auth.Principal, in *apiKeyIn) (*saidOut, error) {
		if err := authworxRevoke(ctx, manager, caller, authworx.ID(authworx.KeyPrefix, in.KeyID)); err != nil {
			return nil, err
		}
		return said("API key revoked"), nil
	})
}

// authworxKeyList lists the keys that this surface knows: the others are no business of its clients.
func authworxKeyList(ctx context.Context, manager *manage.Manager, uses usage.Store, org id.ID) (apiKeyList, error) {
	list := apiKeyList{APIKeys: []listedAPIKey{}}
	stored, err := manager.Store.Keys(ctx, org)
	if err != nil {
		return list, err
	}
	ids := make([]id.ID, 0, len(stored))
	for _, key := range stored {
		ids = append(ids, key.ID)
	}
	used, err := uses.LastUses(ctx, org, ids)
	if err != nil {
		return list, err
	}
	for _, key := range stored {
		if key.Format == apikey.AuthWorx().Name {
			list.APIKeys = append(list.APIKeys, listedAPIKey{
				ID: key.ID.Prefixed(authworx.KeyPrefix), Name: key.Name, Prefix: key.Prefix, IsActive: key.Live(manager.Now()),
				CreatedAt: authworx.Time(key.CreatedAt), ExpiresAt: authworx.Optional(key.ExpiresAt), LastUsedAt: authworx.Optional(used[key.ID]),
			})
		}
	}
	return list, nil
}

func authworxRevoke(ctx context.Context, manager *manage.Manager, caller auth.Principal, key id.ID) error {
	stored, err := manager.Store.Key(ctx, caller.Org.ID, key)
	if err != nil {
		return err
	}
	if stored.Format != apikey.AuthWorx().Name {
		return apierr.Missing("API key")
	}
	_, err = manager.RevokeKey(ctx, caller.By(), caller.Org.ID, key)
	return err
}

type newKeyIn struct {
	OrgSlug string `header:"X-Org-Slug" required:"true" doc:"The organisation's slug."`
	Body    apiKeyRequest
}

type apiKeyRequest struct {
	Name      string     `json:"name" minLength:"1" maxLength:"200"`
	ExpiresAt *time.Time `json:"expiresAt,omitempty" nullable:"true" doc:"In the future; without it the key never expires."`
	_         struct{}   `json:"-" additionalProperties:"true"`
}

func (in *newKeyIn) draft() manage.KeyDraft {
	draft := manage.KeyDraft{Format: apikey.AuthWorx().Name, Name: in.Body.Name}
	if in.Body.ExpiresAt != nil {
		draft.ExpiresAt = in.Body.ExpiresAt.UTC().Truncate(time.Millisecond)
	}
	return draft
}

type newKeyOut struct {
	Body authworx.Success[createdAPIKey]
}

type createdAPIKey struct {
	Key    string    `json:"key" doc:"The secret itself."`
	APIKey newAPIKey `json:"apiKey"`
}

type newAPIKey struct {
	ID         string  `json:"id"`
	Name       string  `json:"name"`
	Prefix     string  `json:"prefix" doc:"The first 10 characters of the key."`
	CreatedAt  string  `json:"createdAt" format:"date-time"`
	ExpiresAt  *string `json:"expiresAt" format:"date-time"`
	LastUsedAt *string `json:"lastUsedAt" format:"date-time"`
}

type keyListOut struct{ Body authworx.Success[apiKeyList] }

type apiKeyList struct {
	APIKeys []listedAPIKey `json:"apiKeys" nullable:"false"`
}

type listedAPIKey struct {
	ID         string  `json:"id"`
	Name       string  `json:"name"`
	Prefix     string  `json:"prefix" doc:"The first 10 characters of the key."`
	IsActive   bool    `json:"isActive"`
	CreatedAt  string  `json:"createdAt" format:"date-time"`
	ExpiresAt  *string `json:"expiresAt" format:"date-time"`
	LastUsedAt *string `json:"lastUsedAt" format:"date-time"`
}

type apiKeyIn struct {
	OrgSlug string `header:"X-Org-Slug" required:"true" doc:"The organisation's slug."`
	KeyID   string `path:"keyId"`
}
