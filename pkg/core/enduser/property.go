package enduser

import (
	"time"

	"github.com/heard-dev/heard/pkg/core/resource"
	"github.com/heard-dev/heard/pkg/id"
)

// PropertyType is what the values of an attribute are.
type PropertyType string

// The types.
const (
	Text    PropertyType = "string"
	Number  PropertyType = "number"
	Boolean PropertyType = "boolean"
	Date    PropertyType = "date"
)

// Property says what a team means by one attribute of its people; the resource's Name is the attribute's. It describes, and
// refuses nothing.
type Property struct{ Type PropertyType }

// Properties is where they are kept.
func Properties(store resource.Store, ids *id.Source, now func() time.Time) resource.Shelf[Property] {
	return resource.Shelf[Property]{Kind: "contact_property", Store: store, IDs: ids, Now: now}
}
