package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/resource"
	"github.com/heard-dev/heard/pkg/id"
)

const (
	ofBoards resource.Kind = "board"
	ofTags   resource.Kind = "tag"
)

func resources(t *testing.T, s Store) {
	m := newMaker()
	t.Run("resources read back exactly, page by page", func(t *testing.T) { resourcesReadBack(t, s, m) })
	t.Run("a name is one's of its kind and parent, whatever its case", func(t *testing.T) { resourceNames(t, s, m) })
	t.Run("a resource is replaced by compare and set", func(t *testing.T) { replaceResource(t, s, m) })
	t.Run("a deleted resource is gone, and its name free", func(t *testing.T) { deleteResource(t, s, m) })
}

func resourcesReadBack(t *testing.T, s Store, m maker) {
	org, parent := m.ids.New(), m.ids.New()
	var all, children []resource.Resource
	for n := range 6 {
		given := m.resource(org, ofBoards)
		if given.Parent = parent; n%2 == 0 {
			given = resource.Resource{ID: given.ID, Org: org, Kind: ofBoards, CreatedAt: moment(), Version: 1}
		} else {
			children = append(children, given)
		}
		stored := given
		stored.CreatedAt = given.CreatedAt.Add(999_999).In(time.FixedZone("west", -9*3600))
		must(t, s.CreateResource(t.Context(), org, stored))
		stranger := m.resource(m.ids.New(), ofBoards)
		stranger.Parent = parent
		must(t, s.CreateResource(t.Context(), stranger.Org, stranger))
		other := m.resource(org, ofTags)
		other.Parent = parent
		must(t, s.CreateResource(t.Context(), org, other))
		all = append(all, given)
	}
	for _, given := range all {
		same(t, read[resource.Resource](t)(s.Resource(t.Context(), org, ofBoards, given.ID)), given)
		_, err := s.Resource(t.Context(), org, ofTags, given.ID)
		missing(t, err)
	}
	for _, of := range []struct {
		parent id.ID
		want   []resource.Resource
	}{{id.Zero, all}, {parent, children}, {m.ids.New(), nil}} {
		for _, limit := range []int{0, 1, 2, 20} {
			for offset := 0; offset <= len(of.want); offset++ {
				query := resource.Query{Kind: ofBoards, Parent: of.parent, Offset: offset, Limit: limit}
				want := of.want[offset:]
				if limit > 0 {
					want = want[:min(limit, len(want))]
				}
				got := read[[]resource.Resource](t)(s.Resources(t.Context(), org, query))
				same(t, append([]resource.Resource{}, got...), append([]resource.Resource{}, want...))
				same(t, read[int64](t)(s.CountResources(t.Context(), org, query)), int64(len(of.want)))
			}
		}
	}
	again := m.resource(org, ofBoards)
	again.ID = all[0].ID
	taken(t, s.CreateResource(t.Context(), org, again))
}

func resourceNames(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	first := m.resource(org, ofBoards)
	must(t, s.CreateResource(t.Context(), org, first))
	named := func(org id.ID, kind resource.Kind, parent id.ID, name string) resource.Resource {
		given := m.resource(org, kind)
		given.Parent, given.Name = parent, name
		return given
	}
	for _, name := range []string{first.Name, strings.ToUpper(first.Name), strings.ToLower(first.Name)} {
		taken(t, s.CreateResource(t.Context(), org, named(org, ofBoards, first.Parent, name)))
		same(t, read[resource.Resource](t)(s.ResourceNamed(t.Context(), org, ofBoards, first.Parent, name)), first)
	}
	for _, given := range []resource.Resource{
		named(org, ofTags, first.Parent, first.Name), named(org, ofBoards, m.ids.New(), first.Name), named(org, ofBoards, id.Zero, first.Name),
		named(m.ids.New(), ofBoards, first.Parent, first.Name), named(org, ofBoards, first.Parent, ""), named(org, ofBoards, first.Parent, ""),
	} {
		must(t, s.CreateResource(t.Context(), given.Org, given))
		if given.Name != "" {
			same(t, read[resource.Resource](t)(s.ResourceNamed(t.Context(), given.Org, given.Kind, given.Parent, given.Name)), given)
		}
	}
	for _, name := range []string{"", "nothing", first.Name + " "} {
		_, err := s.ResourceNamed(t.Context(), org, ofBoards, first.Parent, name)
		missing(t, err)
	}
	oneWinner(t, apierr.CodeAlreadyExists, race(func(racer int) error {
		name := "Çelik"
		if racer%2 == 0 {
			name = "çELIK"
		}
		return s.CreateResource(t.Context(), org, named(org, ofBoards, first.Parent, name))
	}))
}

func replaceResource(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	stored, neighbour := m.resource(org, ofBoards), m.resource(org, ofBoards)
	neighbour.Parent = stored.Parent
	must(t, s.CreateResource(t.Context(), org, stored))
	must(t, s.CreateResource(t.Context(), org, neighbour))
	former := stored.Name
	winner := oneWinner(t, apierr.CodeChanged, race(func(racer int) error {
		mine := stored
		mine.Name, mine.Body = fmt.Sprint("Racer ", racer), nil
		return s.ReplaceResource(t.Context(), org, mine)
	}))
	changed(t, s.ReplaceResource(t.Context(), org, stored))
	stored.Name, stored.Body, stored.Version = fmt.Sprint("Racer ", winner), nil, 2
	same(t, read[resource.Resource](t)(s.ResourceNamed(t.Context(), org, ofBoards, stored.Parent, "RACER "+fmt.Sprint(winner))), stored)
	_, err := s.ResourceNamed(t.Context(), org, ofBoards, stored.Parent, former)
	missing(t, err)

	clash, other := stored, stored
	clash.Name, other.Kind = strings.ToUpper(neighbour.Name), ofTags
	taken(t, s.ReplaceResource(t.Context(), org, clash))
	missing(t, s.ReplaceResource(t.Context(), org, other))
	stored.Parent, stored.UpdatedAt = m.ids.New(), later()
	must(t, s.ReplaceResource(t.Context(), org, stored))
	stored.Version++
	same(t, read[resource.Resource](t)(s.Resource(t.Context(), org, ofBoards, stored.ID)), stored)
	same(t, read[resource.Resource](t)(s.Resource(t.Context(), org, ofBoards, neighbour.ID)), neighbour)
}

func deleteResource(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	given := m.resource(org, ofBoards)
	must(t, s.CreateResource(t.Context(), org, given))
	missing(t, s.DeleteResource(t.Context(), org, ofTags, given.ID))
	must(t, s.DeleteResource(t.Context(), org, ofBoards, given.ID))
	missing(t, s.DeleteResource(t.Context(), org, ofBoards, given.ID))
	missing(t, s.ReplaceResource(t.Context(), org, given))
	again := m.resource(org, ofBoards)
	again.Parent, again.Name = given.Parent, strings.ToUpper(given.Name)
	must(t, s.CreateResource(t.Context(), org, again))
}
