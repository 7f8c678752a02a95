package httpapi

import (
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/httpkit"
)

// Users adds the routes of the users surface.
func Users(*httpkit.API, *manage.Manager) {}
