package httpapi

import (
	"context"
	"net/http"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/signin"
	"github.com/heard-dev/heard/pkg/dialect/authworx"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/secret"
)

func authworxTwoFactor(api *httpkit.API, issuer *signin.Issuer) {
	wrong := httpkit.Fault{Kind: apierr.Unauthenticated, Code: apierr.CodeInvalidCode, When: "the code is wrong, or was used before; failures count like those of log-ins"}
	enabled := httpkit.Fault{Kind: apierr.Conflict, Code: apierr.CodeAlreadyExists, When: "a second factor is enabled already"}

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPost, Path: "/api/v1/auth/2fa/enroll", ID: "enrollSecondFactor", Tag: "Two-factor", Status: http.StatusOK,
		Summary: "Draw a secret for an authenticator app",
		Notes:   "Nothing is asked for at log-in until a first code has enabled it. Enrolling again before that draws another secret.",
		Door:    httpkit.Colleague(""), Errors: []httpkit.Fault{unknownParameter, enabled},
	}, func(ctx context.Context, caller auth.Principal, _ *inOrg) (*enrolmentOut, error) {
		key, link, err := issuer.Enroll(ctx, caller.By().Actor, caller.Org.ID, caller.Member.ID)
		if err != nil {
			return nil, err
		}
		return &enrolmentOut{Body: authworx.Succeed(enrolment{Secret: key.Reveal(), OTPAuthURL: link.Reveal()})}, nil
	})

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPost, Path: "/api/v1/auth/2fa/enable", ID: "enableSecondFactor", Tag: "Two-factor", Status: http.StatusOK,
		Summary: "Ask for the second factor from now on",
		Notes:   "Each recovery code logs in once in place of a code. They are shown here and never again.",
		Door:    httpkit.Colleague(""), MaxBody: maxLogin,
		Errors: []httpkit.Fault{unknownParameter, wrong, enabled, {Kind: apierr.Conflict, Code: apierr.CodeChanged, When: "nothing was enrolled, or it changed meanwhile"}},
	}, func(ctx context.Context, caller auth.Principal, in *firstCodeIn) (*recoveryCodesOut, error) {
		codes, err := issuer.Enable(ctx, caller.By().Actor, caller.Org.ID, caller.Member.ID, in.Body.Code)
		if err != nil {
			return nil, err
		}
		shown := recoveryCodes{RecoveryCodes: make([]string, len(codes))}
		for i, code := range codes {
			shown.RecoveryCodes[i] = code.Reveal()
		}
		return &recoveryCodesOut{Body: authworx.Succeed(shown)}, nil
	})

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPost, Path: "/api/v1/auth/2fa/disable", ID: "disableSecondFactor", Tag: "Two-factor", Status: http.StatusOK,
		Summary: "Let the password alone log in again",
		Notes:   "Takes both the password and a code, or a recovery code. Where nothing is enabled the password is enough, so that the call may be repeated.",
		Door:    httpkit.Colleague(""), MaxBody: maxLogin,
		Errors: []httpkit.Fault{unknownParameter, wrong, {Kind: apierr.Unauthenticated, Code: apierr.CodeInvalidCredentials, When: "the password is wrong"}},
	}, func(ctx context.Context, caller auth.Principal, in *lastCodeIn) (*saidOut, error) {
		err := issuer.Disable(ctx, caller.By().Actor, caller.Org.ID, caller.Member.ID, in.Body.Password, in.Body.Code)
		if err != nil {
			return nil, err
		}
		return &saidOut{Body: authworx.Succeed(authworx.Said{Message: "Two-factor authentication disabled"})}, nil
	})
}

type enrolmentOut struct{ Body authworx.Success[enrolment] }

type enrolment struct {
	Secret     string `json:"secret" doc:"In base32, to be typed."`
	OTPAuthURL string `json:"otpauthUrl" doc:"To be shown as a QR code."`
}

type firstCodeIn struct {
	OrgSlug string `header:"X-Org-Slug" required:"true" doc:"The organisation's slug."`
	Body    firstCode
}

type firstCode struct {
	Code secret.String `json:"code" minLength:"1" maxLength:"64" doc:"Six digits."`
	_    struct{}      `json:"-" additionalProperties:"true"`
}

type recoveryCodesOut struct {
	Body authworx.Success[recoveryCodes]
}

type lastCodeIn struct {
	OrgSlug string `header:"X-Org-Slug" required:"true" doc:"The organisation's slug."`
	Body    lastCode
}

type lastCode struct {
	Password secret.String `json:"password" minLength:"1" maxLength:"1024"`
	Code     secret.String `json:"code,omitempty" maxLength:"64" doc:"Six digits, or a recovery code."`
	_        struct{}      `json:"-" additionalProperties:"true"`
}

type saidOut struct {
	Body authworx.Success[authworx.Said]
}
