// Package httpapi is how keys is spoken to.
package httpapi

import (
	"context"
	"net/http"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/core/usage"
	"github.com/heard-dev/heard/pkg/dialect/userz"
	"github.com/heard-dev/heard/pkg/httpkit"
)

// Userz adds the native routes.
func Userz(api *httpkit.API, manager *manage.Manager, _ usage.Store) {
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/v1/apps", ID: "listApps", Tag: "Apps", Status: http.StatusOK,
		Summary: "List the Org's Apps, oldest first",
		Door:    httpkit.Manage(access.AppsRead),
		Errors:  []httpkit.Fault{{Kind: apierr.Invalid, Code: apierr.CodeInvalidQuery, When: "there is a query parameter; none is known"}},
	}, func(ctx context.Context, caller auth.Principal, _ *struct{}) (*appsOut, error) {
		apps, err := manager.Store.Apps(ctx, caller.Org.ID)
		if err != nil {
			return nil, err
		}
		out := &appsOut{Body: appList{Data: make([]app, len(apps))}}
		for i, stored := range apps {
			out.Body.Data[i] = appView(stored)
		}
		return out, nil
	})
}

type appsOut struct{ Body appList }

type appList struct {
	Data []app `json:"data" nullable:"false"`
}

type app struct {
	ID               string   `json:"id"`
	Slug             string   `json:"slug"`
	Name             string   `json:"name"`
	Description      string   `json:"description"`
	PublicKey        string   `json:"publicKey"`
	PublicSubmission bool     `json:"publicSubmissionEnabled"`
	ProcessingMode   string   `json:"processingMode" enum:"auto_pr,manual,no_pr"`
	BatchEnabled     bool     `json:"batchEnabled"`
	BatchWindowHours int      `json:"batchWindowHours"`
	AllowedOrigins   []string `json:"allowedOrigins" nullable:"false"`
	CreatedAt        string   `json:"createdAt" format:"date-time"`
}

func appView(a tenant.App) app {
	return app{
		ID: a.ID.String(), Slug: a.Slug, Name: a.Name, Description: a.Description, PublicKey: a.PublicKey,
		PublicSubmission: a.PublicSubmission, ProcessingMode: string(a.ProcessingMode),
		BatchEnabled: a.BatchEnabled, BatchWindowHours: a.BatchWindowHours,
		AllowedOrigins: append([]string{}, a.AllowedOrigins...), CreatedAt: userz.Time(a.CreatedAt),
	}
}
