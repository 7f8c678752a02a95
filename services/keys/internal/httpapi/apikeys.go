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
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/core/usage"
	"github.com/heard-dev/heard/pkg/dialect/userz"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
)

// apiKeys are the routes of API keys of every format.
type apiKeys struct {
	manager *manage.Manager
	uses    usage.Store
}

func (k apiKeys) add(api *httpkit.API) {
	door := httpkit.Manage(access.KeysManage)
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/v1/keys", ID: "listKeys", Tag: "API keys", Status: http.StatusOK,
		Summary: "List the Org's API keys, oldest first", Notes: "Those that have ended, too. Never the keys themselves.",
		Door: door, Errors: []httpkit.Fault{badQuery()},
	}, k.list)
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPost, Path: "/v1/keys", ID: "createKey", Tag: "API keys", Status: http.StatusCreated,
		Summary: "Make an API key",
		Notes: "`key` is shown this once. What the key may do is its `scopes`, as far as its creator's present role goes; nobody " +
			"gives a key a scope that they do not have themselves.",
		Door: door, MaxBody: maxChange, Errors: []httpkit.Fault{badQuery()},
	}, k.create)
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/v1/keys/{id}", ID: "getKey", Tag: "API keys", Status: http.StatusOK,
		Summary: "Get an API key", Door: door, Errors: []httpkit.Fault{badQuery(), missing("key")},
	}, k.get)
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodDelete, Path: "/v1/keys/{id}", ID: "revokeKey", Tag: "API keys", Status: http.StatusOK,
		Summary: "Revoke an API key", Notes: "From the answer on no process honours it. Its history stays. To repeat it changes nothing.",
		Door: door, Errors: []httpkit.Fault{badQuery(), missing("key")},
	}, k.revoke)
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPost, Path: "/v1/keys/{id}/rotate", ID: "rotateKey", Tag: "API keys", Status: http.StatusCreated,
		Summary: "Replace an API key by another with the same name, scopes and bounds",
		Notes: "The answer is the new key; `key` is shown this once. Without an overlap the former one is dead everywhere when the " +
			"answer comes. Whoever rotates is the new key's creator.",
		Door: door, MaxBody: maxChange,
		Errors: []httpkit.Fault{
			badQuery(), missing("key"), conflict(apierr.CodeChanged, "the key has ended"),
			{Kind: apierr.Forbidden, Code: apierr.CodeForbidden, When: "the key has a scope that the caller has not"},
		},
	}, k.rotate)
}

func (k apiKeys) list(ctx context.Context, caller auth.Principal, _ *struct{}) (*keysOut, error) {
	stored, err := k.manager.Store.Keys(ctx, caller.Org.ID)
	if err != nil {
		return nil, err
	}
	views, err := k.views(ctx, caller.Org.ID, stored...)
	return &keysOut{Body: keyList{Data: views}}, err
}

func (k apiKeys) create(ctx context.Context, caller auth.Principal, in *createKeyIn) (*freshKeyOut, error) {
	if err := in.faults(caller, k.manager.Now()); err != nil {
		return nil, err
	}
	draft, _ := in.draft()
	made, text, err := k.manager.CreateKey(ctx, caller.By(), caller.Org.ID, draft)
	return k.shown(ctx, made, text, err)
}

func (k apiKeys) get(ctx context.Context, caller auth.Principal, in *idIn) (*keyOut, error) {
	found, err := k.manager.Store.Key(ctx, caller.Org.ID, userz.ID(in.ID))
	return k.answer(ctx, found, err)
}

func (k apiKeys) revoke(ctx context.Context, caller auth.Principal, in *idIn) (*keyOut, error) {
	revoked, err := k.manager.RevokeKey(ctx, caller.By(), caller.Org.ID, userz.ID(in.ID))
	return k.answer(ctx, revoked, err)
}

func (k apiKeys) rotate(ctx context.Context, caller auth.Principal, in *rotateKeyIn) (*freshKeyOut, error) {
	overlap := time.Duration(in.Body.OverlapSeconds) * time.Second
	fresh, text, err := k.manager.RotateKey(ctx, caller.By(), caller.Org.ID, userz.ID(in.ID), overlap)
	return k.shown(ctx, fresh, text, err)
}

func (k apiKeys) answer(ctx context.Context, key apikey.Key, err error) (*keyOut, error) {
	if err != nil {
		return nil, err
	}
	views, err := k.views(ctx, key.Org, key)
	if err != nil {
		return nil, err
	}
	return &keyOut{Body: views[0]}, nil
}

// shown is the one answer that has the key itself.
func (k apiKeys) shown(ctx context.Context, key apikey.Key, text secret.String, err error) (*freshKeyOut, error) {
	out, err := k.answer(ctx, key, err)
	if err != nil {
		return nil, err
	}
	return &freshKeyOut{Body: freshKey{APIKey: out.Body, Key: text.Reveal()}}, nil
}

// views shows keys with what others than they know: when they were last used, and what their creators may do now.
func (k apiKeys) views(ctx context.Context, org id.ID, keys ...apikey.Key) ([]APIKey, error) {
	ids, creators := make([]id.ID, len(keys)), map[id.ID]*tenant.Member{id.Zero: nil}
	for i, key := range keys {
		ids[i] = key.ID
		if _, known := creators[key.Creator]; known {
			continue
		}
		creator, err := k.manager.Store.Member(ctx, org, key.Creator)
		if err != nil && apierr.KindOf(err) != apierr.NotFound {
			return nil, err
		}
		creators[key.Creator] = &creator // one that is gone has no role
	}
	used, err := k.uses.LastUses(ctx, org, ids)
	if err != nil {
		return nil, err
	}
	views := make([]APIKey, len(keys))
	for i, key := range keys {
		views[i] = keyView(key, key.Rights(creators[key.Creator]), used[key.ID], k.manager.Now())
	}
	return views, nil
}
