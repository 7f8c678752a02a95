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

// TwoFactor adds what members do about their own second factor.
func TwoFactor(api *httpkit.API, issuer *signin.Issuer) {
	door := httpkit.Session("", false)
	query := httpkit.Fault{Kind: apierr.Invalid, Code: apierr.CodeInvalidQuery, When: "there is a query parameter; none is known"}
	wrong := httpkit.Fault{Kind: apierr.Unauthenticated, Code: apierr.CodeInvalidCode, When: "the code is wrong, or was used before; failures count like those of log-ins"}
	enabled := httpkit.Fault{Kind: apierr.Conflict, Code: apierr.CodeAlreadyExists, When: "a second factor is enabled already"}

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPost, Path: "/v1/two-factor/enroll", ID: "enrollTwoFactor", Tag: "Two-factor", Status: http.StatusOK,
		Summary: "Draw a secret for an authenticator app",
		Notes:   "Nothing is asked for at log-in until a first code has enabled it. Enrolling again before that draws another secret.",
		Door:    door, Errors: []httpkit.Fault{query, enabled},
	}, func(ctx context.Context, caller auth.Principal, _ *struct{}) (*enrolledOut, error) {
		key, link, err := issuer.Enroll(ctx, caller.By().Actor, caller.Org.ID, caller.Member.ID)
		if err != nil {
			return nil, err
		}
		return &enrolledOut{Body: enrolledFactor{Secret: key.Reveal(), URL: link.Reveal()}}, nil
	})

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPost, Path: "/v1/two-factor/enable", ID: "enableTwoFactor", Tag: "Two-factor", Status: http.StatusOK,
		Summary: "Ask for the second factor from now on",
		Notes:   "Each recovery code logs in once in place of a code. They are shown here and never again.",
		Door:    door, MaxBody: maxLogin,
		Errors: []httpkit.Fault{
			query, wrong, enabled,
			{Kind: apierr.Conflict, Code: apierr.CodeChanged, When: "nothing was enrolled, or it changed meanwhile"},
		},
	}, func(ctx context.Context, caller auth.Principal, in *enableIn) (*recoveryOut, error) {
		codes, err := issuer.Enable(ctx, caller.By().Actor, caller.Org.ID, caller.Member.ID, in.Body.Code)
		if err != nil {
			return nil, err
		}
		out := &recoveryOut{Body: recoveryCodes{RecoveryCodes: make([]string, len(codes))}}
		for i, code := range codes {
			out.Body.RecoveryCodes[i] = code.Reveal()
		}
		return out, nil
	})

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPost, Path: "/v1/two-factor/disable", ID: "disableTwoFactor", Tag: "Two-factor", Status: http.StatusNoContent,
		Summary: "Let the password alone log in again",
		Notes:   "Takes both the password and a code, or a recovery code. Where nothing is enabled the password is enough, so that the call may be repeated.",
		Door:    door, MaxBody: maxLogin,
		Errors: []httpkit.Fault{
			query, wrong,
			{Kind: apierr.Unauthenticated, Code: apierr.CodeInvalidCredentials, When: "the password is wrong"},
		},
	}, func(ctx context.Context, caller auth.Principal, in *disableIn) (*struct{}, error) {
		return &struct{}{}, issuer.Disable(ctx, caller.By().Actor, caller.Org.ID, caller.Member.ID, in.Body.Password, in.Body.Code)
	})
}

type enrolledOut struct{ Body enrolledFactor }

type enrolledFactor struct {
	Secret string `json:"secret" doc:"In base32, to be typed."`
	URL    string `json:"url" doc:"otpauth://…, to be shown as a QR code."`
}

type enableIn struct{ Body enableRequest }

type enableRequest struct {
	Code secret.String `json:"code" minLength:"1" maxLength:"64" doc:"Six digits."`
}

type recoveryOut struct{ Body recoveryCodes }

type recoveryCodes struct {
	RecoveryCodes []string `json:"recoveryCodes" nullable:"false"`
}

type disableIn struct{ Body disableRequest }

type disableRequest struct {
	Password secret.String `json:"password" minLength:"1" maxLength:"1024"`
	Code     secret.String `json:"code,omitempty" minLength:"1" maxLength:"64"`
}
