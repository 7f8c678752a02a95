package httpapi

import (
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/resource"
	"github.com/heard-dev/heard/pkg/dialect/userorbit"
	"github.com/heard-dev/heard/pkg/httpkit"
)

// UserorbitProperties adds the actions on contact properties: what a team means by the metadata of its subscribers.
func UserorbitProperties(api *httpkit.API, shelf resource.Shelf[enduser.Property]) {
	k := kept[enduser.Property, contactProperty]{
		api: api, resource: "contact-properties", tag: "Contact properties", thing: "contact property",
		read: httpkit.Team(access.PeopleRead), write: httpkit.Team(access.PeopleWrite), shelf: shelf, view: propertyView,
	}
	addCreate[newProperty](k)
	k.list()
	addUpdate[propertyEdit](k)
	k.delete(shelf.Delete)
}

type contactProperty struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Type      string `json:"type" enum:"string,number,boolean,date"`
	CreatedAt string `json:"createdAt" format:"date-time"`
	UpdatedAt string `json:"updatedAt" format:"date-time"`
}

func propertyView(p *resource.Of[enduser.Property]) contactProperty {
	return contactProperty{
		ID: p.ID.UUID(), Name: p.Name, Type: string(p.Value.Type), CreatedAt: userorbit.Time(p.CreatedAt), UpdatedAt: userorbit.Time(p.UpdatedAt),
	}
}

type newProperty struct {
	Name string   `json:"name" minLength:"1" maxLength:"100" doc:"The member of the metadata; unique, whatever its case."`
	Type string   `json:"type" enum:"string,number,boolean,date"`
	_    struct{} `json:"-" additionalProperties:"true"`
}

func (n *newProperty) draft() (string, enduser.Property) {
	return n.Name, enduser.Property{Type: enduser.PropertyType(n.Type)}
}

type propertyEdit struct {
	ID   string   `json:"id"`
	Name *string  `json:"name,omitempty" minLength:"1" maxLength:"100"`
	Type *string  `json:"type,omitempty" enum:"string,number,boolean,date"`
	_    struct{} `json:"-" additionalProperties:"true"`
}

func (e *propertyEdit) which() string { return e.ID }

func (e *propertyEdit) apply(p *resource.Of[enduser.Property]) {
	if e.Name != nil {
		p.Name = *e.Name
	}
	if e.Type != nil {
		p.Value.Type = enduser.PropertyType(*e.Type)
	}
}
