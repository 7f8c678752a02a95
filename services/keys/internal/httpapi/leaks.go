package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/secret"
	"github.com/heard-dev/heard/services/keys/internal/leaks"
)

const (
	maxLeakReport = 1 << 20 // bytes
	maxLeaks      = 1000
)

// Leaks adds the route of those who find credentials in the open. Its shape is that of GitHub's secret scanning partner
// programme.
func Leaks(api *httpkit.API, intake *leaks.Intake) {
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPost, Path: "/v1/leaks", ID: "reportLeaks", Tag: "Leaks", Status: http.StatusOK,
		Summary: "Report API keys that were found in the open",
		Notes: "In the shape of GitHub's secret scanning partner programme: up to 1000 items, signed with ECDSA on P-256 over the SHA-256 of the raw " +
			"body. The operator says whose signatures are believed, in `HEARD_LEAK_REPORTERS`; without it every report is refused. What becomes " +
			"of a key is its Org's policy: it is marked and written into the audit log, and revoked where the Org wants that. A report " +
			"may be repeated.",
		MaxBody: maxLeakReport,
		Errors: []httpkit.Fault{
			badQuery(),
			{Kind: apierr.Unauthenticated, Code: apierr.CodeInvalidAuthorization, When: "the signature is no known reporter's, or not of this body"},
		},
	}, func(ctx context.Context, _ auth.Principal, in *leaksIn) (*leaksOut, error) {
		if len(in.Body) > maxLeaks {
			return nil, apierr.Body(apierr.Issue{Path: []any{}, Code: "too_big", Message: fmt.Sprintf("must have at most %d items", maxLeaks)})
		}
		report := leaks.Report{Identifier: in.Identifier, Signature: in.Signature, Sum: in.BodySum, Found: make([]leaks.Found, len(in.Body))}
		for i, found := range in.Body {
			report.Found[i] = leaks.Found{Token: found.Token, URL: found.URL}
		}
		genuine, err := intake.Take(ctx, report)
		if err != nil {
			return nil, err
		}
		out := &leaksOut{Body: make([]leakVerdict, len(genuine))}
		for i, found := range in.Body {
			out.Body[i] = verdictView(found, genuine[i])
		}
		return out, nil
	})
}

type leaksIn struct {
	Identifier string `header:"Github-Public-Key-Identifier" doc:"Names the key of the signature."`
	Signature  string `header:"Github-Public-Key-Signature" doc:"Of the raw body: ECDSA on P-256 with SHA-256, ASN.1 in base64."`
	BodySum    httpkit.BodySum
	Body       []foundToken
}

// foundToken takes members that are not known: what reporters send is not ours to say.
type foundToken struct {
	_      struct{}      `additionalProperties:"true"`
	Token  secret.String `json:"token"`
	Type   string        `json:"type,omitempty"`
	URL    string        `json:"url,omitempty" doc:"Where it was found."`
	Source string        `json:"source,omitempty" doc:"In what: commit, issue, …"`
}

type leaksOut struct{ Body []leakVerdict }

type leakVerdict struct {
	TokenHash string `json:"token_hash" doc:"SHA-256 of the token, in hex."`
	TokenType string `json:"token_type" doc:"As it was reported."`
	Label     string `json:"label" enum:"true_positive,false_positive" doc:"true_positive for a key of somebody's, revoked or not."`
}

func verdictView(found foundToken, genuine bool) leakVerdict {
	sum := sha256.Sum256([]byte(found.Token.Reveal()))
	view := leakVerdict{TokenHash: hex.EncodeToString(sum[:]), TokenType: found.Type, Label: "false_positive"}
	if genuine {
		view.Label = "true_positive"
	}
	return view
}
