// Package leaks takes in reports of credentials that were found in the open.
package leaks

import (
	"context"
	"crypto/sha256"
	"strings"

	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/leak"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/secret"
)

// Intake takes in reports.
type Intake struct {
	Manager   *manage.Manager
	Reporters leak.Reporters
}

const (
	source = "report"
	// maxURL is how much is kept of where something was found, in bytes.
	maxURL = 2048
)

// Report is what somebody found, and the proof of who that is.
type Report struct {
	Identifier, Signature string
	Sum                   [sha256.Size]byte // of the request's body
	Found                 []Found
}

// Found is one text that looks like a credential, and where it stands.
type Found struct {
	Token secret.String
	URL   string
}

// Take notes the keys among what was found, and revokes those whose Org wants it so: genuine tells, in order, which are keys of
// somebody's. A report that is no reporter's is refused whole. Taking one again changes nothing.
func (i *Intake) Take(ctx context.Context, report Report) (genuine []bool, err error) {
	if err := i.Reporters.Verify(report.Identifier, report.Signature, report.Sum); err != nil {
		return nil, err
	}
	genuine = make([]bool, len(report.Found))
	for n, found := range report.Found {
		genuine[n], err = i.Manager.Leaked(ctx, found.Token, apikey.Leak{Source: source, URL: clip(found.URL)})
		if err != nil {
			return nil, err
		}
	}
	return genuine, nil
}

func clip(url string) string {
	return strings.ToValidUTF8(url[:min(len(url), maxURL)], "")
}
