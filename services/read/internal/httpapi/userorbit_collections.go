package httpapi

import (
	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/help"
	"github.com/heard-dev/heard/pkg/core/resource"
	"github.com/heard-dev/heard/pkg/dialect/userorbit"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/services/read/internal/browse"
)

const helpTag = "Help documents"

// UserorbitHelp adds the actions on help documents: collections, articles, and what subscribers think of them.
func UserorbitHelp(api *httpkit.API, library *help.Library, browser *browse.Browser) {
	read, write := httpkit.Team(access.DocumentsRead), httpkit.Team(access.DocumentsWrite)
	k := kept[help.About, collection]{
		api: api, resource: "collections", tag: helpTag, thing: "collection", read: read, write: write,
		shelf: library.Collections(), view: collectionView,
	}
	addCreate[newCollection](k)
	k.list()
	k.info()
	addUpdate[collectionEdit](k)
	k.delete(library.DeleteCollection, httpkit.Fault{Kind: apierr.Conflict, Code: apierr.CodeAlreadyExists, When: "it still holds articles"})

	a := articles{api, library}
	a.reads(read)
	a.writes(write)
	a.moves(write)
	d := documents{api, library, browser}
	d.reads()
	d.votes()
}

type collection struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	CreatedAt   string `json:"createdAt" format:"date-time"`
	UpdatedAt   string `json:"updatedAt" format:"date-time"`
}

func collectionView(c *help.Collection) collection {
	return collection{
		ID: c.ID.UUID(), Name: c.Name, Description: c.Value.Description, CreatedAt: userorbit.Time(c.CreatedAt), UpdatedAt: userorbit.Time(c.UpdatedAt),
	}
}

type newCollection struct {
	Name        string   `json:"name" minLength:"1" maxLength:"256" doc:"Unique, whatever its case."`
	Description string   `json:"description,omitempty" nullable:"true" maxLength:"2048"`
	_           struct{} `json:"-" additionalProperties:"true"`
}

func (n *newCollection) draft() (string, help.About) {
	return n.Name, help.About{Description: n.Description}
}

type collectionEdit struct {
	ID          string   `json:"id"`
	Name        *string  `json:"name,omitempty" minLength:"1" maxLength:"256"`
	Description *string  `json:"description,omitempty" maxLength:"2048"`
	_           struct{} `json:"-" additionalProperties:"true"`
}

func (e *collectionEdit) which() string { return e.ID }

func (e *collectionEdit) apply(c *resource.Of[help.About]) {
	if e.Name != nil {
		c.Name = *e.Name
	}
	if e.Description != nil {
		c.Value.Description = *e.Description
	}
}
