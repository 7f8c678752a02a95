// Package tongues lists every dialect that Heard speaks.
package tongues

import (
	"github.com/heard-dev/heard/pkg/dialect"
	"github.com/heard-dev/heard/pkg/dialect/authworx"
	"github.com/heard-dev/heard/pkg/dialect/userboost"
	"github.com/heard-dev/heard/pkg/dialect/userorbit"
	"github.com/heard-dev/heard/pkg/dialect/users"
	"github.com/heard-dev/heard/pkg/dialect/userz"
)

// All lists the dialects, the native one first: it answers for paths that none owns.
func All() []dialect.Dialect {
	return []dialect.Dialect{userz.Dialect{}, userorbit.Dialect{}, userboost.Dialect{}, authworx.Dialect{}, users.Dialect{}}
}
