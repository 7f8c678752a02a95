package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/core/usage"
	"github.com/heard-dev/heard/pkg/dialect/userz"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
	"github.com/heard-dev/heard/services/keys/internal/erase"
)

// apps are the routes of Apps and their signing secrets.
type apps struct {
	manager *manage.Manager
	uses    usage.Store
	eraser  *erase.Eraser
}

func (a apps) add(api *httpkit.API) {
	read, change := httpkit.Manage(access.AppsRead), httpkit.Manage(access.AppsManage)
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/v1/apps", ID: "listApps", Tag: "Apps", Status: http.StatusOK,
		Summary: "List the Org's Apps, oldest first",
		Door:    read,
		Errors:  []httpkit.Fault{{Kind: apierr.Invalid, Code: apierr.CodeInvalidQuery, When: "there is a query parameter; none is known"}},
	}, a.list)
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPost, Path: "/v1/apps", ID: "createApp", Tag: "Apps", Status: http.StatusCreated,
		Summary: "Make an App", Notes: "`signingSecret` is shown this once. It signs user tokens: keep it in your backend.",
		Door: change, MaxBody: maxChange,
		Errors: []httpkit.Fault{badQuery(), conflict(apierr.CodeAlreadyExists, "the slug is taken")},
	}, a.create)
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/v1/apps/{id}", ID: "getApp", Tag: "Apps", Status: http.StatusOK,
		Summary: "Get an App", Door: read, Errors: []httpkit.Fault{badQuery(), missing("App")},
	}, a.get)
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPatch, Path: "/v1/apps/{id}", ID: "updateApp", Tag: "Apps", Status: http.StatusOK,
		Summary: "Change an App's settings", Notes: "What is left out stays. The slug and the public key never change: they stand in web pages.",
		Door: change, MaxBody: maxChange, Errors: []httpkit.Fault{badQuery(), missing("App"), changed()},
	}, a.update)
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodDelete, Path: "/v1/apps/{id}", ID: "deleteApp", Tag: "Apps", Status: http.StatusAccepted,
		Summary: "Delete an App",
		Notes: "From the answer on its public key and its user tokens open nothing, and all that it heard is being erased. " +
			"The answer is the receipt, filled in as the work goes on: `GET /v1/erasures/{id}`. To repeat the request asks for nothing new.",
		Door: change, Errors: []httpkit.Fault{badQuery(), missing("App"), changed()},
	}, a.remove)
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/v1/apps/{id}/secrets", ID: "listSigningSecrets", Tag: "Apps", Status: http.StatusOK,
		Summary: "List an App's signing secrets, the present one first",
		Notes: "Never the secrets themselves. The `id` is the `kid` of the tokens that Heard mints. When a rotated secret's " +
			"`lastUsedAt` stays the same, no token of it comes any more.",
		Door: read, Errors: []httpkit.Fault{badQuery(), missing("App")},
	}, a.secrets)
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPost, Path: "/v1/apps/{id}/rotate-secret", ID: "rotateSigningSecret", Tag: "Apps", Status: http.StatusOK,
		Summary: "Replace an App's signing secret",
		Notes: "`signingSecret` is shown this once. Without an overlap every token of the former secret is refused everywhere when " +
			"the answer comes.",
		Door: change, MaxBody: maxChange,
		Errors: []httpkit.Fault{badQuery(), missing("App"), changed(), conflict(apierr.CodeLimitReached, "too many secrets verify at the same time")},
	}, a.rotate)
}

func (a apps) list(ctx context.Context, caller auth.Principal, _ *struct{}) (*appsOut, error) {
	all, err := a.manager.Store.Apps(ctx, caller.Org.ID)
	if err != nil {
		return nil, err
	}
	out := &appsOut{Body: appList{Data: []App{}}}
	for _, stored := range all {
		if stored.DeletedAt.IsZero() && caller.Reaches(stored.ID) {
			out.Body.Data = append(out.Body.Data, appView(stored))
		}
	}
	return out, nil
}

func (a apps) create(ctx context.Context, caller auth.Principal, in *createAppIn) (*createdAppOut, error) {
	if !caller.Only().IsZero() {
		return nil, apierr.New(apierr.Forbidden, apierr.CodeForbidden, "This API key is for one App only.")
	}
	made, signing, err := a.manager.CreateApp(ctx, caller.By(), caller.Org.ID, in.draft())
	if err != nil {
		return nil, err
	}
	return &createdAppOut{Body: createdApp{App: appView(made), SigningSecret: signing.Reveal()}}, nil
}

func (a apps) get(ctx context.Context, caller auth.Principal, in *idIn) (*appOut, error) {
	return appAnswer(a.find(ctx, caller, in.ID))
}

func (a apps) update(ctx context.Context, caller auth.Principal, in *updateAppIn) (*appOut, error) {
	app, err := a.find(ctx, caller, in.ID)
	if err != nil {
		return nil, err
	}
	return appAnswer(a.manager.UpdateApp(ctx, caller.By(), caller.Org.ID, app.ID, in.change()))
}

// remove takes an App that is deleted already, too: the first answer may have been lost.
func (a apps) remove(ctx context.Context, caller auth.Principal, in *idIn) (*erasureOut, error) {
	app := userz.ID(in.ID)
	if !caller.Reaches(app) {
		return nil, apierr.Missing("App")
	}
	receipt, err := a.manager.DeleteApp(ctx, caller.By(), caller.Org.ID, app)
	if err != nil {
		return nil, err
	}
	a.eraser.Asked()
	return &erasureOut{Body: erasureView(receipt)}, nil
}

func (a apps) secrets(ctx context.Context, caller auth.Principal, in *idIn) (*secretsOut, error) {
	app, err := a.find(ctx, caller, in.ID)
	if err != nil {
		return nil, err
	}
	ids := make([]id.ID, len(app.Secrets))
	for i, s := range app.Secrets {
		ids[i] = s.ID
	}
	used, err := a.uses.LastUses(ctx, caller.Org.ID, ids)
	if err != nil {
		return nil, err
	}
	out := &secretsOut{Body: secretList{Data: make([]SigningSecret, len(app.Secrets))}}
	for i, s := range app.Secrets {
		out.Body.Data[i] = secretView(s, used[s.ID])
	}
	return out, nil
}

func (a apps) rotate(ctx context.Context, caller auth.Principal, in *rotateSecretIn) (*rotatedSecretOut, error) {
	app, err := a.find(ctx, caller, in.ID)
	if err != nil {
		return nil, err
	}
	overlap := time.Duration(in.Body.OverlapSeconds) * time.Second
	var signing secret.String
	if in.Body.Secret == "" {
		app, signing, err = a.manager.RotateSecret(ctx, caller.By(), caller.Org.ID, app.ID, overlap)
	} else {
		app, signing, err = a.manager.ImportSecret(ctx, caller.By(), caller.Org.ID, app.ID, in.Body.Secret, overlap)
	}
	if err != nil {
		return nil, err
	}
	return &rotatedSecretOut{Body: rotatedSecret{SigningSecret: secretView(app.Secrets[0], time.Time{}), Plain: signing.Reveal()}}, nil
}

// find gives an App that exists for the caller.
func (a apps) find(ctx context.Context, caller auth.Principal, text string) (tenant.App, error) {
	app := userz.ID(text)
	if !caller.Reaches(app) {
		return tenant.App{}, apierr.Missing("App")
	}
	return a.manager.App(ctx, caller.Org.ID, app)
}
