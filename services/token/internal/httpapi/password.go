package httpapi

import (
	"context"
	"net/http"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/signin"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/secret"
)

// Password adds what members do about their own password.
func Password(api *httpkit.API, issuer *signin.Issuer) {
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPut, Path: "/v1/password", ID: "changePassword", Tag: "Sessions", Status: http.StatusNoContent,
		Summary: "Change the password",
		Notes:   "All sessions end, the one that asks too: log in again. A password that anybody would guess is refused.",
		Door:    httpkit.Session("", false), MaxBody: maxLogin,
		Errors: []httpkit.Fault{
			{Kind: apierr.Invalid, Code: apierr.CodeInvalidQuery, When: "there is a query parameter; none is known"},
			{Kind: apierr.Unauthenticated, Code: apierr.CodeInvalidCredentials, When: "the present password is wrong; failures count like those of log-ins"},
			{Kind: apierr.Conflict, Code: apierr.CodeChanged, When: "the password was changed meanwhile"},
		},
	}, func(ctx context.Context, caller auth.Principal, in *passwordIn) (*struct{}, error) {
		said := in.Body
		return &struct{}{}, issuer.ChangePassword(ctx, caller.By().Actor, caller.Org.ID, caller.Member.ID, said.CurrentPassword, said.NewPassword)
	})
}

type passwordIn struct{ Body passwordRequest }

type passwordRequest struct {
	CurrentPassword secret.String `json:"currentPassword" minLength:"1" maxLength:"1024"`
	NewPassword     secret.String `json:"newPassword" minLength:"8" maxLength:"1024"`
}
