// Package httpapi is how keys is spoken to.
package httpapi

import (
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/usage"
	"github.com/heard-dev/heard/pkg/dialect/userz"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/services/keys/internal/erase"
)

// maxChange is far more than the settings of anything take, in bytes.
const maxChange = 64 << 10

// Userz adds the native routes by which an Org manages itself.
func Userz(api *httpkit.API, manager *manage.Manager, uses usage.Store, eraser *erase.Eraser) {
	orgs{manager}.add(api)
	apps{manager, uses, eraser}.add(api)
	members{manager}.add(api)
	invitations{manager}.add(api)
	apiKeys{manager, uses}.add(api)
}

type idIn struct {
	ID string `path:"id"`
}

func badQuery() httpkit.Fault {
	return httpkit.Fault{Kind: apierr.Invalid, Code: apierr.CodeInvalidQuery, When: "a parameter is malformed or unknown"}
}

func missing(what string) httpkit.Fault {
	return httpkit.Fault{Kind: apierr.NotFound, Code: apierr.CodeNotFound, When: "the Org has no such " + what}
}

func conflict(code apierr.Code, when string) httpkit.Fault {
	return httpkit.Fault{Kind: apierr.Conflict, Code: code, When: when}
}

// changed is the fault of a change that lost to others of the same thing, again and again.
func changed() httpkit.Fault {
	return conflict(apierr.CodeChanged, "others keep changing the same thing; read it and try again")
}

// moment spells a time; null when there is none.
func moment(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	text := userz.Time(t)
	return &text
}
