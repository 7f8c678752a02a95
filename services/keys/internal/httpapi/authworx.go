package httpapi

import (
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/signin"
	"github.com/heard-dev/heard/pkg/core/usage"
	"github.com/heard-dev/heard/pkg/httpkit"
)

// Authworx adds the AuthWorx routes.
func Authworx(*httpkit.API, *auth.Authenticator, *manage.Manager, *signin.Issuer, usage.Store) {}
