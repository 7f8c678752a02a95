// Package board is what a team sorts its feedback by: boards that it stands on, and tags that it bears.
package board

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/jsonobject"
	"github.com/heard-dev/heard/pkg/core/resource"
	"github.com/heard-dev/heard/pkg/id"
)

// The limits [ours]. Boards and tags are few, so that a list of feedback reads them all at once.
const (
	MaxBoards        = 200
	MaxBoardTags     = 50
	MaxName          = 100
	MaxSlug          = 64
	MaxConfiguration = 16 << 10 // bytes of JSON
)

// The kinds of resources.
const (
	kindBoard resource.Kind = "board"
	kindTag   resource.Kind = "tag"
)

// Board is one. Its slug is its name as a resource, and so unique.
type Board struct {
	Name          string
	Public        bool // subscribers see it
	Configuration jsontext.Value
	Tags          []id.ID // that are offered on it
}

// Draft is what is said of a board; nil is unsaid. Configuration is a JSON object, or empty.
type Draft struct {
	Name          *string
	Slug          *string
	Public        *bool
	Configuration *[]byte
}

// Shelves hold the boards and tags of every Org.
type Shelves struct {
	Boards resource.Shelf[Board]
	Tags   resource.Shelf[Tag]
}

// New makes the shelves on a store.
func New(store resource.Store, ids *id.Source, now func() time.Time) *Shelves {
	return &Shelves{
		Boards: resource.Shelf[Board]{Kind: kindBoard, Store: store, IDs: ids, Now: now},
		Tags:   resource.Shelf[Tag]{Kind: kindTag, Store: store, IDs: ids, Now: now},
	}
}

// CreateBoard makes a board. Without a slug it gets one from its name; one that is taken is apierr.Conflict.
func (s *Shelves) CreateBoard(ctx context.Context, org id.ID, draft Draft) (resource.Of[Board], error) {
	var made resource.Of[Board]
	if draft.Name == nil {
		draft.Name = new(string)
	}
	if err := draft.apply(&made); err != nil {
		return made, err
	}
	if made.Name == "" {
		made.Name = s.slug(made.Value.Name)
	}
	if err := room(ctx, org, s.Boards, MaxBoards, "boards"); err != nil {
		return made, err
	}
	made, err := s.Boards.Create(ctx, org, id.Zero, made.Name, made.Value)
	return made, taken(err, "A board with this slug already exists.")
}

// UpdateBoard changes a board. A slug stays unless it is said.
func (s *Shelves) UpdateBoard(ctx context.Context, org, board id.ID, draft Draft) (resource.Of[Board], error) {
	changed, err := s.Boards.Change(ctx, org, board, draft.apply)
	return changed, taken(err, "A board with this slug already exists.")
}

var slugForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// apply checks the draft, and makes the board what it says.
func (d Draft) apply(b *resource.Of[Board]) error {
	var issues []apierr.Issue
	if d.Name != nil {
		issues = append(issues, nameFaults(*d.Name, MaxName)...)
		b.Value.Name = *d.Name
	}
	if d.Slug != nil {
		if len(*d.Slug) > MaxSlug || !slugForm.MatchString(*d.Slug) {
			issues = append(issues, fault("slug", "invalid_format", "must be lower-case letters and digits with single hyphens between, at most 64"))
		}
		b.Name = *d.Slug
	}
	if d.Public != nil {
		b.Value.Public = *d.Public
	}
	if d.Configuration != nil {
		object, issue := jsonobject.Parse(*d.Configuration, MaxConfiguration, "configuration")
		if issue != nil {
			issues = append(issues, *issue)
		}
		b.Value.Configuration = object
	}
	if len(issues) > 0 {
		return apierr.Body(issues...)
	}
	return nil
}

// slug spells a name as a slug; of one that leaves nothing, an id of its own.
func (s *Shelves) slug(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	slug := strings.Join(words, "-")
	if slug = strings.Trim(slug[:min(len(slug), MaxSlug)], "-"); slug == "" {
		return s.Boards.IDs.New().String()
	}
	return slug
}

// nameFaults is what keeps a text from being a name of at most so many characters.
func nameFaults(name string, most int) []apierr.Issue {
	switch n := utf8.RuneCountInString(name); {
	case strings.TrimSpace(name) == "":
		return []apierr.Issue{fault("name", "too_small", "must say something")}
	case n > most:
		return []apierr.Issue{fault("name", "too_big", fmt.Sprintf("must have at most %d characters", most))}
	}
	return nil
}

func fault(field, code, message string) apierr.Issue {
	return apierr.Issue{Path: []any{field}, Code: code, Message: message}
}

// taken says in words of its own that a name is.
func taken(err error, message string) error {
	if err != nil && apierr.Of(err).Code == apierr.CodeAlreadyExists {
		return apierr.Wrap(err, apierr.Conflict, apierr.CodeAlreadyExists, message)
	}
	return err
}

// room refuses one more than most; of many that race a few more may come in.
func room[T any](ctx context.Context, org id.ID, shelf resource.Shelf[T], most int64, what string) error {
	n, err := shelf.Store.CountResources(ctx, org, resource.Query{Kind: shelf.Kind})
	if err == nil && n >= most {
		err = apierr.New(apierr.Conflict, apierr.CodeLimitReached, fmt.Sprintf("There are %d %s, which is as many as there may be.", n, what))
	}
	return err
}
